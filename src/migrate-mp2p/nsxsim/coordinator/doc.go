// Package coordinator is the simulator's migration coordinator: it takes batches of
// Manager objects over the MP-to-Policy API and turns them into Policy objects, and
// back.
//
// # How it works
//
// In mode CONSUMER a client INITIATEs a workflow, POSTs one batch, starts the plan
// (component 0 checks the batch), continues it (component 1 promotes it), repeats that
// for each batch, and ends the workflow with DONE, which realizes the Policy objects. In
// mode GENERIC one POST promotes everything that is not Policy yet, type after type,
// until DONE or a cancellation ends it. Everything takes as long as [Options] say and is
// driven by timers of the clock; no goroutine lives longer than such a timer's function.
//
// What each resource type becomes is one entry of the table in kinds.go, built by a
// function in the file of its family (ipam, routing, switching, dhcp, firewall, trust,
// loadbalancer). Building is pure: it collects what must be created, taken over and
// patched, and fails before anything is written. What a batch must fulfil stands in
// precheck.go and metadata.go, and in the check functions of the families.
//
// The other files: plan.go has the plan's actions, genericmode.go the GENERIC mode, undo.go
// and rollback.go the way back, calls.go the two long calls, realization.go what DONE does to
// the Policy objects, state.go what is remembered,
// stats.go, lists.go and plandata.go what can be read, endpoints.go all endpoints.
//
// # Crashes
//
// A fault rule, or a test, makes the service crash with Server.RestartCoordinator; both
// can wait for the right moment by [Coordinator.Phase]. A crash, like a stop,
//
//   - ends a component: nothing of a batch is promoted, and the plan is FAILED. A GENERIC
//     run keeps the types that were done; it can be cancelled, but not continued.
//   - ends DONE and rollback without effect; their client gets a 500. The workflow is
//     still open, and the call may be sent again.
//   - ends a cancellation without effect; its state is CANCEL_FAILED then.
//
// With KeepPartial a batch is promoted, and a rollback carried out, as far as time had
// come; with ForgetOnRestart workflow and plan are gone, and only what is promoted is
// still known. A service that starts on another node than before forgets in any case.
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
// assumptions.go and in the notes of the routes, and so on the coverage page. A GENERIC
// run promotes the types of kinds.go; what NSX promotes besides, such as IPFIX profiles
// or exclude lists, the simulator does not hold.
package coordinator
