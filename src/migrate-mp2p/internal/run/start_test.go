package run_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/run"
)

// onDisk is the content of every file in the records folder.
func (f *foundation) onDisk() map[string]string {
	GinkgoHelper()
	all := map[string]string{}
	err := filepath.WalkDir(filepath.Join(f.dir, "records"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		all[path] = string(content)
		return err
	})
	if !os.IsNotExist(err) {
		Expect(err).NotTo(HaveOccurred())
	}
	return all
}

// start is a world and a configuration.
type start struct {
	f *foundation
	c *config.Config
	// disk, where it is set, is asked for something that it does not have.
	disk func(*records.Options)
}

func (s start) change(r *run.Runner) {
	if s.disk != nil {
		r.OnDisk(s.disk)
	}
}

func fresh(change func(*config.Config)) func() start {
	return func() start {
		f := newFoundation(1)
		c := f.config()
		change(c)
		return start{f: f, c: c}
	}
}

// unmounted are mounts without a disk for the records.
func unmounted() ([]byte, error) { return []byte("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"), nil }

var _ = Describe("what keeps run from beginning", func() {
	ctx := context.Background()

	DescribeTable("is a finding of plan and precheck, which change nothing, and the same words end a run that sends nothing [R13] [I4] [I10]",
		func(make func() start, runCode int, words string) {
			s := make()
			disk, since := s.f.onDisk(), len(s.f.server.Requests())
			for _, name := range []string{"plan", "precheck"} {
				out := s.f.execute(ctx, command(s.c, name), s.change)
				Expect(out.Code).To(Equal(run.Mixed), "%s: %s", name, s.f.out.String())
				Expect(s.f.out.String()).To(MatchRegexp(`WARNING: command run would refuse \([a-z_. ]+\): .*`+words), name)
				Expect(out.Meaning).To(HavePrefix("something was found"))
			}
			Expect(s.f.onDisk()).To(Equal(disk))
			out := s.f.execute(ctx, command(s.c, "run"), s.change)
			Expect(out.Code).To(Equal(runCode), s.f.out.String())
			Expect(out.Failure).To(MatchRegexp(words))
			Expect(s.f.writes(since)).To(BeEmpty())
		},
		Entry("a disk that is not mounted [R23]", func() start {
			s := fresh(func(c *config.Config) { c.Records.RequireMount = true })()
			s.disk = func(o *records.Options) { o.MountInfo = unmounted }
			return s
		}, run.CannotTell, "is not on a disk that outlives this machine"),
		Entry("a disk that is too small", func() start {
			s := fresh(func(*config.Config) {})()
			s.disk = func(o *records.Options) { o.MinFree = 1 << 62 }
			return s
		}, run.CannotTell, "MiB free but .* MiB are needed"),
		Entry("records that another process holds [I8]", func() start {
			s := fresh(func(*config.Config) {})()
			holder, err := records.Open(s.c.Records.Directory, records.Options{Holder: "somebody"})
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(func() { Expect(holder.Close()).To(Succeed()) })
			return s
		}, run.CannotTell, "are in use by somebody"),
		Entry("a plan that is not the signed one", fresh(func(c *config.Config) { c.Migration.PlanFingerprint = "0123456789abcdef" }),
			run.AllManager, "migration.plan_fingerprint is 0123456789abcdef, but the plan is now [0-9a-f]+"),
		Entry("records.discard that names another run than the unfinished one [R20]", func() start {
			f := stuck()
			c := f.config()
			c.Records.Discard = "run-of-old"
			return start{f: f, c: c}
		}, run.Mixed, "records.discard names run run-of-old, but the unfinished records in .* are those of run run-001-2"),
		Entry("objects that are Policy without anybody's records [R20]", func() start {
			f := stuck()
			Expect(os.RemoveAll(filepath.Join(f.dir, "records"))).To(Succeed())
			c := f.config()
			c.NSX.BreakLease = "run-001-2"
			return start{f: f, c: c}
		}, run.Mixed, "no records on this disk claim them"),
		Entry("a lease that another run holds [I8]", func() start {
			s := fresh(func(*config.Config) {})()
			s.f.holdLease("run-of-tas2")
			return s
		}, run.AllManager, "NSX is in use by migration run run-of-tas2"),
		Entry("an object in the lease's place that is none [I3] [I8]", func() start {
			s := fresh(func(c *config.Config) { c.NSX.BreakLease = "run-of-old" })()
			s.f.holdLease("")
			return s
		}, run.AllManager, "stands where the lease of a migration is kept, and is none"),
	)

	DescribeTable("is the same for every command where not even the records can be read [I4] [I10]",
		func(spoil func(folder string), words string) {
			f := newFoundation(1)
			c := f.config()
			spoil(c.Records.Directory)
			disk := f.onDisk()
			for _, name := range []string{"plan", "precheck", "status", "verify", "run", "rollback"} {
				out := f.execute(ctx, command(c, name))
				Expect(out.Code).To(Equal(run.CannotTell), "%s: %s", name, f.out.String())
				Expect(out.Failure).To(ContainSubstring(words), name)
				if name != "run" && name != "rollback" { // these say beside the records that they have opened them
					Expect(f.onDisk()).To(Equal(disk), name)
				}
			}
			Expect(f.server.Requests()).To(BeEmpty())
		},
		Entry("a file where the folder should be", func(folder string) {
			Expect(os.WriteFile(folder, nil, 0o600)).To(Succeed())
		}, "not a directory"),
		Entry("damaged records", func(folder string) {
			Expect(os.Mkdir(folder, 0o700)).To(Succeed())
			Expect(os.WriteFile(filepath.Join(folder, "records.db"), bytes.Repeat([]byte("garbage "), 4096), 0o600)).To(Succeed())
		}, "are damaged"),
	)

	It("is found in unfinished records of another cluster or NSX, too [I8]", func() {
		f := stuck()
		c := command(f.config(), "plan")
		c.NCP.Cluster = "tas2"
		Expect(f.execute(ctx, c).Code).To(Equal(run.CannotTell), "there is no such cluster")
		Expect(f.out.String()).To(ContainSubstring(`command run would refuse (unfinished records of another): the unfinished records on this disk are of another ncp.cluster: they name "tas1", this is "tas2"`))

		other := newNSX(1, 2)
		c = command(other.config(), "precheck")
		c.Records.Directory = filepath.Join(f.dir, "records")
		Expect(other.execute(ctx, c).Code).To(Equal(run.Mixed), other.out.String())
		Expect(other.out.String()).To(ContainSubstring("the unfinished records on this disk are of another NSX cluster"))
	})

	DescribeTable("is a wrong configuration for every command alike, before anything is touched [I4] [I10]",
		func(name string) {
			f := newFoundation(1)
			for _, ignored := range []string{"no-such-check", "nsx-version"} {
				c := command(f.config(), name)
				c.Migration.IgnorePrechecks = []string{ignored}
				out := f.execute(ctx, c)
				Expect(out.Code).To(Equal(run.CannotTell), f.out.String())
				Expect(out.Failure).To(And(ContainSubstring("migration.ignore_prechecks"), ContainSubstring(`"`+ignored+`"`)))
			}
			Expect(f.server.Requests()).To(BeEmpty())
			Expect(filepath.Join(f.dir, "records")).NotTo(BeADirectory())
		},
		Entry("run", "run"), Entry("rollback", "rollback"), Entry("plan", "plan"),
		Entry("precheck", "precheck"), Entry("status", "status"), Entry("verify", "verify"),
	)
})

