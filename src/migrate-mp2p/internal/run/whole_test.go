package run_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim/check"
)

var _ = Describe("a whole run", func() {
	It("migrates the shared and the NCP-created objects through all four phases and leaves everything else alone [R1] [R5] [R13] [R14] [R15] [R16]", func() {
		f := newFoundation(1)
		before := f.copyState()
		out := f.execute(context.Background(), f.config())
		Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(f.out.String()).To(MatchRegexp(`mode +migration`))
		report := f.inspect()
		Expect(report.OK()).To(BeTrue(), "%+v", report)
		Expect(report.AllPolicy()).To(BeTrue())
		Expect(report.NotReady).To(BeEmpty())
		Expect(check.Untouched(before, f.state, check.Except{Cluster: cluster, Shared: f.sharedIDs()})).To(BeEmpty())
		Expect(f.unfinished()).To(BeEmpty())
	})
})
