package run_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/report"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("a cluster's name that is spelled in another way on NSX", func() {
	ctx := context.Background()

	for _, name := range []string{"TAS1", "tas1 ", "tas*"} {
		DescribeTable(fmt.Sprintf("(%q) ends in 3 before any write and names the nearest [R13] [I4] [I10]", name),
			func(does, resources string) {
				f := newFoundation(1)
				c := command(f.config(), does)
				c.NCP.Cluster, c.Migration.Resources = name, resources
				out := f.execute(ctx, c)
				Expect(out.Code).To(Equal(run.CannotTell), f.out.String())
				Expect(f.out.String()).To(ContainSubstring(`did you mean "tas1"?`))
				Expect(regexp.MustCompile(`did you mean`).FindAllString(f.out.String(), -1)).To(HaveLen(1), "once is enough")
				Expect(f.writes(0)).To(BeEmpty())
				Expect(f.inspect().AllManager()).To(BeTrue())
			},
			Entry("run", config.CommandRun, "all"),
			Entry("run of scope ncp", config.CommandRun, "ncp"),
			Entry("plan", config.CommandPlan, "all"),
			Entry("plan of scope ncp", config.CommandPlan, "ncp"),
			Entry("precheck", config.CommandPrecheck, "all"),
			Entry("status", config.CommandStatus, "all"),
			Entry("verify", config.CommandVerify, "ncp"),
			Entry("rollback", config.CommandRollback, "all"),
		)
	}

	DescribeTable("is only warned of in scope shared [R3]",
		func(does string) {
			f := newFoundation(1)
			c := command(f.shared(), does)
			c.NCP.Cluster = "TAS1"
			Expect(f.execute(ctx, c).Code).To(Equal(run.AllPolicy), f.out.String())
			Expect(f.out.String()).To(ContainSubstring(`WARNING: retrieving the objects of cluster "TAS1": this NSX holds none`))
		},
		Entry("run", config.CommandRun), Entry("plan", config.CommandPlan), Entry("precheck", config.CommandPrecheck),
		Entry("status", config.CommandStatus), Entry("verify", config.CommandVerify),
	)

	It("leaves the word to unfinished records [I2]", func() {
		f := stuck()
		c := command(f.config(), config.CommandStatus)
		c.NCP.Cluster = "TAS1"
		Expect(f.execute(ctx, c).Code).To(Equal(run.Mixed), f.out.String())
		Expect(f.out.String()).To(ContainSubstring("is unfinished"))
	})
})

// planned are the numbers of objects per scope that a plan says.
func (f *foundation) planned() map[string]int {
	GinkgoHelper()
	Expect(f.execute(context.Background(), command(f.config(), config.CommandPlan)).Code).To(BeZero(), f.out.String())
	numbers := map[string]int{}
	for _, found := range regexp.MustCompile(`plan of scope (\w+): (\d+) objects`).FindAllStringSubmatch(f.out.String(), -1) {
		n, err := strconv.Atoi(found[2])
		Expect(err).NotTo(HaveOccurred())
		numbers[found[1]] = n
	}
	return numbers
}

func policyOf(scopes []report.ScopeState) map[string]int {
	numbers := map[string]int{}
	for _, s := range scopes {
		numbers[s.Scope] = s.Policy
	}
	return numbers
}

func managerOf(scopes []report.ScopeState) map[string]int {
	numbers := map[string]int{}
	for _, s := range scopes {
		numbers[s.Scope] = s.Manager
	}
	return numbers
}