var _ = Describe("a setting that matches nothing", func() {
	ctx := context.Background()

	DescribeTable("is warned of by run, plan and precheck alike, and is no finding [R13] [R20]",
		func(make func() start, words string, runSays bool) {
			s := make()
			for _, name := range []string{"plan", "precheck"} {
				out := s.f.execute(ctx, command(s.c, name), s.change)
				Expect(out.Code).To(BeZero(), "%s: %s", name, s.f.out.String())
				Expect(s.f.out.String()).To(MatchRegexp("WARNING: .*"+words), name)
			}
			if runSays {
				Expect(s.f.execute(ctx, command(s.c, "run"), s.change).Code).To(BeZero(), s.f.out.String())
				Expect(s.f.out.String()).To(MatchRegexp("WARNING: .*" + words))
			}
		},
		Entry("records.discard of a run that was never here", fresh(func(c *config.Config) { c.Records.Discard = "run-of-old" }),
			"records.discard names run run-of-old, which is not recorded in .*: take it out", true),
		Entry("records.discard of a run that has finished", func() start {
			f := newFoundation(1)
			Expect(f.execute(ctx, f.config()).Code).To(BeZero(), f.out.String())
			c := f.config()
			c.Records.Discard = "run-001-1"
			return start{f: f, c: c}
		}, `records.discard names run run-001-1, which is archived already \(finished\)`, true),
		Entry("the lease of a run that has ended and is archived here, which is taken over [I8]", func() start {
			f := newFoundation(1)
			Expect(f.execute(ctx, f.shared()).Code).To(BeZero(), f.out.String())
			f.holdLease("run-001-1")
			return start{f: f, c: f.config()}
		}, "lease of run run-001-1, which has ended and is archived here", true),
		Entry("nsx.end_workflow of another node", fresh(func(c *config.Config) { c.NSX.EndWorkflow = "some-node" }),
			"nsx.end_workflow names node some-node, but this run works with node", true),
		Entry("nsx.accept_other_node without an unfinished run", fresh(func(c *config.Config) { c.NSX.AcceptOtherNode = "some-node" }),
			"nsx.accept_other_node names node some-node, but no run is unfinished", true),
		Entry("nsx.break_lease where nobody holds the lease", fresh(func(c *config.Config) { c.NSX.BreakLease = "run-of-old" }),
			"nsx.break_lease names run run-of-old, but nobody holds the lease", false),
		Entry("nsx.break_lease without leases", fresh(func(c *config.Config) { c.NSX.BreakLease, c.NSX.Lease = "run-of-old", false }),
			"nsx.break_lease does nothing while nsx.lease is false", false),
	)

	It("is said of records.discard by rollback, too, which does not look at it", func() {
		f := stuck()
		c := command(f.config(), "rollback")
		c.Records.Discard = "run-001-2"
		Expect(f.execute(ctx, c).Code).To(Equal(run.AllManager), f.out.String())
		Expect(f.out.String()).To(ContainSubstring("WARNING: records.discard names run run-001-2; command rollback does not look at it"))
	})
})

var _ = Describe("plan and precheck over unfinished records", func() {
	ctx := context.Background()

	It("say that run takes them up first, and foresee nothing that comes after [R13] [R19]", func() {
		f := stuck()
		c := command(f.config(), "plan")
		c.Migration.PlanFingerprint = "0123456789abcdef"
		f.execute(ctx, c)
		Expect(f.out.String()).To(ContainSubstring("WARNING: run run-001-2 (scope ncp, state rolling-back) is unfinished: command run takes it up first"))
		Expect(f.out.String()).NotTo(Or(ContainSubstring("plan_fingerprint is"), ContainSubstring("NSX is in use")))
	})

	It("say what run would do with records.discard and nsx.break_lease that match [R20]", func() {
		f := stuck()
		c := command(f.config(), "plan")
		c.Records.Discard, c.NSX.BreakLease = "run-001-2", "run-001-2"
		out := f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(f.out.String()).To(And(
			ContainSubstring("command run would first archive the unfinished records of run run-001-2"),
			ContainSubstring("command run would break the lease of run run-001-2"),
			ContainSubstring("command run would refuse (lost records)"),
		))
	})
})
