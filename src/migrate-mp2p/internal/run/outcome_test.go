package run_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/report"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// written is the report that an execution leaves.
func written(runID string, f *foundation) report.Data {
	GinkgoHelper()
	text, err := os.ReadFile(f.dir + "/log/runs/" + runID + "/report.json")
	Expect(err).NotTo(HaveOccurred())
	var data report.Data
	Expect(json.Unmarshal(text, &data)).To(Succeed())
	return data
}

var _ = Describe("the last words", func() {
	ctx := context.Background()

	It("after success tell how long NCP may need, by our own counts, what SNAT rules do, and where both id maps lie [R10] [R21] [R22]", func() {
		f := newFoundation(1)
		out := f.execute(ctx, f.config())
		Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(out.Scopes[1].Policy).To(BeNumerically(">", 400))
		Expect(out.Next).To(ContainElements(
			And(ContainSubstring(fmt.Sprintf("reconciles %d objects", out.Scopes[1].Policy)), ContainSubstring("at least 45 minutes")),
			ContainSubstring("SNAT rules carry firewall match BYPASS"),
			ContainSubstring("source-IP persistence"),
		))
		Expect(f.out.String()).To(ContainSubstring("newest id map of scope shared: " + f.dir + "/log/runs/run-001-1/id-map.csv"))
		Expect(out.IDMap).To(HaveSuffix("run-001-2/id-map.csv"))
		Expect(f.out.String()).NotTo(ContainSubstring("firewall may block"))
	})

	It("say by which Policy ids NCP's configuration has to name the user spec's objects, also when a run before has moved them [R21]", func() {
		f := newFoundation(1)
		out := f.execute(ctx, f.shared())
		Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
		shared, err := nsxsim.Shared(f.state)
		Expect(err).NotTo(HaveOccurred())
		var named []string
		Expect(f.state.View(func(tx *store.Tx) error {
			for o := range tx.Manager().All() {
				for _, s := range shared {
					if path, moved := o.Tag("policyPath"); moved && strings.HasSuffix(o.Key, "/"+s.ID) {
						named = append(named, fmt.Sprintf("  %s %s (%s) is now %s\n", s.Kind, s.DisplayName, s.ID, path))
					}
				}
			}
			return nil
		})).To(Succeed())
		Expect(named).To(HaveLen(len(shared)))
		for _, line := range named {
			Expect(f.out.String()).To(ContainSubstring(line))
		}
		Expect(f.execute(ctx, onlyNCP(f.config())).Code).To(Equal(run.AllPolicy), f.out.String())
		for _, line := range named {
			Expect(f.out.String()).To(ContainSubstring(line))
		}
	})

	It("and the run warn of migrated SNAT rules that do not carry firewall match BYPASS [R22]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
		rule := at("mp-to-policy/workflow", "action=DONE", 1)
		rule.Hook = func(faults.Call) { f.matchInternal() }
		f.fault(rule)
		Expect(f.execute(ctx, onlyNCP(f.config())).Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(f.out.String()).To(ContainSubstring("1 SNAT rules do not carry firewall match BYPASS"))
	})

	It("tell how to skip a cluster, and of the NSX backup only where it can be restored [R6] [R20]", func() {
		f := newFoundation(1)
		c := f.config()
		c.Migration.PlanFingerprint = "0123456789abcdef"
		out := f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.AllManager), f.out.String())
		Expect(out.Next).To(ContainElement(ContainSubstring("let it run for at least 60 minutes")))
		Expect(out.Ladder).To(ContainSubstring("restore the NSX backup"))
		c.Migration.Strategy = "one-by-one"
		out = f.execute(ctx, c)
		Expect(out.Ladder).To(And(ContainSubstring("skip this cluster"), Not(ContainSubstring("restore the NSX backup"))))
		Expect(out.Next).NotTo(ContainElement(ContainSubstring("backup")))
	})

	It("say of every command that nobody asked for a disk that lasts [R23]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, command(f.config(), "precheck")).Meaning).To(ContainSubstring("records.require_mount is false"))
		c := f.config()
		c.Instance.Bootstrap = false
		Expect(f.execute(ctx, c).Meaning).To(ContainSubstring("records.require_mount is false"))
	})
})

var _ = Describe("the report", func() {
	ctx := context.Background()

	It("names what a rollback could not restore [I5]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
		id := f.someObject("ip-sets", 1)
		rule := refused(at("plan", "action=continue", 12))
		rule.Hook = func(faults.Call) {
			defer GinkgoRecover()
			Expect(f.state.Update(func(tx *store.Tx) error {
				_, err := tx.Manager().Mutate("ip-sets/"+id, func(fields map[string]any) error {
					fields["ip_addresses"] = []any{"192.0.2.77"}
					return nil
				})
				return err
			})).To(Succeed())
		}
		f.fault(rule)
		Expect(f.execute(ctx, onlyNCP(f.config())).Code).To(Equal(run.AllManager), f.out.String())
		Expect(written("run-002-1", f).Unrestored).To(ContainElement(ContainSubstring(id)))
	})

	It("counts what was Policy before the run [R14]", func() {
		f := newFoundation(1)
		onlyBlocks := f.shared()
		spec, err := os.ReadFile(onlyBlocks.Migration.UserSpec)
		Expect(err).NotTo(HaveOccurred())
		blocks := regexp.MustCompile(`(?m)^  ip_blocks:\n(?:  - .*\n)+`).Find(spec)
		Expect(os.WriteFile(onlyBlocks.Migration.UserSpec, append([]byte("version: 1\nshared:\n"), blocks...), 0o600)).To(Succeed())
		Expect(f.execute(ctx, onlyBlocks).Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
		already := 0
		for _, t := range written("run-002-1", f).Types {
			already += t.Already
		}
		Expect(already).To(Equal(2), string(blocks))
	})
})
