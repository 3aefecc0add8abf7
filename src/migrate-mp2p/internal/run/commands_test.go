package run_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

func command(c *config.Config, name string) *config.Config {
	c.Migration.Command = name
	return c
}

// stuck makes a foundation whose run died in the state: it failed, and its rollback too.
func stuck() *foundation {
	GinkgoHelper()
	f := newFoundation(1)
	f.fault(refused(at("plan", "action=continue", 12)), refused(at("mp-to-policy/rollback", "", 0)))
	Expect(f.execute(context.Background(), f.config()).Code).To(Equal(run.Mixed), f.out.String())
	Expect(f.unfinished()).To(Equal(records.RollingBack))
	f.fault()
	return f
}

var _ = Describe("the commands", func() {
	ctx := context.Background()

	DescribeTable("that only read write nothing to NSX [I4]",
		func(name string, code int) {
			f := newFoundation(1)
			out := f.execute(ctx, command(f.config(), name))
			Expect(out.Code).To(Equal(code), f.out.String())
			Expect(f.writes(0)).To(BeEmpty())
			_, err := os.Stat(filepath.Join(f.dir, "records"))
			Expect(err).To(MatchError(os.ErrNotExist), "nor do they make records")
		},
		Entry("plan", "plan", 0),
		Entry("precheck", "precheck", 0),
		Entry("status", "status", 0),
		Entry("verify", "verify", 0),
	)

	It("plan ends with totals and leaves the whole plan in the log folder [R13]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, command(f.config(), "plan")).Code).To(BeZero())
		Expect(f.out.String()).To(MatchRegexp(`in all \d+ objects would be migrated`))
		plan, err := os.ReadFile(filepath.Join(f.dir, "log", "plan.json"))
		Expect(err).NotTo(HaveOccurred())
		Expect(string(plan)).To(ContainSubstring(`"LOGICAL_PORT"`))
		var written struct {
			Cluster string
			Scopes  map[string]struct {
				Totals  []struct{ Batches int }
				Batches []struct{ Type string }
			}
		}
		Expect(json.Unmarshal(plan, &written)).To(Succeed())
		Expect(written.Cluster).To(Equal(f.config().NCP.Cluster))
		Expect(written.Scopes).To(And(HaveLen(2), HaveKey("shared"), HaveKey("ncp")))
		for name, scope := range written.Scopes {
			batches := 0
			for _, total := range scope.Totals {
				batches += total.Batches
			}
			Expect(scope.Batches).To(HaveLen(batches), name)
		}
	})

	It("run carries out no other plan than the one whose fingerprint was signed [R13]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, command(f.config(), "plan")).Code).To(BeZero())
		fingerprint := regexp.MustCompile(`plan fingerprint (\w+)`).FindStringSubmatch(f.out.String())[1]
		c := f.config()
		c.Migration.PlanFingerprint = "0123456789abcdef"
		out := f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.AllManager))
		Expect(out.Failure).To(ContainSubstring(fingerprint))
		Expect(f.writes(0)).To(BeEmpty())
		c.Migration.PlanFingerprint = fingerprint
		Expect(f.execute(ctx, c).Code).To(Equal(run.AllPolicy), f.out.String())
	})

	It("plan lists every reason why there is none, with the line of the user spec to add [R13] [I10]", func() {
		f := newFoundation(1)
		c := f.config()
		spec, err := os.ReadFile(c.Migration.UserSpec)
		Expect(err).NotTo(HaveOccurred())
		var kept []string
		for _, line := range strings.Split(string(spec), "\n") {
			if !strings.Contains(line, "t0-main") && !strings.Contains(line, "tier0_routers") {
				kept = append(kept, line)
			}
		}
		Expect(os.WriteFile(c.Migration.UserSpec, []byte(strings.Join(kept, "\n")), 0o600)).To(Succeed())
		out := f.execute(ctx, command(c, "plan"))
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(out.Failure).To(ContainSubstring("tier0_routers"))
		Expect(out.Failure).To(ContainSubstring("t0-main"))

		Expect(f.execute(ctx, command(c, "run")).Code).To(Equal(run.AllManager), f.out.String())
		Expect(f.writes(0)).To(BeEmpty())
	})

	It("status and verify tell of an unfinished run, and touch nothing [I4]", func() {
		f := stuck()
		since := len(f.server.Requests())
		out := f.execute(ctx, command(f.config(), "status"))
		Expect(out.Code).To(Equal(run.Mixed))
		Expect(f.out.String()).To(ContainSubstring("state rolling-back"))
		Expect(f.execute(ctx, command(f.config(), "verify")).Code).To(Equal(run.Mixed))
		Expect(f.out.String()).To(ContainSubstring("half-way"))
		Expect(f.writes(since)).To(BeEmpty())
	})

	It("rollback takes an unfinished run back and begins nothing [R5] [R17]", func() {
		f := stuck()
		Expect(f.execute(ctx, command(f.config(), "rollback")).Code).To(Equal(run.AllManager), f.out.String())
		Expect(f.out.String()).To(MatchRegexp(`mode +rollback`))
		Expect(f.inspect().AllManager()).To(BeTrue())
		since := len(f.server.Requests())
		Expect(f.execute(ctx, command(f.config(), "rollback")).Code).To(Equal(run.AllManager))
		Expect(f.writes(since)).To(BeEmpty())
	})

	It("rollback refuses a run that is past the point of no return [R19]", func() {
		f := newFoundation(1)
		f.fault(faults.Rule{Method: http.MethodPatch, Path: "/policy/api/v1/infra", Status: 400, ErrorCode: 1, Message: "injected"})
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.Mixed))
		out := f.execute(ctx, command(f.config(), "rollback"))
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(out.Failure).To(ContainSubstring("point of no return"))
	})

	It("do nothing while the errand is not armed, and say so [R25]", func() {
		f := newFoundation(1)
		c := f.config()
		c.Migration.Enabled = false
		out := f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.AllPolicy))
		Expect(out.Meaning).To(HavePrefix("DISARMED"))
		Expect(f.server.Requests()).To(BeEmpty())
	})

	It("do not touch unfinished records while the errand is not armed [R25]", func() {
		f := stuck()
		since := len(f.server.Requests())
		c := f.config()
		c.Migration.Enabled = false
		out := f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.Mixed))
		Expect(out.Meaning).To(ContainSubstring("rolling-back"))
		Expect(f.server.Requests()).To(HaveLen(since))
		Expect(f.unfinished()).To(Equal(records.RollingBack))
	})

	It("leave the work to the bootstrap instance of a group [R23]", func() {
		f := newFoundation(1)
		c := f.config()
		c.Instance.Bootstrap = false
		Expect(f.execute(ctx, c).Meaning).To(HavePrefix("NOT ACTING"))
		Expect(f.server.Requests()).To(BeEmpty())
	})
})

