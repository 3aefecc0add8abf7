// Package coordinator is the simulator's migration coordinator: it takes batches of
// Manager objects over the MP-to-Policy API and turns them into Policy objects, and
// back.
//
// # How it works
//
// A client INITIATEs a workflow, POSTs one batch, starts the plan (component 0 checks
// the batch), continues it (component 1 promotes it), repeats that for each batch,
// and ends the workflow with DONE, which realizes the Policy objects. Each component
// takes as long as [Options] say and is driven by timers of the clock; no goroutine
// lives longer than such a timer's function.
//
// What each resource type becomes is one entry of the table in kinds.go, built by a
// function in the file of its family. Building is pure: it collects what must be
// created, taken over and patched, and fails before anything is written.
//
// # Invariants
//
//   - A promoted Manager object carries the tag policyPath, belongs to nsx_policy and
//     is otherwise unchanged; rollback restores its body but for _revision and times.
//   - Everything that rollback needs is in the store and survives saving and loading.
//   - A batch is promoted as a whole or not at all, unless Options or the batch itself
//     (skip_failed_resources) say otherwise.
//
// # Caveats
//
// Much about the real coordinator is not public. What was assumed stands in
// assumptions.go and in the notes of the routes, and so on the coverage page. The
// GENERIC mode ("promote everything") is not modelled.
package coordinator
