package run_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// moment is a request of a run of scope ncp at which something happens: it is cut off there, or a backup of NSX is made.
type moment struct {
	name string
	rule faults.Rule
	// state is what the records hold when the run is cut off there.
	state records.State
	// turned says that the run has failed before, and is on its way back.
	turned bool
}

// moments are one for each state of the chart, in the order of a run. Those of a rollback come last.
func moments() []moment {
	get := func(path string) faults.Rule { return faults.Rule{Method: http.MethodGet, Path: path, Nth: 1} }
	phase3 := get("/policy/api/v1/*")
	phase3.AfterRule = lastBatch
	stop := faults.Rule{Method: http.MethodPost, Path: "*migration-coordinator", Query: "action=stop", Nth: 1}
	return []moment{
		{"before anything is sent", at("mp-to-policy/workflow", "action=INITIATE", 1), records.Initiating, false},
		{"in mid phase 2", at("plan", "action=continue", 12), records.Migrating, false},
		{"late in phase 2", at("plan", "action=start", 16), records.Migrating, false},
		{"in phase 3", phase3, records.Migrated, false},
		{"before DONE", get("/policy/api/v1/infra/realized-state/status"), records.Inferred, false},
		{"at DONE", at("mp-to-policy/workflow", "action=DONE", 1), records.Committing, false},
		{"in phase 4", faults.Rule{Method: http.MethodPatch, Path: "/policy/api/v1/infra", Nth: 1}, records.Applying, false},
		{"late in phase 4", faults.Rule{Method: http.MethodPatch, Path: "/policy/api/v1/infra", Nth: 6}, records.Applying, false},
		{"at the end", stop, records.Complete, false},
		{"in a rollback", at("mp-to-policy/rollback", "", 4), records.RollingBack, true},
		{"when a rollback is closed", at("mp-to-policy/workflow", "action=DONE", 1), records.Closing, true},
		{"at the end of a rollback", stop, records.RolledBack, true},
	}
}

// lastBatch names the rule that acts on the last batch.
const lastBatch = "last batch"

// failing makes a run fail late in phase 2.
func failing() faults.Rule {
	rule := refused(at("plan", "action=continue", 18))
	rule.Name, rule.Status = "failing", http.StatusBadRequest
	return rule
}

// cutOff runs scope ncp up to the moment, at which the process is told to end and the request does not get through. It
// saves a backup at the moment of another one, which comes before.
func (f *foundation) cutOff(m, backup moment) (saved []byte) {
	GinkgoHelper()
	ctx, cut := context.WithCancel(context.Background())
	defer cut()
	save := backup.rule
	save.Name = "backup"
	save.Hook = func(faults.Call) {
		defer GinkgoRecover()
		var b bytes.Buffer
		Expect(f.state.Save(&b)).To(Succeed())
		saved = b.Bytes()
	}
	end := lost(m.rule, faults.Before)
	end.Name = "end"
	end.Hook = func(faults.Call) { cut() }
	rules := []faults.Rule{save, end}
	if m.name == backup.name {
		end.Hook = func(c faults.Call) { save.Hook(c); cut() }
		rules = []faults.Rule{end}
	}
	last := at("plan", "action=continue", 21)
	last.Name, last.Hook = lastBatch, func(faults.Call) {}
	rules = append(rules, last)
	if m.turned {
		rules = append(rules, failing())
	}
	f.fault(rules...)
	out := f.execute(ctx, onlyNCP(f.config()))
	ended := map[records.State]int{records.Complete: run.AllPolicy, records.RolledBack: run.AllManager}
	if code, has := ended[m.state]; has { // a run that had ended when it was cut off keeps its code
		Expect(out.Code).To(Equal(code), "%s", f.out)
	} else {
		Expect(out.Code).To(Equal(run.Interrupted), "%s", f.out)
	}
	Expect(f.unfinished()).To(Equal(m.state))
	Expect(saved).NotTo(BeEmpty(), "the backup")
	f.fault()
	return saved
}

// untilSettled runs the errand until it ends in 0 or 2, as an operator would who does what the last lines say, and judges
// each code by the inner state of NSX.
func (f *foundation) untilSettled(c *config.Config, change ...func(*run.Runner)) int {
	GinkgoHelper()
	for range 6 {
		out := f.execute(context.Background(), c, change...)
		f.judge(out.Code)
		if out.Code == run.AllPolicy || out.Code == run.AllManager {
			return out.Code
		}
	}
	Fail("the errand ends in neither 0 nor 2, however often it is run:\n" + f.out.String())
	return 0
}

