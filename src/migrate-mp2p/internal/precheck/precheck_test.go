package precheck_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/precheck"
)

const promotionStatePath = "/api/v1/migration/mp-policy-promotion/state"

// fakeAPI answers with what a spec puts into it; by default an idle NSX on which all is well.
type fakeAPI struct {
	get      map[string]string // path -> JSON
	sections []string          // JSON
	rules    []string          // JSON
	edge     []string          // JSON, rules of the Tier-0's section
	counts   map[string]int    // part of a query -> count
	service  mp.ServiceStatus
	status   mp.MigrationStatus
	err      error // of everything

	queries []string
}

func (f *fakeAPI) Get(_ context.Context, path string, out any) error {
	text, ok := f.get[path]
	switch {
	case f.err != nil:
		return f.err
	case !ok:
		return &nsx.Error{Kind: mp.KindNotFound, Status: 404, Code: 600, Path: path}
	}
	return json.Unmarshal([]byte(text), out)
}

func (f *fakeAPI) List(_ context.Context, path string, _ url.Values, page mp.Page) (int, error) {
	if path == "/api/v1/firewall/sections/edge/rules" {
		return f.pages(f.edge, page)
	}
	Expect(path).To(Equal("/api/v1/firewall/sections"))
	return f.pages(f.sections, page)
}

func (f *fakeAPI) Search(_ context.Context, _ mp.Flavour, query string, page mp.Page) (int, error) {
	f.queries = append(f.queries, query)
	return f.pages(f.rules, page)
}

// pages hands every result out in a page of its own.
func (f *fakeAPI) pages(results []string, page mp.Page) (int, error) {
	for _, text := range results {
		if err := page([]json.RawMessage{json.RawMessage(text)}); err != nil {
			return 0, err
		}
	}
	return len(results), f.err
}

func (f *fakeAPI) SearchCount(_ context.Context, _ mp.Flavour, query string) (int, error) {
	f.queries = append(f.queries, query)
	for part, count := range f.counts {
		if strings.Contains(query, part) {
			return count, f.err
		}
	}
	return 0, f.err
}

func (f *fakeAPI) CoordinatorService(context.Context) (mp.ServiceStatus, error) {
	return f.service, f.err
}

func (f *fakeAPI) MigrationStatus(context.Context) (mp.MigrationStatus, error) {
	return f.status, f.err
}

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) int64 { return now.Add(-d).UnixMilli() }

// goodInput is a foundation that may be migrated.
func goodInput() (*fakeAPI, precheck.Input) {
	api := &fakeAPI{
		get: map[string]string{
			"/api/v1/aaa/user-info":           `{"user_name":"ncp","roles":[{"role":"auditor"},{"role":"enterprise_admin"}]}`,
			"/api/v1/cluster/backups/history": fmt.Sprintf(`{"cluster_backup_statuses":[{"end_time":%d,"success":true}]}`, ago(time.Hour)),
			"/api/v1/logical-routers/t0":      tier0JSON("Default LR Layer3 Section"),
			promotionStatePath:                `{"mp_policy_promotion":"PROMOTION_NOT_IN_PROGRESS"}`,
		},
		service: mp.ServiceStatus{RuntimeState: "running"},
		status:  mp.MigrationStatus{Overall: mp.StatusNotStarted},
		edge:    []string{`{"action":"ALLOW"}`},
	}
	return api, precheck.Input{
		API: api, Platform: "tas", Cluster: "cf", Strategy: "all-down", Scope: mp.NCP, Now: now,
		Node:    mp.Node{Version: "4.1.2.0.0.21332672"},
		HalfWay: func(context.Context) ([]inventory.HalfWay, error) { return nil, nil },
		Inventory: &inventory.Inventory{Objects: []*inventory.Object{
			{Ref: mp.Ref{Type: mp.DFWSection, ID: "sect-1"}, Name: "asg", Owner: "ncp", Modified: ago(2 * time.Hour)},
			{Ref: mp.Ref{Type: mp.LBVirtualServer, ID: "vs-1"}, Name: "cf-http", Owner: "ncp", Created: ago(3 * time.Hour)},
			{Ref: mp.Ref{Type: mp.Tier1, ID: "t1"}, Refs: []inventory.Reference{{To: mp.Ref{Type: mp.Tier0, ID: "t0"}}}},
		}},
	}
}

