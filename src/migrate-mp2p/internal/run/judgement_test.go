package run_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/report"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// withOneMore lists one more IP block of the administrator in the user spec, which nothing else needs.
func (f *foundation) withOneMore(c *config.Config) *config.Config {
	GinkgoHelper()
	var made struct{ ID string }
	Expect(json.Unmarshal(f.call(http.MethodPost, "/api/v1/pools/ip-blocks", []byte(`{"display_name":"one-more","cidr":"10.99.0.0/16"}`)), &made)).To(Succeed())
	spec, err := os.ReadFile(c.Migration.UserSpec)
	Expect(err).NotTo(HaveOccurred())
	if bytes.Contains(spec, []byte(made.ID)) {
		return c
	}
	Expect(string(spec)).To(ContainSubstring("  ip_blocks:\n"))
	text := strings.Replace(string(spec), "  ip_blocks:\n", "  ip_blocks:\n  - id: "+made.ID+"\n", 1)
	Expect(os.WriteFile(c.Migration.UserSpec, []byte(text), 0o600)).To(Succeed())
	return c
}

// lastLine is the last line that the last execution printed.
func (f *foundation) lastLine() string {
	lines := strings.Split(strings.TrimSpace(f.out.String()), "\n")
	return lines[len(lines)-1]
}

// agree expects the report of a run, in every form and in the archive too, to end in the very words of the execution.
func (f *foundation) agree(out report.Outcome, runID string, archived bool) {
	GinkgoHelper()
	data := written(runID, f)
	Expect(data.Outcome).To(Equal(out), "report.json")
	folder := filepath.Join(f.dir, "log", "runs", runID)
	text, err := os.ReadFile(filepath.Join(folder, "report.txt"))
	Expect(err).NotTo(HaveOccurred())
	Expect(string(text)).To(HaveSuffix("\n"+f.lastLine()+"\n"), "report.txt")
	Expect(string(text)).To(ContainSubstring(data.Result))
	page, err := os.ReadFile(filepath.Join(folder, "report.html"))
	Expect(err).NotTo(HaveOccurred())
	Expect(html.UnescapeString(string(page))).To(ContainSubstring(fmt.Sprintf("<strong>Exit code %d: %s</strong>", out.Code, out.Meaning)))
	if !archived {
		return
	}
	for _, copied := range []string{filepath.Join(f.dir, "records", "runs", runID), folder} {
		for name, want := range map[string][]byte{"report.txt.gz": text, "report.html.gz": page} {
			file, err := os.Open(filepath.Join(copied, name))
			Expect(err).NotTo(HaveOccurred())
			zip, err := gzip.NewReader(file)
			Expect(err).NotTo(HaveOccurred())
			content, err := io.ReadAll(zip)
			Expect(err).NotTo(HaveOccurred())
			Expect(file.Close()).To(Succeed())
			Expect(string(content)).To(Equal(string(want)), filepath.Join(copied, name))
		}
	}
}

var _ = Describe("the judgement of an execution", func() {
	ctx := context.Background()

	It("is one in code, last line and every report, also of a scope that it does not speak of [R18] [R20] [I2]", func() {
		f := newFoundation(1)
		f.fault(refused(at("plan", "action=continue", 12)))
		out := f.execute(ctx, f.config())
		Expect(out.Code).To(Equal(run.AllManager), f.out.String())
		Expect(written("run-001-1", f).Result).To(HavePrefix("scope shared was migrated: 8 Policy, 0 Manager"))
		Expect(written("run-001-2", f).Result).To(HavePrefix("scope ncp was rolled back: "))
		f.agree(out, "run-001-1", true)
		f.agree(out, "run-001-2", true)
	})

	DescribeTable("of a migrated foundation, one more shared entry of which is rolled back, speaks of NCP's objects and names the rollback [R20] [I2]",
		func(resources string) {
			f := newFoundation(1)
			Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllPolicy), f.out.String())
			f.fault(refused(at("plan", "action=continue", 1)))
			c := f.withOneMore(f.config())
			c.Migration.Resources = resources
			out := f.execute(ctx, c)
			Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
			Expect(f.inspect().NCP.Manager).To(BeZero())
			Expect(f.lastLine()).To(And(HavePrefix("exit code 0: all of the NCP-created objects"), ContainSubstring("; scope shared was rolled back: phase 2: migrating: ")))
			Expect(out.Next[0]).To(ContainSubstring("scope shared was rolled back: cure the cause"))
			Expect(f.out.String()).NotTo(ContainSubstring("start it in Manager mode"))
			Expect(out.Ladder).To(ContainSubstring("step 1 of 3"))
			Expect(written("run-002-1", f).Result).To(HavePrefix("scope shared was rolled back: "))
			f.agree(out, "run-002-1", true)
		},
		Entry("with all resources", "all"),
		Entry("with the shared ones only, which the code would speak of otherwise", "shared"),
	)

	It("names shared objects that were left out of a migration of NCP's [R20]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
		out := f.execute(ctx, f.withOneMore(onlyNCP(f.config())))
		Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(f.lastLine()).To(MatchRegexp(`; scope shared: \d Policy, 1 Manager`))
		f.agree(out, "run-002-1", true)
	})

	It("of a fresh run after a recovered rollback is that of the fresh run, in both reports [R19] [R20]", func() {
		f := stuck()
		c := f.config()
		c.Migration.MigrateAfterRollback = true
		out := f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(f.lastLine()).NotTo(ContainSubstring("rolled back"))
		Expect(written("run-001-2", f).Result).To(HavePrefix("scope ncp was rolled back"))
		Expect(written("run-002-1", f).Result).To(HavePrefix("scope ncp was migrated"))
		f.agree(out, "run-001-2", true)
		f.agree(out, "run-002-1", true)
	})

	It("of an execution that SIGTERM ends after a finished scope stands in the report of that scope, too [R18] [R20]", func() {
		f := newFoundation(1)
		stopping, stop := context.WithCancel(ctx)
		rule := at("plan", "action=continue", 12)
		rule.Hook = func(faults.Call) { stop() }
		f.fault(rule)
		out := f.execute(stopping, f.config())
		Expect(out.Code).To(Equal(run.Interrupted), f.out.String())
		f.agree(out, "run-001-1", true)
		f.agree(out, "run-001-2", false)
		Expect(written("run-001-2", f).Result).To(Equal("scope ncp is unfinished (migrating)"))
	})

	It("speaks of the objects of the unfinished run where it says what is under way [R20]", func() {
		f := newFoundation(1)
		f.fault(refused(at("plan", "action=continue", 4)), refused(at("mp-to-policy/rollback", "", 0)))
		out := f.execute(ctx, f.config())
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(f.recorded().Scope).To(Equal("shared"))
		Expect(f.lastLine()).To(HavePrefix("exit code 1: some of the shared objects of the user spec are, or may be, Policy"))
		f.agree(out, "run-001-1", false)
	})

	It("is not yet known when a run is archived, so that an execution that dies then leaves a report that says so [R18] [R20]", func() {
		f := newFoundation(1)
		c := f.shared()
		var early report.Data
		out := f.execute(ctx, c, func(r *run.Runner) {
			r.OnFailpoint = func(records.Failpoint, int) { // the last commit clears the records, and follows the archive
				if _, archived, _ := records.HasArchive(c.Records.Directory, "run-001-1"); archived {
					early = written("run-001-1", f)
				}
			}
		})
		Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(early.Outcome.Meaning).To(And(HavePrefix("scope shared was migrated: 8 Policy"), ContainSubstring("the code speaks of this scope alone")))
		Expect(early.Outcome.Next).To(ConsistOf(ContainSubstring("run again")))
		f.agree(out, "run-001-1", true)
	})
})

