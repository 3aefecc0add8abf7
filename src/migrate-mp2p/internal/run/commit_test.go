package run_test

import (
	"context"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

var _ = Describe("DONE", func() {
	ctx := context.Background()
	done := func(nth int) faults.Rule { return at("mp-to-policy/workflow", "action=DONE", nth) }

	It("whose answer is lost while NSX is slow to realise is never followed by a rollback [R14] [I2]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
		nothingYet := faults.Rule{
			Method: http.MethodGet, Path: "*/realized-state/status", To: 400,
			Status: http.StatusOK, RawBody: `{"consolidated_status":{"consolidated_status":"UNINITIALIZED"}}`,
		}
		f.fault(lost(done(1), faults.After), nothingYet) // NSX itself refuses the second DONE: the first has ended the workflow
		out := f.execute(ctx, onlyNCP(f.config()), func(r *run.Runner) { r.Clock = &leapingClock{} })
		Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(f.inspect().NotReady).To(BeEmpty())
	})

	It("is settled by a re-run although the coordinator service was stopped meanwhile [R18] [I2]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
		stopping, stop := context.WithCancel(ctx)
		cut := lost(done(1), faults.After)
		cut.Hook = func(faults.Call) { stop() }
		f.fault(cut, faults.Rule{Method: http.MethodGet, Path: "*/realized-state/status", To: 400,
			Status: http.StatusOK, RawBody: `{"consolidated_status":{"consolidated_status":"UNINITIALIZED"}}`})
		Expect(f.execute(stopping, onlyNCP(f.config())).Code).To(Equal(run.Interrupted), f.out.String())
		Expect(f.unfinished()).To(Equal(records.Committing))
		f.somebody(func(ctx context.Context, c *nsx.Client) error { return c.StopCoordinator(ctx) })
		out := f.execute(ctx, onlyNCP(f.config()), func(r *run.Runner) { r.Clock = &leapingClock{} })
		Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
	})
})
