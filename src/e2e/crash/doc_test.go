// Package crash_test kills the built errand with SIGKILL at every moment that could matter, runs it again until it ends,
// and lets the simulator judge: NSX must be all Manager or all Policy in both scopes, consistent, and as the exit code
// says; nothing of other foundations or of the administrator may have changed, nothing may be left of lease or records,
// and after a rollback every Manager object must be what it was.
//
// A run on a small foundation or cluster is filmed (film_test.go): before each request takes effect, after each write and
// before its answer, and right before and right after each commit of the records, the errand is stopped with all of its
// threads, and NSX and the records are kept as they are then. A point begins with one such snapshot, on an NSX and a disk of
// its own, so that nothing has to be played up to it. Moments that leave the same behind are one point.
//
// That a snapshot is what a kill leaves is not taken for granted: samples of each kind of moment are played from the beginning
// and really killed there, and so are recoveries. The errand is built with the tag crashtest, which gives the commits of the
// records names.
//
// Reads run side by side, so that the n-th request is not the same one in each run; what counts is that each n is tried.
// NSX answers at once, from within the test's own process, and runs wait for little else than the product's shortest poll.
//
// # What is shortened
//
//   - Real kills: the seed (ginkgo's --seed, printed at the start) chooses some of each kind, and ten pairs of a snapshot and a
//     kill in the recovery from it. With MP2P_CRASH=every there is a real kill at each moment, and thirty pairs.
//   - On clusters of TKGI and Kubernetes, which read a real Kubernetes API, a part of the snapshots is tried; with
//     MP2P_CRASH=every all, as on TAS.
//   - A run that was rolled back must end in 0 when it is started once more. Where NSX is the same after several rollbacks, but
//     for revisions and times, that further run is made once; with MP2P_CRASH=every each time. What it starts from is compared
//     with the original in all cases.
//   - SIGKILL takes no page cache with it, so this does not show what a loss of power does to files. The folders lie in
//     memory where that is possible.
//   - A single kill must also lead in the right direction (foretell): forward where nothing was begun or DONE had taken
//     effect, back from the middle of the batches. In between either is right.
package crash_test