// judge demands that an exit code says what NSX is.
func (f *foundation) judge(code int) {
	GinkgoHelper()
	report := f.inspect()
	switch code {
	case run.AllPolicy:
		Expect(report.OK()).To(BeTrue(), "%s", f.out)
		Expect(report.NotReady).To(BeEmpty(), "%s", f.out)
		Expect(report.NCP.Manager).To(BeZero(), "%s", f.out)
		Expect(f.leaseHeld()).To(BeFalse(), "the lease is left behind:\n%s", "%s", f.out)
	case run.AllManager:
		Expect(report.NCP.Policy).To(BeZero(), "%s", f.out)
		Expect(report.NCP.HalfWay).To(BeEmpty(), "%s", f.out)
		Expect(f.leaseHeld()).To(BeFalse(), "the lease is left behind:\n%s", "%s", f.out)
	}
}

// everyBackup asks for all pairs of moments (MP2P_RESTORED=every), and not only for those that differ most.
var everyBackup = os.Getenv("MP2P_RESTORED") == "every"

var _ = Describe("a run under which NSX is restored from a backup", func() {
	all := moments()
	for i, m := range all {
		for _, backup := range all[:i+1] {
			if backup.turned && !m.turned || m.turned && !backup.turned && backup.state != records.Initiating && backup.state != records.Migrating {
				continue // such a backup cannot exist
			}
			if !everyBackup && backup.name != "in mid phase 2" && backup.name != "in phase 4" && backup.name != m.name {
				continue
			}
			It(fmt.Sprintf("and cut off %s, the backup being made %s, ends in the truth [R20] [I2] [I8]", m.name, backup.name), func() {
				f := newFoundation(1)
				Expect(f.execute(context.Background(), f.shared()).Code).To(Equal(run.AllPolicy), "%s", f.out)
				saved := f.cutOff(m, backup)
				Expect(f.server.Restore(bytes.NewReader(saved))).To(Succeed())
				f.untilSettled(onlyNCP(f.config()), func(r *run.Runner) { r.Clock = &leapingClock{} })
				Expect(f.unfinished()).To(BeEmpty())
				Expect(f.untilMigrated()).To(Equal(run.AllPolicy))
			})
		}
	}

	It("that holds the lease of an older, archived run takes it over [R20] [I8]", func() {
		f := newFoundation(1)
		var saved bytes.Buffer
		f.fault(faults.Rule{Method: http.MethodPost, Path: "/api/v1/migration/mp-to-policy/workflow", Query: "action=INITIATE", Nth: 2, Hook: func(faults.Call) {
			defer GinkgoRecover()
			Expect(f.state.Save(&saved)).To(Succeed())
		}})
		Expect(f.execute(context.Background(), f.config()).Code).To(Equal(run.AllPolicy), "%s", f.out)
		f.fault()
		Expect(f.server.Restore(&saved)).To(Succeed())
		Expect(f.leaseHeld()).To(BeTrue(), "the backup holds the lease")
		Expect(f.untilMigrated()).To(Equal(run.AllPolicy))
		Expect(f.out.String()).To(ContainSubstring("which has ended and is archived here"))
	})
})

// untilMigrated runs the errand until it ends in 0. An NSX that was restored may hold the workflow that was open then,
// which the operator lets the errand end when it says so.
func (f *foundation) untilMigrated() int {
	GinkgoHelper()
	c := onlyNCP(f.config())
	code := 0
	for range 4 {
		out := f.execute(context.Background(), c, func(r *run.Runner) { r.Clock = &leapingClock{} })
		f.judge(out.Code)
		if code = out.Code; code == run.AllPolicy {
			break
		}
		if node := wordAfter(out.Failure, "nsx.end_workflow: "); node != "" {
			c.NSX.EndWorkflow = node
		}
	}
	return code
}

// wordAfter gives the word that follows a text.
func wordAfter(text, before string) string {
	_, rest, _ := strings.Cut(text, before)
	word, _, _ := strings.Cut(strings.Join(strings.Fields(rest), " "), " ")
	return word
}
