package run_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

var _ = Describe("a pod that follows another one of its Job", func() {
	// rolledBack is a cluster whose run a pod of Job one has rolled back.
	rolledBack := func(ctx context.Context) *kubeCluster {
		GinkgoHelper()
		k := newKubeCluster("kubernetes", model.Options{})
		Expect(k.pod(ctx, "shared", "zero")).To(Equal(run.AllPolicy), k.out.String())
		k.fault(faults.Rule{Name: "refused", Method: "POST", Path: "/api/v1/migration/mp-to-policy", Nth: 4, Status: 400, ErrorCode: 36000})
		Expect(k.pod(ctx, "ncp", "one")).To(Equal(run.AllManager), k.out.String())
		k.fault()
		return k
	}

	It("begins no new migration after a rollback, and says how to [R17] [R23]", func(ctx SpecContext) {
		k := rolledBack(ctx)
		before := k.copyState()
		Expect(k.pod(ctx, "ncp", "one")).To(Equal(run.AllManager), k.out.String())
		Expect(k.out.String()).To(And(ContainSubstring("a pod of this Job has rolled back run"), ContainSubstring("start a new Job"), ContainSubstring("migrate.sh run")))
		k.expectSame(before)
	})

	It("of a new Job migrates [R17] [R23]", func(ctx SpecContext) {
		k := rolledBack(ctx)
		Expect(k.pod(ctx, "ncp", "two")).To(Equal(run.AllPolicy), k.out.String())
	})

	It("ends a rollback that a pod of an earlier Job began, and then stops, too [R17] [R18] [R23]", func(ctx SpecContext) {
		k := newKubeCluster("kubernetes", model.Options{})
		Expect(k.pod(ctx, "shared", "zero")).To(Equal(run.AllPolicy), k.out.String())
		stopping, stop := context.WithCancel(ctx)
		defer stop()
		k.fault(faults.Rule{Name: "lost", Method: "POST", Path: "/api/v1/migration/mp-to-policy", Nth: 4, Hook: func(faults.Call) { stop() }})
		Expect(k.pod(stopping, "ncp", "one")).To(Equal(run.Interrupted), k.out.String())
		k.fault()
		Expect(k.pod(ctx, "ncp", "two")).To(Equal(run.AllManager), k.out.String())
		Expect(k.pod(ctx, "ncp", "two")).To(Equal(run.AllManager), k.out.String())
		Expect(k.out.String()).To(ContainSubstring("a pod of this Job has rolled back run"))
	})
})

// pod runs the Job's program once.
func (k *kubeCluster) pod(ctx context.Context, resources, job string) int {
	GinkgoHelper()
	c := k.config()
	c.Migration.Resources = resources
	return k.execute(ctx, c, func(r *run.Runner) { r.Platform, r.Job = k.workloads, job }).Code
}
