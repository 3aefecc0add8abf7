// Package run is the whole errand: the only place where the order of things is written.
//
// What must hold:
//
//  1. Every arrow of the chart (chart.go) is one durable transaction before its step begins. The records and what NSX
//     answers decide what a re-run does; of today's configuration only what the operator sets for a recovery counts, such
//     as records.discard or nsx.accept_other_node.
//  2. An answer is a claim. The run passes the point of no return when lists show everything that it migrated as Policy and
//     nothing new or changed; DONE took effect when the realization of the objects says so; phase 4 is over when everything
//     was read again; a rollback is over when everything that was sent was read as Manager, and its workflow is closed when
//     NSX says that there is none to end. A finished run is archived after its objects were read by lists once more.
//  3. What cannot be settled keeps the state, whatever the chart says: the code is then 1, and the error names a way out.
//  4. Whoever starts or stops the coordinator service, initiates, aborts or sends DONE holds the lease at that moment
//     (holdLease), and has recorded the intent before. A workflow that these records did not begin is ended only as
//     nsx.end_workflow says, and what the run has given back is not its own any more. Whether there is a lease at all is
//     decided by the records of the run, not by today's nsx.lease.
//  5. A run that is taken up first reads what the objects are (restored.go), since NSX may have been restored under it.
//  6. The exit code is computed by one pure function from the state that is left behind (judge.go), never from the error
//     that led there, and code, last line and every report come from one judgement (outcome.go).
//  7. What keeps a run from beginning is one table (start.go), so that plan and precheck say it beforehand.
//
// fresh.go plans and begins runs, job.go holds the steps of one, coordinator.go those with workflow and service, lease.go
// the lease, recover.go takes up an unfinished run, finish.go ends one, and commands.go holds the read-only commands.
package run