var _ = Describe("rollback", func() {
	ctx := context.Background()

	It("of a finished migration rolls back nothing, says that nothing can be, and names the last resort [R17] [R20]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllPolicy), f.out.String())
		since := len(f.server.Requests())
		out := f.execute(ctx, command(f.config(), "rollback"))
		Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(f.writes(since)).To(BeEmpty())
		Expect(f.lastLine()).To(HavePrefix("exit code 0: nothing was rolled back, and nothing can be: all of the NCP-created objects"))
		Expect(out.Ladder).To(Equal("step 3 of 3, the last resort: restore the NSX backup and start NCP everywhere in the mode it had then"))
		Expect(f.out.String()).To(MatchRegexp(`mode +rollback`))
		Expect(out.Next).NotTo(ContainElement(ContainSubstring("start NCP")))
		Expect(f.out.String()).To(ContainSubstring("newest report of scope ncp: " + f.dir + "/log/runs/run-001-2/report.txt"))

		c := command(f.config(), "rollback")
		c.Migration.Strategy = "one-by-one"
		Expect(f.execute(ctx, c).Ladder).To(And(ContainSubstring("last resort"), ContainSubstring("there is none")))
	})

	It("without an unfinished run, where all is Manager, says that there was nothing to do [R17]", func() {
		f := newFoundation(1)
		out := f.execute(ctx, command(f.config(), "rollback"))
		Expect(out.Code).To(Equal(run.AllManager), f.out.String())
		Expect(f.lastLine()).To(HavePrefix("exit code 2: nothing was rolled back, since no run is unfinished: all of the NCP-created objects"))
		Expect(out.Next).To(ContainElement(ContainSubstring("set migration.command to run")))
		Expect(out.Ladder).To(BeEmpty())
	})

	It("of a run that is past DONE sends the operator to the command run, which alone goes on [R19] [R20]", func() {
		f := newFoundation(1)
		f.fault(faults.Rule{Method: http.MethodPatch, Path: "/policy/api/v1/infra", Status: 400, ErrorCode: 1, Message: "injected"})
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.Mixed))
		out := f.execute(ctx, command(f.config(), "rollback"))
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(f.lastLine()).To(HavePrefix("exit code 1: nothing was rolled back, since the run is past DONE and can only go forward: "))
		Expect(out.Next).To(ContainElement(ContainSubstring("set migration.command to run")))
	})

	It("that rolled back says what every rollback says [R17]", func() {
		f := stuck()
		out := f.execute(ctx, command(f.config(), "rollback"))
		Expect(out.Code).To(Equal(run.AllManager), f.out.String())
		Expect(f.lastLine()).To(HavePrefix("exit code 2: all of the NCP-created objects"))
	})

	It("where the records are another cluster's does not say that no run is unfinished [R17] [I8]", func() {
		f := stuck()
		c := command(f.config(), "rollback")
		c.NCP.Cluster = "tas2"
		Expect(f.execute(ctx, c).Code).To(Equal(run.CannotTell), f.out.String())
		Expect(f.lastLine()).To(HavePrefix("exit code 3: cannot tell"))
	})

	It("that is not armed says how to arm it, and whether there is anything to roll back [R25]", func() {
		f := newFoundation(1)
		c := command(f.config(), "rollback")
		c.Migration.Enabled = false
		out := f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.AllPolicy))
		Expect(out.Next).To(ConsistOf(And(HavePrefix("to roll back, set migration.enabled to true"), ContainSubstring("no run is unfinished"))))
		f = stuck()
		c = command(f.config(), "rollback")
		c.Migration.Enabled = false
		Expect(f.execute(ctx, c).Code).To(Equal(run.Mixed))
	})
})