var _ = Describe("a run", func() {
	ctx := context.Background()

	It("that cannot begin leaves neither records nor lease behind, and ends in 2 [R13] [I4]", func() {
		f := newFoundation(1)
		f.fault(faults.Rule{Method: http.MethodPost, Path: "/api/v1/node/services/migration-coordinator", Status: 400, ErrorCode: 1, Message: "injected"})
		out := f.execute(ctx, f.config())
		Expect(out.Code).To(Equal(run.AllManager), f.out.String())
		Expect(out.Failure).To(ContainSubstring("starting the coordinator service"))
		Expect(f.unfinished()).To(BeEmpty())
		Expect(f.leaseHeld()).To(BeFalse())
		f.fault()
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllPolicy), f.out.String())
	})

	It("says beside its records how far it is, for those who ask meanwhile [R18]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllPolicy))
		status, found, err := records.ReadStatus(filepath.Join(f.dir, "records"))
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeTrue())
		Expect(status.Scope).To(Equal("ncp"))
		Expect(status.Cluster).To(Equal(cluster))
	})

	It("that is refused before anything was looked at claims nothing", func() {
		out := run.Refused(errors.New("no such file"))
		Expect(out.Code).To(Equal(run.CannotTell))
		Expect(out.Failure).To(Equal("no such file"))
		Expect(out.Meaning).To(ContainSubstring("assume nothing"))
	})

	It("over a finished migration ends in 0, writes nothing and starts no coordinator [R5]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllPolicy), f.out.String())
		since := len(f.server.Requests())
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(f.writes(since)).To(BeEmpty())
	})

	It("for a cluster that does not exist ends in 3 and names those that do [R13] [I10]", func() {
		f := newFoundation(1)
		c := f.config()
		c.NCP.Cluster = "tas-1"
		c.Migration.Resources = "ncp"
		out := f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.CannotTell), f.out.String())
		Expect(out.Failure).To(ContainSubstring(cluster))
		Expect(f.writes(0)).To(BeEmpty())
	})

	It("stops before any write where a migration was begun whose records are not here [R20] [I8]", func() {
		f := stuck()
		Expect(os.RemoveAll(filepath.Join(f.dir, "records"))).To(Succeed())
		c := f.config()
		c.NSX.BreakLease = "run-001-2"
		since := len(f.server.Requests())
		out := f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(out.Failure).To(ContainSubstring("no records on this disk claim them"))
		Expect(f.writes(since)).To(BeEmpty())
	})

	It("does not end in 0 over objects that are Policy but were never updated, when the records of that are not here [R20] [I2]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
		f.fault(faults.Rule{Method: http.MethodPatch, Path: "/policy/api/v1/infra", Status: 400, ErrorCode: 1, Message: "injected"})
		Expect(f.execute(ctx, onlyNCP(f.config())).Code).To(Equal(run.Mixed))
		Expect(f.unfinished()).To(Equal(records.Applying))
		f.fault()
		Expect(os.RemoveAll(filepath.Join(f.dir, "records"))).To(Succeed())
		since := len(f.server.Requests())
		out := f.execute(ctx, onlyNCP(f.config()))
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(out.Failure).To(ContainSubstring("without the tags that the end of a migration gives them"))
		Expect(f.writes(since)).To(BeEmpty())
	})

	It("never uses records of another cluster or of another NSX [I8]", func() {
		f := stuck()
		c := f.config()
		c.NCP.Cluster = "tas2"
		out := f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.CannotTell), f.out.String())
		Expect(out.Failure).To(ContainSubstring("tas2"))

		other := newNSX(1, 2)
		c = other.config()
		c.Records.Directory = filepath.Join(f.dir, "records")
		out = other.execute(ctx, c)
		Expect(out.Code).To(Equal(run.Mixed), other.out.String()) // it may be that the recorded node is gone
		Expect(other.writes(0)).To(BeEmpty())
		Expect(f.unfinished()).To(Equal(records.RollingBack))
	})

	It("waits for nobody who holds the lease, and breaks it only when told its id [I8]", func() {
		f := stuck()
		aside := filepath.Join(f.dir, "aside")
		Expect(os.Rename(filepath.Join(f.dir, "records"), aside)).To(Succeed())
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), "shared is Policy already: nothing to do")
		Expect(os.RemoveAll(filepath.Join(f.dir, "records"))).To(Succeed())
		Expect(os.Rename(aside, filepath.Join(f.dir, "records"))).To(Succeed())
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllManager), f.out.String())
		Expect(f.leaseHeld()).To(BeFalse())
	})

	It("on an NSX that was restored from its backup archives the records as void and writes nothing else [R20]", func() {
		f := newFoundation(1)
		before := f.copyState()
		f.fault(faults.Rule{Method: http.MethodPatch, Path: "/policy/api/v1/infra", Status: 400, ErrorCode: 1, Message: "injected"})
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.Mixed), f.out.String())
		Expect(f.unfinished()).To(Equal(records.Applying))
		restored := serve(before)
		c := restored.config()
		c.Records.Directory = filepath.Join(f.dir, "records")
		out := restored.execute(ctx, c)
		Expect(out.Code).To(Equal(run.AllManager), restored.out.String())
		Expect(restored.out.String()).To(ContainSubstring("restored"))
		Expect(f.unfinished()).To(BeEmpty())
	})

	It("whose records are discarded by id begins afresh [R20]", func() {
		f := stuck()
		c := f.config()
		c.Records.Discard = "run-001-1"
		Expect(f.execute(ctx, c).Code).To(Equal(run.Mixed), "not that run")
		Expect(f.unfinished()).To(Equal(records.RollingBack))
		c.Records.Discard = "run-001-2"
		Expect(f.execute(ctx, c).Code).To(Equal(run.Mixed), f.out.String())
		Expect(f.unfinished()).To(BeEmpty())
	})

	It("after a rollback goes on in the same execution only when told so, and only after an inherited one [R19]", func() {
		f := stuck()
		c := f.config()
		c.Migration.MigrateAfterRollback = true
		Expect(f.execute(ctx, c).Code).To(Equal(run.AllPolicy), f.out.String())

		f = newFoundation(1)
		f.fault(refused(at("plan", "action=continue", 12)))
		c = f.config()
		c.Migration.MigrateAfterRollback = true
		Expect(f.execute(ctx, c).Code).To(Equal(run.AllManager), f.out.String())
	})

	It("leaves no password in log, records, report or archive [I7]", func() {
		f := newFoundation(1)
		f.fault(refused(at("plan", "action=continue", 12)))
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllManager))
		Expect(filepath.WalkDir(f.dir, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			Expect(string(content)).NotTo(ContainSubstring(f.server.Password()), path)
			return err
		})).To(Succeed())
		Expect(f.out.String()).NotTo(ContainSubstring(f.server.Password()))
	})
})