// result runs all checks and gives that of one.
func result(in precheck.Input, name string) precheck.Result {
	results, err := precheck.Run(context.Background(), in)
	Expect(err).NotTo(HaveOccurred())
	for _, r := range results {
		if r.Name == name {
			return r
		}
	}
	Fail("no check " + name)
	return precheck.Result{}
}

// forbidding are the results that do not let a run start.
func forbidding(results []precheck.Result) []precheck.Result {
	var found []precheck.Result
	for _, r := range results {
		if r.Verdict == precheck.Fail && !r.Ignored {
			found = append(found, r)
		}
	}
	return found
}

var _ = Describe("Run", func() {
	It("passes a foundation that may be migrated", func() {
		_, in := goodInput()
		results, err := precheck.Run(context.Background(), in)
		Expect(err).NotTo(HaveOccurred())
		Expect(results).To(HaveLen(len(precheck.Checks())))
		for _, r := range results {
			Expect(r.Verdict).To(Equal(precheck.OK), r.Name+": "+r.Text)
			Expect(r.Cure).To(BeEmpty())
		}
		Expect(forbidding(results)).To(BeEmpty())
	})

	It("runs all checks and reports all failures at once, each with a cure", func() {
		api, in := goodInput()
		in.Node.Version = "3.2.1"
		api.status.Overall = mp.StatusPaused
		api.counts = map[string]int{"pks/cluster": 3}
		results, err := precheck.Run(context.Background(), in)
		Expect(err).NotTo(HaveOccurred())
		failed := forbidding(results)
		Expect(failed).To(HaveLen(3))
		for _, r := range failed {
			Expect(r.Cure).NotTo(BeEmpty())
		}
	})

	It("fails a check that cannot ask NSX, and asks on", func() {
		api, in := goodInput()
		api.err = errors.New("no route to host")
		results, err := precheck.Run(context.Background(), in)
		Expect(err).NotTo(HaveOccurred())
		for _, r := range results {
			switch r.Name {
			case "nsx-version", "nsx-scale", "lb-rules", "late-ports", "ncp-stopped", "half-way", "orphans", "node-network", "node-ports": // ask nothing
			case "backup":
				Expect(r.Verdict).To(Equal(precheck.Warn))
			default:
				Expect(r.Verdict).To(Equal(precheck.Fail), r.Name)
				Expect(r.Text).To(ContainSubstring("no route to host"))
			}
		}
	})

	It("lets the operator ignore a failure by name, and says so", func() {
		api, in := goodInput()
		api.counts = map[string]int{"os-api-version": 1}
		in.Ignore = []string{"single-product"}
		r := result(in, "single-product")
		Expect(r.Verdict).To(Equal(precheck.Fail))
		Expect(r.Ignored).To(BeTrue())
		Expect(forbidding([]precheck.Result{r})).To(BeEmpty())
	})

	DescribeTable("refuses names in ignore_prechecks that cannot be ignored, asking NSX nothing [I10]",
		func(name, part string) {
			api, in := goodInput()
			in.Ignore = []string{"lb-rules", name}
			_, err := precheck.Run(context.Background(), in)
			Expect(err).To(MatchError(And(ContainSubstring(part), ContainSubstring(`"`+name+`"`), ContainSubstring("migration.ignore_prechecks"))))
			Expect(api.queries).To(BeEmpty())
		},
		Entry("a typing mistake", "lb-rulez", "no check"),
		Entry("somebody else's migration [R7] [I8]", "coordinator-idle", "can never be ignored"),
		Entry("another cluster half-way", "half-way", "can never be ignored"),
	)

	It("ends when the run is cancelled", func() {
		_, in := goodInput()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := precheck.Run(ctx, in)
		Expect(err).To(MatchError(context.Canceled))
	})

	It("explains every check, under a name of its own", func() {
		names := map[string]bool{}
		for _, c := range precheck.Checks() {
			Expect(names).NotTo(HaveKey(c.Name))
			names[c.Name] = true
			for _, text := range []string{c.Name, c.Question, c.Why, c.Cure} {
				Expect(text).NotTo(BeEmpty(), c.Name)
			}
		}
	})
})