var _ = Describe("the numbers of objects", func() {
	ctx := context.Background()

	It("are the same in plan, status, run, the next run and rollback [R13] [R18]", func() {
		f := newFoundation(1)
		want := f.planned()
		Expect(want).To(And(HaveKey("shared"), HaveKey("ncp")))
		Expect(managerOf(f.execute(ctx, command(f.config(), config.CommandStatus)).Scopes)).To(Equal(want), f.out.String())
		Expect(managerOf(f.execute(ctx, command(f.config(), config.CommandRollback)).Scopes)).To(Equal(want), f.out.String())
		for _, does := range []string{config.CommandRun, config.CommandRun, config.CommandStatus, config.CommandVerify, config.CommandRollback} {
			out := f.execute(ctx, command(f.config(), does))
			Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
			Expect(policyOf(out.Scopes)).To(Equal(want), does)
			Expect(managerOf(out.Scopes)).To(HaveEach(0), does)
		}
	})

	It("are those of the objects with tags of their own where the others cannot be read, which is said, and never called Policy to the end, which Search tells [I2]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllPolicy), f.out.String())
		f.fault(faults.Rule{Method: http.MethodGet, Path: "/policy/api/v1/search/query", Status: 400, ErrorCode: 1, Message: "injected"})
		c := onlyNCP(command(f.config(), config.CommandRollback))
		out := f.execute(ctx, c, func(r *run.Runner) { r.Spec = &config.UserSpec{} })
		Expect(out.Code).To(Equal(run.CannotTell), f.out.String())
		Expect(policyOf(out.Scopes)["ncp"]).To(BeNumerically(">", 0))
		Expect(f.out.String()).To(ContainSubstring("only NCP objects with tags of their own are counted"))
	})
})

var _ = Describe("a plan made right after a rollback", func() {
	ctx := context.Background()

	It("skips nothing that a search index which is behind still shows as Policy [R13] [I4]", func() {
		f := newFoundation(1, func(o *options) { o.SearchLag = time.Hour })
		f.state.Reindex()
		want := f.planned()
		digests := regexp.MustCompile(`digest (\w+)`).FindAllString(f.out.String(), -1)
		failing := refused(at("plan", "action=continue", 12))
		failing.Hook = func(faults.Call) { f.state.Reindex() }
		f.fault(failing)
		out := f.execute(ctx, f.config())
		Expect(out.Code).To(BeElementOf(run.AllManager, run.Mixed), f.out.String())
		f.fault()
		Expect(f.unfinished()).To(BeEmpty())

		got := f.planned()
		Expect(got["ncp"]).To(Equal(want["ncp"]))
		Expect(regexp.MustCompile(`digest (\w+)`).FindAllString(f.out.String(), -1)).To(ContainElement(digests[len(digests)-1]), "every body is the fresh one")
		Expect(f.out.String()).To(MatchRegexp(`plan of scope ncp: \d+ objects in \d+ batches, 0 are Policy already`))
	})
})

// putManager stores Manager objects by their keys.
func (f *foundation) putManager(objects map[string]map[string]any) {
	GinkgoHelper()
	Expect(f.state.Update(func(tx *store.Tx) error {
		for key, body := range objects {
			raw, err := json.Marshal(body)
			if err != nil {
				return err
			}
			if _, err := tx.Manager().Put(key, raw); err != nil {
				return err
			}
		}
		return nil
	})).To(Succeed())
}

// orphaned makes three parts of NCP that belong to nothing that migrates.
func (f *foundation) orphaned() {
	GinkgoHelper()
	tags := []map[string]any{{"scope": "ncp/cluster", "tag": cluster}, {"scope": "ncp/version", "tag": "1.1.0"}}
	f.putManager(map[string]map[string]any{
		"logical-routers/lonely": {"id": "lonely", "resource_type": "LogicalRouter", "router_type": "TIER1", "display_name": "the administrator's"},
		"logical-routers/lonely/routing/static-routes/route": {"id": "route", "resource_type": "StaticRoute", "display_name": "a route",
			"logical_router_id": "lonely", "network": "10.99.0.0/16", "tags": tags},
		"logical-router-ports/loop": {"id": "loop", "resource_type": "LogicalRouterLoopbackPort", "display_name": "a loop", "logical_router_id": "lonely", "tags": tags},
		"loadbalancer/rules/rule":   {"id": "rule", "resource_type": "LbRule", "display_name": "a rule", "phase": "HTTP_FORWARDING", "tags": tags},
	})
}

// addToSpec writes one more object into the user spec.
func (f *foundation) addToSpec(c *config.Config, key, id string) {
	GinkgoHelper()
	file, err := os.OpenFile(c.Migration.UserSpec, os.O_APPEND|os.O_WRONLY, 0)
	Expect(err).NotTo(HaveOccurred())
	_, err = fmt.Fprintf(file, "  %s:\n  - id: %s\n", key, id)
	Expect(errors.Join(err, file.Close())).To(Succeed())
}

