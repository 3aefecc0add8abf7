// Package claims_test lies to the errand: a proxy between it and NSX answers in NSX's place, and whatever it answers, the
// errand must end in 0 or 2, and no code that it gives may say otherwise than NSX is. The simulator's inner state is the
// judge, as in the crash suite.
//
// The matrix is every kind of request that the errand makes x every kind of unclear answer (liar.Unclears) x before NSX
// heard of it, or for writes after NSX has carried it out x once or three times in a row. The kinds are read off what the
// errand asks on each course, so that a new kind of request joins by itself; the first and the last request of a kind
// are lied to. Courses are a usual run, a rollback, a recovery, settling a DONE, and sending updates again.
//
// The seed chooses which cells are played; with MP2P_CLAIMS=every all of them are (hours on two cores), with
// MP2P_CLAIMS=pairs one of each kind of request with each unclear answer, with a number so many, and with any other text
// those whose name holds it, such as MP2P_CLAIMS="rollback / GET /api/v1/logical-ports".
//
// Beside the matrix stand single cases: worlds in which an answer, a late or a second delivery, a backup or another
// node misled the errand, each played until 0 or 2.
//
// Executions run within the test's process, with a clock on which the product's waits are moments. Only the pauses before
// a request is repeated are real, and shorter than an errand's.
package claims_test