var _ = DescribeTable("Version",
	func(platform, version string, part string) {
		err := precheck.Version(platform, version)
		if part == "" {
			Expect(err).NotTo(HaveOccurred())
		} else {
			Expect(err).To(MatchError(ContainSubstring(part)))
		}
	},
	Entry("the floor of TAS", "tas", "4.0.1.0.0.20598726", ""),
	Entry("below it", "tas", "4.0.0.1.0.20159697", "needs 4.0.1 or later"),
	Entry("NSX 3", "tas", "3.2.3.0.0.1", "too old"),
	Entry("the floor of TKGI", "tkgi", "4.0.1.1.0.1", ""),
	Entry("below it", "tkgi", "4.0.1.0.0.1", "needs 4.0.1.1 or later"),
	Entry("Kubernetes has that of TKGI", "kubernetes", "4.0.1", "too old"),
	Entry("the newest NSX 4", "tas", "4.2.3.1", ""),
	Entry("NSX 9", "tas", "9.0.0.0", "no longer has the Manager API"),
	Entry("nonsense", "tas", "four", `"four"`),
	Entry("nothing", "tas", "", `""`),
)

var _ = DescribeTable("nsx-scale warns of a foundation that is too large for NSX 4.0",
	func(version string, ports int, verdict precheck.Verdict) {
		_, in := goodInput()
		in.Node.Version = version
		for range ports {
			in.Inventory.Objects = append(in.Inventory.Objects, &inventory.Object{Ref: mp.Ref{Type: mp.LogicalPort}})
		}
		Expect(result(in, "nsx-scale").Verdict).To(Equal(verdict))
	},
	Entry("large on 4.0", "4.0.1.1", 12_501, precheck.Warn),
	Entry("small on 4.0", "4.0.1.1", 12_500, precheck.OK),
	Entry("large on 4.1.1", "4.1.1", 12_501, precheck.OK),
	Entry("a version that is none", "four", 0, precheck.Fail),
)

var _ = DescribeTable("coordinator-idle [R7]",
	func(running bool, overall, promotion string, verdict precheck.Verdict) {
		api, in := goodInput()
		if !running {
			api.service.RuntimeState = "stopped"
		}
		api.status.Overall = overall
		if promotion == "" {
			delete(api.get, promotionStatePath)
		} else {
			api.get[promotionStatePath] = `{"mp_policy_promotion":"` + promotion + `"}`
		}
		r := result(in, "coordinator-idle")
		Expect(r.Verdict).To(Equal(verdict))
		if verdict == precheck.Fail {
			Expect(r.Text).To(Or(ContainSubstring(overall), ContainSubstring(promotion)))
		}
	},
	Entry("stopped", false, "", "", precheck.OK),
	Entry("never used", true, mp.StatusNotStarted, "PROMOTION_NOT_IN_PROGRESS", precheck.OK),
	Entry("done", true, mp.StatusSuccess, "PROMOTION_NOT_IN_PROGRESS", precheck.OK),
	Entry("an NSX without that call", true, mp.StatusSuccess, "", precheck.OK),
	Entry("at work", true, mp.StatusInProgress, "PROMOTION_NOT_IN_PROGRESS", precheck.Fail),
	Entry("half-way between its components", true, mp.StatusPaused, "PROMOTION_NOT_IN_PROGRESS", precheck.Fail),
	Entry("failed and not cleaned up", true, mp.StatusFailed, "PROMOTION_NOT_IN_PROGRESS", precheck.Fail),
	Entry("NSX's own promoter", true, mp.StatusNotStarted, "PROMOTION_IN_PROGRESS", precheck.Fail),
)

var _ = Describe("half-way [R7] [I8]", func() {
	It("names the cluster that must be finished first", func() {
		_, in := goodInput()
		in.HalfWay = func(context.Context) ([]inventory.HalfWay, error) {
			return []inventory.HalfWay{{Cluster: "cf-2", Manager: inventory.Count{N: 7}, Policy: inventory.Count{N: 3}}, {Policy: inventory.Count{N: 1}}}, nil
		}
		r := result(in, "half-way")
		Expect(r.Verdict).To(Equal(precheck.Fail))
		Expect(r.Text).To(Equal("cluster cf-2: 7 Manager, 3 Policy; shared objects: 0 Manager, 1 Policy"))
	})

	It("fails when it cannot tell", func() {
		_, in := goodInput()
		in.HalfWay = func(context.Context) ([]inventory.HalfWay, error) { return nil, errors.New("no answer") }
		Expect(result(in, "half-way").Verdict).To(Equal(precheck.Fail))
	})
})

