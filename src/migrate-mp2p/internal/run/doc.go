// Package run is the whole errand: the only place where the order of things is written.
//
// chart.go holds the state chart of a run: for every state of the records what is done in it, where
// success and failure lead, and what a re-run that finds the state does. Every arrow is one durable
// transaction before its step begins, so that the records and what NSX answers decide what a re-run does,
// never today's configuration.
//
// fresh.go plans and begins runs, recover.go takes up an unfinished one, commands.go holds the read-only
// commands, judge.go computes the exit code from the state that is left behind, and from nothing else.
package run
