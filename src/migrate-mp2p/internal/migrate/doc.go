// Package migrate carries out phase 2 and its undoing: it sends the planned batches to NSX's migration
// coordinator, settles what became of a batch whose outcome is unknown, and rolls back.
//
// What must hold:
//
//  1. Nothing is sent without a record that was durable before the request left [I1]: each POST, start,
//     continue and rollback is preceded by one records transaction that names it.
//  2. A plan call whose answer was lost is followed by reading the status, never by repeating it.
//  3. A batch is never aborted or rolled back while its migration component is IN_PROGRESS, and a plan that
//     we did not begin is never aborted [I8].
//  4. Only objects that our records claim and that NSX says are Policy are rolled back [I3].
//  5. Settling reads the objects themselves by lists and GETs, never the search index.
//
// The sequence of calls is that of the public production client of this API (vmware-nsx,
// nsx-migrate-t2p): POST, start (pre-check), continue (migration), each batch on its own.
package migrate