var _ = DescribeTable("migration-right",
	func(answer string, verdict precheck.Verdict, part string) {
		api, in := goodInput()
		if answer == "" {
			delete(api.get, "/api/v1/aaa/user-info")
		} else {
			api.get["/api/v1/aaa/user-info"] = answer
		}
		r := result(in, "migration-right")
		Expect(r.Verdict).To(Equal(verdict))
		Expect(r.Text).To(ContainSubstring(part))
	},
	Entry("network engineer", `{"user_name":"bob","roles":[{"role":"network_engineer"}]}`, precheck.Fail, "network_engineer"),
	Entry("no role named", `{"user_name":"bob"}`, precheck.Warn, "bob"),
	Entry("an NSX that does not tell", "", precheck.Skipped, "does not tell"),
)

var _ = DescribeTable("single-product [R12]",
	func(platform, scope string, verdict precheck.Verdict) {
		api, in := goodInput()
		in.Platform, in.Node.Version = platform, "4.1.2"
		api.counts = map[string]int{`"` + scope + `"`: 2}
		Expect(result(in, "single-product").Verdict).To(Equal(verdict))
	},
	Entry("TAS finds its own objects", "tas", "ncp/cf_asg_name", precheck.OK),
	Entry("TAS finds TKGI", "tas", "pks/cluster", precheck.Fail),
	Entry("TAS finds Kubernetes", "tas", "ncp/network_policy", precheck.Fail),
	Entry("TAS finds OpenStack", "tas", "os-api-version", precheck.Fail),
	Entry("Kubernetes finds TAS", "kubernetes", "ncp/cf_asg_name", precheck.Fail),
	Entry("Kubernetes finds TKGI", "kubernetes", "pks/cluster", precheck.Fail),
	Entry("TKGI finds the Kubernetes in itself", "tkgi", "ncp/network_policy", precheck.OK),
)

// sectionJSON is a section in evaluation order: of NCP when it has a cluster.
func sectionJSON(name, cluster, more string) string {
	tags := "[]"
	if cluster != "" {
		tags = `[{"scope":"ncp/cluster","tag":"` + cluster + `"},{"scope":"ncp/version","tag":"1.1.0"}]`
	}
	return `{"id":"id-` + name + `","display_name":"` + name + `","section_type":"LAYER3","enforced_on":"VIF","tags":` + tags + more + `}`
}

var _ = DescribeTable("sections-in-between [R8]",
	func(verdict precheck.Verdict, part string, sections ...string) {
		api, in := goodInput()
		api.sections = sections
		r := result(in, "sections-in-between")
		Expect(r.Verdict).To(Equal(verdict))
		Expect(r.Text).To(ContainSubstring(part))
	},
	Entry("one between two of NCP", precheck.Fail, "admin (id-admin)", sectionJSON("a", "cf", ""), sectionJSON("admin", "", ""), sectionJSON("b", "cf", "")),
	Entry("one between two foundations", precheck.Fail, "admin (id-admin)", sectionJSON("a", "cf", ""), sectionJSON("admin", "", ""), sectionJSON("b", "cf-2", "")),
	Entry("above and below", precheck.OK, "2 sections", sectionJSON("top", "", ""), sectionJSON("a", "cf", ""), sectionJSON("b", "cf", ""), sectionJSON("bottom", "", "")),
	Entry("a gateway's section", precheck.OK, "2 sections", sectionJSON("a", "cf", ""), sectionJSON("edge", "", `,"enforced_on":"LOGICALROUTER"`), sectionJSON("b", "cf", "")),
	Entry("a Policy section's shadow", precheck.OK, "2 sections", sectionJSON("a", "cf", ""), sectionJSON("p", "", `,"_create_user":"nsx_policy"`), sectionJSON("b", "cf", "")),
	Entry("a layer-2 section", precheck.OK, "2 sections", sectionJSON("a", "cf", ""), sectionJSON("l2", "", `,"section_type":"LAYER2"`), sectionJSON("b", "cf", "")),
	Entry("the default section", precheck.OK, "1 sections", sectionJSON("a", "cf", ""), sectionJSON("default", "", `,"is_default":true`)),
	Entry("an answer that is none", precheck.Fail, "could not be checked", `[]`),
)