var _ = Describe("parts of NCP without a parent that migrates", func() {
	ctx := context.Background()
	names := And(
		ContainSubstring("LbRule rule (a rule), which nothing names"),
		ContainSubstring("StaticRoute route (a route) of TIER1/lonely"),
		ContainSubstring("LogicalRouterLoopbackPort loop (a loop) of TIER1/lonely"),
	)

	It("are named before anything is written, with the cure [R13] [I4] [I10]", func() {
		f := newFoundation(1)
		f.orphaned()
		out := f.execute(ctx, command(f.config(), config.CommandPrecheck))
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(f.out.String()).To(And(ContainSubstring("precheck orphans"), names, ContainSubstring("delete them in NSX")))
		out = f.execute(ctx, f.config())
		Expect(out.Code).To(Equal(run.AllManager), f.out.String())
		Expect(out.Failure).To(names)
		Expect(f.writes(0)).To(BeEmpty())
	})

	It("stay Manager when that is overruled: they are counted apart, and nobody says all [R10] [I2]", func() {
		f := newFoundation(1)
		f.orphaned()
		c := f.config()
		c.Migration.IgnorePrechecks = []string{"orphans"}
		for _, does := range []string{config.CommandRun, config.CommandRun} {
			out := f.execute(ctx, command(c, does))
			Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
			Expect(out.Meaning).To(And(ContainSubstring("but 3 orphans stay Manager"), Not(HavePrefix("all"))))
			Expect(out.Scopes[len(out.Scopes)-1].Orphans).To(Equal(3))
			Expect(f.out.String()).To(MatchRegexp(`scope ncp: \d+ Policy, 0 Manager, 3 orphans`))
		}
		out := f.execute(ctx, command(c, config.CommandStatus))
		Expect(out.Scopes[len(out.Scopes)-1].Orphans).To(Equal(3), f.out.String())
		Expect(written("run-001-2", f).Warnings).To(ContainElement(ContainSubstring("3 objects stay Manager, since what they belong to is not migrated")))
	})

	It("are counted to the end by an execution that takes the run up [R19]", func() {
		f := newFoundation(1)
		f.orphaned()
		c := f.config()
		c.Migration.IgnorePrechecks = []string{"orphans"}
		f.fault(faults.Rule{Method: http.MethodPatch, Path: "/policy/api/v1/infra", Status: 400, ErrorCode: 1, Message: "injected"})
		Expect(f.execute(ctx, c).Code).To(Equal(run.Mixed), f.out.String())
		f.fault()
		out := f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(out.Meaning).To(ContainSubstring("but 3 orphans stay Manager"))
	})

	It("are none when their parent stands in the user spec and moves first [R3]", func() {
		f := newFoundation(1)
		f.orphaned()
		c := f.config()
		f.addToSpec(c, "tier1_routers", "lonely")
		Expect(f.state.Update(func(tx *store.Tx) error { return tx.Manager().Delete("loadbalancer/rules/rule") })).To(Succeed())
		Expect(f.execute(ctx, command(c, config.CommandPrecheck)).Code).To(BeZero(), f.out.String())
	})
})

var _ = Describe("names of which no Policy id can be made", func() {
	It("leave NCP's objects their Manager ids, which the plan counts [R4] [I10]", func() {
		f := newFoundation(1)
		id := f.someObject("ip-sets", 1)
		Expect(f.state.Update(func(tx *store.Tx) error {
			_, err := tx.Manager().Mutate("ip-sets/"+id, func(fields map[string]any) error {
				fields["display_name"] = "組織-1"
				return nil
			})
			return err
		})).To(Succeed())
		c := f.config()
		c.Migration.PolicyIDs = "display-name"
		Expect(f.execute(context.Background(), command(c, config.CommandPlan)).Code).To(BeZero(), f.out.String())
		Expect(f.out.String()).To(ContainSubstring(`1 objects keep their Manager ids as Policy ids, since NSX would refuse ids made of their names, first IP_SET/` + id + ` "組織-1"`))
	})
})
