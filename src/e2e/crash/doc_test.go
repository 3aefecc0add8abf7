// Package crash_test kills the built errand with SIGKILL at every moment that could matter, runs it again until it ends,
// and lets the simulator judge: NSX must be all Manager or all Policy in both scopes, consistent, and as the exit code
// says; nothing of other foundations or of the administrator may have changed, nothing may be left of lease or records,
// and after a rollback every Manager object must be what it was.
//
// The moments are
//
//   - each request of a run on a small foundation or cluster, before it takes effect: kill, and drop the connection;
//   - each write, after it took effect and before its answer;
//   - each transaction of the records, right before and right after its commit (the errand is built with the tag
//     crashtest for that);
//   - seeded pairs: the recovery is killed as well. The seed is ginkgo's (--seed), printed at the start.
//
// Reads run side by side, so that the n-th request is not the same one in each run; what counts is that each n is tried.
// NSX answers at once, from within the test's own process, and runs wait for little else than the product's shortest poll.
//
// # What is shortened
//
//   - Every write is tried, before and after it took effect. Of the reads one in twenty is tried, of the commits one in
//     eight, and ten pairs: which ones, the seed decides. With MP2P_CRASH=every all moments are tried, and thirty pairs.
//   - On clusters of TKGI and Kubernetes, which read a real Kubernetes API, a smaller part is tried: one write in 15, one
//     request in 101, one commit in 41, and three pairs; with MP2P_CRASH=every all, as on TAS.
//   - A run that was rolled back must end in 0 when it is started once more. That run is made after kills at writes and
//     in pairs, and after each 5th of the others; what it would start from is compared with the original in all cases.
//   - SIGKILL takes no page cache with it, so this does not show what a loss of power does to files. The folders lie in
//     memory where that is possible.
//   - A single kill must also lead in the right direction (foretell): forward where nothing was begun or DONE had taken
//     effect, back from the middle of the batches. In between either is right.
package crash_test