var _ = Describe("foreign-rules [R8]", func() {
	It("finds a rule that the administrator put into a section of NCP", func() {
		api, in := goodInput()
		api.rules = []string{
			`{"id":"r1","display_name":"temporary","section_id":"sect-1","_create_user":"admin"}`,
			`{"id":"r2","display_name":"elsewhere","section_id":"sect-admin","_create_user":"admin"}`,
		}
		r := result(in, "foreign-rules")
		Expect(r.Verdict).To(Equal(precheck.Fail))
		Expect(r.Text).To(Equal("rule temporary (r1) of admin in section asg"))
		Expect(api.queries).To(ContainElement(And(HavePrefix("resource_type:FirewallRule"), ContainSubstring(`NOT _create_user:"ncp"`))))
	})

	It("does not look when there is no section", func() {
		_, in := goodInput()
		in.Inventory.Objects = nil
		Expect(result(in, "foreign-rules").Verdict).To(Equal(precheck.Skipped))
	})
})

var _ = DescribeTable("orphans [R13]",
	func(scope mp.Scope, orphans []inventory.Orphan, verdict precheck.Verdict, text string) {
		_, in := goodInput()
		in.Scope, in.Inventory.Orphans = scope, orphans
		r := result(in, "orphans")
		Expect(r.Verdict).To(Equal(verdict))
		Expect(r.Text).To(ContainSubstring(text))
		in.Ignore = []string{"orphans"}
		Expect(result(in, "orphans").Ignored).To(Equal(verdict == precheck.Fail), "the operator may let them stay")
	},
	Entry("none", mp.NCP, nil, precheck.OK, "every part"),
	Entry("a rule that nothing names", mp.NCP, []inventory.Orphan{{ResourceType: "LbRule", ID: "r", Name: "rule"}}, precheck.Fail, "LbRule r (rule), which nothing names"),
	Entry("a route of a router that stays", mp.NCP, []inventory.Orphan{{ResourceType: "StaticRoute", ID: "r", Name: "route", Parent: mp.Ref{Type: mp.Tier1, ID: "t1"}}},
		precheck.Fail, "StaticRoute r (route) of TIER1/t1"),
	Entry("more than anybody reads", mp.NCP, make([]inventory.Orphan, 30), precheck.Fail, "and 20 more"),
	Entry("in scope shared", mp.Shared, nil, precheck.Skipped, "NCP-created"),
)

var _ = DescribeTable("lb-rules [R9]",
	func(rules int, verdict precheck.Verdict) {
		_, in := goodInput()
		names := map[string]string{}
		for i := range rules {
			names[fmt.Sprint(i)] = "rule"
		}
		in.Inventory.Objects[1].Names = names
		r := result(in, "lb-rules")
		Expect(r.Verdict).To(Equal(verdict))
		if verdict == precheck.Fail {
			Expect(r.Text).To(Equal("cf-http (vs-1) has 256 rules, 255 are allowed"))
			Expect(r.Cure).To(ContainSubstring("LoadBalancer CRDs"))
		}
	},
	Entry("255", 255, precheck.OK),
	Entry("256", 256, precheck.Fail),
)

var _ = DescribeTable("ncp-stopped [R7]",
	func(age time.Duration, verdict precheck.Verdict) {
		_, in := goodInput()
		in.Inventory.Objects[1].Modified = ago(age)
		r := result(in, "ncp-stopped")
		Expect(r.Verdict).To(Equal(verdict))
		if verdict == precheck.Warn {
			Expect(r.Text).To(And(ContainSubstring("cf-http"), ContainSubstring("9m59s")))
		}
	},
	Entry("quiet for ten minutes", 10*time.Minute, precheck.OK),
	Entry("not quite", 10*time.Minute-time.Second, precheck.Warn),
)

var _ = DescribeTable("ncp-stopped and backup do not take our own promotion or rollback for NCP at work [R7]",
	func(by string, verdict precheck.Verdict) {
		_, in := goodInput()
		in.Identity = "migrator"
		in.Inventory.Objects[1].Modified, in.Inventory.Objects[1].ModifiedBy = ago(time.Second), by
		Expect(result(in, "ncp-stopped").Verdict).To(Equal(verdict))
		Expect(result(in, "backup").Verdict).To(Equal(verdict))
	},
	Entry("nsx_policy", "nsx_policy", precheck.OK),
	Entry("our identity", "migrator", precheck.OK),
	Entry("NCP", "ncp", precheck.Warn),
	Entry("the administrator", "admin", precheck.Warn),
	Entry("an NSX that does not tell", "", precheck.Warn),
)

