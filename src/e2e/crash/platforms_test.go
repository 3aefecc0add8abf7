package crash_test

import (
	"bytes"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/apiserver"
	"nsx-mp2p/e2e/programs"
	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

// On a cluster, where the platform decides little of what is written when, one in so many moments is tried without every, and
// this many pairs.
const (
	oneClusterSnapshotIn = 20
	oneClusterCommitIn   = 121
	clusterPairs         = 2
)

var _ = Describe("an errand that is killed and run again on", func() {
	for _, cluster := range []struct {
		platform string
		build    func(int, int64, model.Options) (*model.World, error)
	}{{"tkgi", model.TKGI}, {"kubernetes", model.Kubernetes}} {
		Context(cluster.platform, Ordered, func() {
			var w *world
			BeforeAll(func(ctx SpecContext) {
				of, err := cluster.build(1, 1, model.Options{})
				Expect(err).NotTo(HaveOccurred())
				w, err = newWorld(built, of)
				Expect(err).NotTo(HaveOccurred())
				var manifests bytes.Buffer
				Expect(model.WriteManifests(&manifests, of.Workloads[0])).To(Succeed())
				workloads, err := check.ReadWorkloads("the model's manifests", bytes.NewReader(manifests.Bytes()))
				Expect(err).NotTo(HaveOccurred())
				w.judging.Workloads = workloads
				server, err := apiserver.Start(ctx, apiserver.Options{Manifests: &manifests})
				Expect(err).NotTo(HaveOccurred())
				DeferCleanup(func() { Expect(server.Stop()).To(Succeed()) })
				w.config = programs.Changes{"log.level": "info", "kubernetes.kubeconfig": server.Kubeconfig}
				w.undisturbed(ctx)
			})

			It("ends with all Manager or all Policy, the network of the nodes with the rest, from what a kill leaves behind [R2] [R17] [R18] [R19] [I1] [I2] [I3]", func(ctx SpecContext) {
				t := w.playAll(ctx, "from snapshots", w.snapshots(oneClusterSnapshotIn))
				Expect(t.reached).NotTo(BeZero())
			})

			It("does so after a real kill before or after a commit of the records [R2] [R17] [R18] [R19] [I1] [I2] [I3]", func(ctx SpecContext) {
				t := w.playAll(ctx, "at commits", w.kills(atCommit, func(n int) bool { return chosen(n, oneClusterCommitIn) }))
				Expect(t.reached).NotTo(BeZero())
			})

			It("does so when the recovery is killed, too [R2] [R17] [R18] [R19] [I2]", func(ctx SpecContext) {
				count := clusterPairs
				if every {
					count = twice()
				}
				t := w.playAll(ctx, "twice", w.pairs(count))
				Expect(t.reached + t.partly).To(Equal(count))
			})
		})
	}
})
