// Package migrate carries out phase 2 and its undoing: it sends the planned batches to NSX's migration
// coordinator, settles what became of a batch whose outcome is unknown, and rolls back.
//
// What must hold:
//
//  1. Nothing is sent without a record that was durable before the request left [I1]: each POST, start,
//     continue and rollback is preceded by one records transaction that names it.
//  2. An answer is a claim. SUCCESS of the migration component, while the coordinator's processes are those of before, lets
//     the next batch go; the last look of package run proves all batches together. Where an answer was unclear, or the
//     processes are others, the objects of the batch are read at once. NSX's answer to a rollback makes a batch returned;
//     its migration records go when its objects were read as Manager, those of all batches of a type together.
//  3. What is sent again does no harm. A start or continue whose answer was lost is followed by reading the status, never
//     by repeating it; a POST by an abort and another POST, since a stored batch has no effect; INITIATE by another one,
//     since NSX refuses to open a second workflow; a rollback by reading, and then only what is still Policy is sent.
//  4. A "continue" that is held up in the network can do nothing when it arrives: the plan that was seen waiting for it is
//     aborted before the objects decide, and everything that was sent is read once more before the workflow is closed.
//  5. A batch is never aborted or rolled back while its migration component is IN_PROGRESS, and a plan that
//     we did not begin is aborted only by a run that adopts what was made in it [I8].
//  6. Whoever aborts, initiates or begins a round of rollbacks holds the lease at that moment (Hold) [I8].
//  7. Only objects that our records claim, and that NSX does not show as Manager, are rolled back [I3]. One that Manager
//     mode does not show at all keeps its record until NSX says that its Policy side is gone, too.
//  8. Settling reads the objects themselves by lists and GETs, never the search index. What they do not decide counts as
//     the coordinator says of the whole batch, as long as it is the same coordinator; otherwise the run stops, naming it.
//
// The sequence of calls is that of the public production client of this API (vmware-nsx,
// nsx-migrate-t2p): POST, start (pre-check), continue (migration), each batch on its own. That NSX refuses to continue a
// plan that was aborted is ASSUMED.
package migrate