var _ = It("ncp-stopped sees NCP also where we work with its identity [R7]", func() {
	_, in := goodInput()
	in.Identity = "ncp"
	in.Inventory.Objects[1].Modified, in.Inventory.Objects[1].ModifiedBy = ago(time.Second), "ncp"
	Expect(result(in, "ncp-stopped").Verdict).To(Equal(precheck.Warn))
})

func tier0JSON(section string) string {
	return `{"display_name":"t0-main","firewall_sections":[{"target_id":"edge","target_display_name":"` + section + `"}]}`
}

var _ = DescribeTable("gateway-firewall warns of rules on the Tier-0 that may block containers, and names the cure [R11] [R22]",
	func(section string, verdict precheck.Verdict, rules ...string) {
		api, in := goodInput()
		api.get["/api/v1/logical-routers/t0"], api.edge = tier0JSON(section), rules
		r := result(in, "gateway-firewall")
		Expect(r.Verdict).To(Equal(verdict))
		if verdict == precheck.Warn {
			Expect(r.Text).To(And(ContainSubstring("t0-main"), ContainSubstring(section)))
			Expect(r.Cure).To(ContainSubstring("BYPASS, which migrated ones carry"))
		}
	},
	Entry("the default rule", "Default LR Layer3 Section", precheck.OK, `{"action":"ALLOW"}`),
	Entry("a default rule that drops", "Default LR Layer3 Section", precheck.Warn, `{"action":"DROP"}`),
	Entry("a rule beside the default one", "Default LR Layer3 Section", precheck.Warn, `{"action":"ALLOW"}`, `{"action":"ALLOW"}`),
	Entry("a section of the administrator", "edge rules", precheck.Warn, `{"action":"ALLOW"}`),
	Entry("an empty section of the administrator", "edge rules", precheck.OK),
)

var _ = It("gateway-firewall does not look where no Tier-0 is in use", func() {
	_, in := goodInput()
	in.Inventory.Objects = nil
	Expect(result(in, "gateway-firewall").Verdict).To(Equal(precheck.Skipped))
})

var _ = DescribeTable("backup [R6]",
	func(prepare func(*fakeAPI, *precheck.Input), verdict precheck.Verdict, part string) {
		api, in := goodInput()
		prepare(api, &in)
		r := result(in, "backup")
		Expect(r.Verdict).To(Equal(verdict))
		Expect(r.Text).To(ContainSubstring(part))
	},
	Entry("older than the last change", func(_ *fakeAPI, in *precheck.Input) { in.Inventory.Objects[0].Modified = ago(time.Minute) }, precheck.Warn, "asg"),
	Entry("none", func(a *fakeAPI, _ *precheck.Input) { a.get["/api/v1/cluster/backups/history"] = `{}` }, precheck.Warn, "no successful backup"),
	Entry("a failed one", func(a *fakeAPI, _ *precheck.Input) {
		a.get["/api/v1/cluster/backups/history"] = fmt.Sprintf(`{"cluster_backup_statuses":[{"end_time":%d,"success":false}]}`, ago(0))
	}, precheck.Warn, "no successful backup"),
	Entry("one by one", func(_ *fakeAPI, in *precheck.Input) { in.Strategy = "one-by-one" }, precheck.Skipped, "one-by-one"),
)

var _ = It("checks of NCP-created objects are skipped in scope shared, with the reason", func() {
	_, in := goodInput()
	in.Scope = mp.Shared
	for _, name := range []string{"sections-in-between", "foreign-rules", "ncp-stopped"} {
		r := result(in, name)
		Expect(r.Verdict).To(Equal(precheck.Skipped), name)
		Expect(r.Text).NotTo(BeEmpty())
	}
})

var _ = It("long lists are cut", func() {
	api, in := goodInput()
	for i := range 12 {
		api.rules = append(api.rules, fmt.Sprintf(`{"id":"r%d","display_name":"n%d","section_id":"sect-1","_create_user":"admin"}`, i, i))
	}
	Expect(result(in, "foreign-rules").Text).To(And(ContainSubstring("n9"), Not(ContainSubstring("n10")), HaveSuffix("and 2 more")))
})

var _ = It("an inventory without times is said to be so", func() {
	_, in := goodInput()
	in.Inventory = &inventory.Inventory{}
	Expect(result(in, "ncp-stopped").Text).To(ContainSubstring("no times"))
})
