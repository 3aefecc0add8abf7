package run_test

import (
	"context"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

const theDeployment = "service-instance_0a1b2c3d-0000-4000-8000-0123456789ab"

// on is a configuration as the instance master/<id> has it, with its own disk. Instance "2" has the disk that the
// helpers of a foundation look at; "0" is the bootstrap one.
func on(id string, c *config.Config) *config.Config {
	c.Instance = config.Instance{Bootstrap: id == "0", Name: "master/" + id, Deployment: theDeployment}
	if id != "2" {
		c.Records.Directory += "-of-" + id
	}
	return c
}

// stuckOn2 is a foundation whose run died in a rollback on instance 2, before the errand is run again.
func stuckOn2() *foundation {
	GinkgoHelper()
	f := newFoundation(1)
	f.fault(refused(at("plan", "action=continue", 12)), refused(at("mp-to-policy/rollback", "", 0)))
	c := on("2", f.config())
	c.Instance.Bootstrap = true // it was then
	Expect(f.execute(context.Background(), c).Code).To(Equal(run.Mixed), f.out.String())
	Expect(f.unfinished()).To(Equal(records.RollingBack))
	f.fault()
	return f
}

var _ = Describe("an errand on several instances", func() {
	ctx := context.Background()
	there := "bosh -d " + theDeployment + " run-errand migrate-mp2p --instance master/2"

	It("acts on the bootstrap one, and says of the others what nobody takes for success [R23] [R25]", func() {
		f := newFoundation(1)
		for _, id := range []string{"1", "2"} {
			out := f.execute(ctx, on(id, f.config()))
			Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
			Expect(f.out.String()).To(MatchRegexp(`exit code 0: NOT ACTING: this is no word about the migration, and no success; instance master/%s .*\n$`, id))
		}
		Expect(f.writes(0)).To(BeEmpty())
		Expect(f.execute(ctx, on("0", f.config())).Code).To(Equal(run.AllPolicy), f.out.String())
		f.expectReady()
	})

	It("acts on the one with unfinished records, to which the bootstrap one sends by its name and writes nothing [R17] [R23] [I8]", func() {
		f := stuckOn2()
		since := len(f.server.Requests())
		for _, name := range []string{"run", "rollback"} {
			out := f.execute(ctx, command(on("0", f.config()), name))
			Expect(out.Code).To(Equal(run.Mixed), f.out.String())
			Expect(out.Meaning).To(And(HavePrefix("NOT ACTING: run run-001-2 of this cluster is unfinished"), ContainSubstring("instance master/2 of deployment "+theDeployment)))
			Expect(out.Next).To(ContainElement(ContainSubstring(there)))
		}
		Expect(f.execute(ctx, on("1", f.config())).Meaning).To(HavePrefix("NOT ACTING"))
		Expect(f.writes(since)).To(BeEmpty())

		for _, name := range []string{"plan", "precheck", "status"} {
			out := f.execute(ctx, command(on("0", f.config()), name))
			Expect(out.Code).To(Equal(run.Mixed), f.out.String())
			Expect(f.out.String()).To(ContainSubstring(there), name)
		}

		Expect(f.execute(ctx, on("2", f.config())).Code).To(Equal(run.AllManager), f.out.String())
		Expect(f.execute(ctx, on("0", f.config())).Code).To(Equal(run.AllPolicy), f.out.String())
		f.expectReady()
	})

	It("whose disk with the records is lost sends nobody in a circle, and takes over what NSX shows once told so [R20] [I10]", func() {
		f := stuckOn2()
		Expect(os.RemoveAll(filepath.Join(f.dir, "records"))).To(Succeed())
		since := len(f.server.Requests())
		out := f.execute(ctx, on("0", f.config()))
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(out.Next).To(ContainElement(ContainSubstring(there)))

		By("ending in 1 on the instance to which the operator was sent, too")
		out = f.execute(ctx, on("2", f.config()))
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(out.Meaning).To(ContainSubstring("the records of run run-001-2 lie on this instance, and they do not"))
		Expect(out.Next).To(ContainElement(ContainSubstring("set nsx.break_lease to run-001-2 and migration.adopt to true")))
		Expect(f.writes(since)).To(BeEmpty())

		told := func(id string) *config.Config {
			c := on(id, f.config())
			c.NSX.BreakLease, c.Migration.Adopt = "run-001-2", true
			return c
		}
		Expect(f.execute(ctx, told("2")).Meaning).To(HavePrefix("NOT ACTING: this is no word"))
		Expect(f.execute(ctx, told("0")).Code).To(Equal(run.AllPolicy), f.out.String())
		f.expectReady()
	})

	It("begins a run of its own where the lease is that of the same instance, whose records are lost, only when told [R20]", func() {
		f := stuckOn2()
		Expect(os.RemoveAll(filepath.Join(f.dir, "records"))).To(Succeed())
		c := on("2", f.config())
		c.Instance.Bootstrap = true
		out := f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(out.Failure).To(ContainSubstring("no records on this disk claim them"))
	})

	It("sends to no instance by name where a release before took the lease, which did not name it [I8]", func() {
		f := stuck()
		since := len(f.server.Requests())
		out := f.execute(ctx, on("0", f.config()))
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(out.Meaning).To(ContainSubstring("an instance that the lease does not name"))
		Expect(out.Next).To(ContainElement(ContainSubstring("--instance GROUP/ID")))
		Expect(f.writes(since)).To(BeEmpty())
	})

	It("leaves the lease of another cluster to the run that would take it [I8]", func() {
		f := newFoundation(1)
		f.holdLease("run-of-tas2")
		out := f.execute(ctx, on("0", f.config()))
		Expect(out.Code).To(Equal(run.AllManager), f.out.String())
		Expect(out.Failure).To(ContainSubstring("NSX is in use by migration run run-of-tas2"))
	})

	It("names the cure where NSX shows a lease whose run has ended and is archived on an instance that does not act [R20]", func() {
		f := newFoundation(1)
		c := on("2", f.shared())
		c.Instance.Bootstrap = true
		Expect(f.execute(ctx, c).Code).To(Equal(run.AllPolicy), f.out.String())
		f.holdLeaseAs("run-001-1", "master/2")
		Expect(f.execute(ctx, on("0", f.config())).Code).To(Equal(run.Mixed), f.out.String())
		out := f.execute(ctx, on("2", f.config()))
		Expect(out.Code).To(Equal(run.CannotTell), f.out.String())
		Expect(out.Next).To(ContainElement(ContainSubstring("set nsx.break_lease to run-001-1")))
		told := on("0", f.config())
		told.NSX.BreakLease = "run-001-1"
		Expect(f.execute(ctx, told).Code).To(Equal(run.AllPolicy), f.out.String())
		f.expectReady()
	})

	It("ends in 0 on an instance that does not act although NSX is out of reach, and says so [I10]", func() {
		f := newFoundation(1)
		f.fault(faults.Rule{Path: "*", Drop: true})
		out := f.execute(ctx, on("1", f.config()))
		Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(f.out.String()).To(ContainSubstring("whether the lease on NSX names this instance could not be read"))
	})
})
