package updates

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

// tags makes tags of "scope=value" texts.
func tags(texts ...string) []mp.Tag {
	var all []mp.Tag
	for _, text := range texts {
		scope, value, _ := strings.Cut(text, "=")
		all = append(all, mp.Tag{Scope: scope, Tag: value})
	}
	return all
}

func tasEnv() Env {
	return Env{
		Platform: "tas", Scope: mp.NCP, Cluster: "cf",
		IDMap: func(id string) (string, bool) {
			known := map[string]string{"pool-mp": "/infra/ip-pools/pool-policy", "sect-mp": "/infra/domains/default/security-policies/sect-policy"}
			path, ok := known[id]
			return path, ok
		},
		Workloads: workloads.None{},
	}
}

func builtInRules() *Rules {
	rules, err := LoadRules("")
	Expect(err).NotTo(HaveOccurred())
	return rules
}

func parsed(text string) *Rules {
	rules, err := ParseRules([]byte(text), "test")
	Expect(err).NotTo(HaveOccurred())
	return rules
}

// promoted is the Policy object that the promotion makes of an object.
func promoted(o Object) Current {
	current := Current{Name: o.Name, Tags: o.Tags}
	for id := range o.Names {
		current.RuleNames = append(current.RuleNames, id)
	}
	return current
}

func kubernetesSource() fakeWorkloads {
	return fakeWorkloads{
		"namespace_uid/shop":               "ns-uid",
		"service_uid/shop/web":             "svc-uid",
		"service_port/shop/web/8080":       "80",
		"service_port/shop/web/":           "81",
		"network_policy_uid/shop/deny-all": "np-uid",
	}
}

// fakeWorkloads knows every kind of fact.
type fakeWorkloads map[string]string

func (fakeWorkloads) Provides(workloads.Kind) bool { return true }

func (f fakeWorkloads) Read(context.Context) (workloads.Source, error) { return f, nil }

func (f fakeWorkloads) Lookup(kind workloads.Kind, keys ...string) (string, error) {
	key := string(kind) + "/" + strings.Join(keys, "/")
	if value, ok := f[key]; ok {
		return value, nil
	}
	return "", fmt.Errorf("looking up %s: %w", key, workloads.ErrNotFound)
}

var _ = DescribeTable("the built-in rules on TAS [R15]",
	func(o Object, set, remove []mp.Tag) {
		o.ID = "id-1"
		delta, err := builtInRules().Delta(o, promoted(o), tasEnv())
		Expect(err).NotTo(HaveOccurred())
		Expect(delta.SetTags).To(ConsistOf(set))
		Expect(delta.RemoveTags).To(ConsistOf(remove))
	},
	Entry("raise the version of the tag schema",
		Object{Type: mp.Tier1, Tags: tags("ncp/cluster=cf", "ncp/version=1.1.0")},
		tags("ncp/version=1.2.0"), tags("ncp/version=1.1.0")),
	Entry("leave an object alone that has it",
		Object{Type: mp.Tier1, Tags: tags("ncp/cluster=cf", "ncp/version=1.2.0", "ncp/project=org")}, nil, nil),
	Entry("turn a virtual server's external pool into its Policy id under the new scope",
		Object{Type: mp.LBVirtualServer, Tags: tags("ncp/version=1.2.0", "ext_pool_id=pool-mp")},
		tags("ncp/ip_pool_id=pool-policy"), tags("ext_pool_id=pool-mp")),
	Entry("turn a router's external pool into its Policy id",
		Object{Type: mp.Tier1, Tags: tags("ncp/version=1.2.0", "ncp/extpoolid=pool-mp")},
		tags("ncp/extpoolid=pool-policy"), tags("ncp/extpoolid=pool-mp")),
	Entry("turn a port's health-check section into its policy's id",
		Object{Type: mp.LogicalPort, Tags: tags("ncp/version=1.2.0", "ncp/hc_sect_id=sect-mp")},
		tags("ncp/hc_sect_id=sect-policy"), tags("ncp/hc_sect_id=sect-mp")),
	Entry("tell what a SNAT address is for",
		Object{Type: mp.IPPoolAllocation, Facts: map[mp.Fact]string{"owner_kind": "snat", "owner_project": "org"}},
		tags("ncp/cluster=cf", "ncp/version=1.2.0", "ncp/project=org", "ncp/created_for=snat"), nil),
	Entry("tell what a virtual server's address is for",
		Object{Type: mp.IPPoolAllocation, Facts: map[mp.Fact]string{"owner_kind": "lb_virtual_server", "owner_lb_vs_type": "http"}},
		tags("ncp/cluster=cf", "ncp/version=1.2.0", "ncp/created_for=l7_per_namespace"), nil),
	Entry("ask for no Kubernetes identities",
		Object{Type: mp.LogicalPort, Tags: tags("ncp/version=1.2.0", "ncp/project=org", "ncp/pod=app", "ncp/pod_uid=u")}, nil, nil),
)

var _ = DescribeTable("the built-in rules on Kubernetes",
	func(o Object, set []mp.Tag) {
		env := tasEnv()
		env.Platform, env.Workloads = "kubernetes", kubernetesSource()
		delta, err := builtInRules().Delta(o, promoted(o), env)
		Expect(err).NotTo(HaveOccurred())
		Expect(delta.SetTags).To(ConsistOf(set))
		Expect(delta.RemoveTags).To(BeEmpty())
	},
	Entry("namespace", Object{Type: mp.Tier1, Tags: tags("ncp/project=shop")}, tags("ncp/project_uid=ns-uid")),
	Entry("pod", Object{Type: mp.LogicalPort, Tags: tags("ncp/project=shop", "ncp/pod_uid=p")}, tags("ncp/project_uid=ns-uid", "external_id=p")),
	Entry("pool behind a service's virtual server",
		Object{Type: mp.LBPool, Tags: tags("ncp/project=shop", "ncp/service=web"),
			Facts: map[mp.Fact]string{"used_by": "l4_server", "server_port": "443", "server_protocol": "TCP"}},
		tags("ncp/project_uid=ns-uid", "ncp/service_uid=svc-uid", "external_id=svc-uid", "ncp/created_for=SLB", "ncp/service_port=443", "ncp/service_port_protocol=TCP")),
	Entry("pool behind ingresses",
		Object{Type: mp.LBPool, Tags: tags("ncp/project=shop", "ncp/service=web"), Facts: map[mp.Fact]string{"used_by": "lb_rule", "member_port": "8080"}},
		tags("ncp/project_uid=ns-uid", "ncp/created_for=SLB", "ncp/service_port=80")),
	Entry("pool that nobody uses, without members",
		Object{Type: mp.LBPool, Tags: tags("ncp/project=shop", "ncp/service=web")},
		tags("ncp/project_uid=ns-uid", "ncp/created_for=SLB", "ncp/service_port=81")),
	Entry("virtual server of a service",
		Object{Type: mp.LBVirtualServer, Tags: tags("ncp/project=shop", "ncp/service=web"), Facts: map[mp.Fact]string{"server_port": "443", "server_protocol": "UDP"}},
		tags("ncp/project_uid=ns-uid", "ncp/lb_vs_type=layer_4", "ncp/service_uid=svc-uid", "external_id=svc-uid", "ncp/created_for=SLB", "ncp/service_port_protocol=UDP")),
	Entry("virtual server of the ingresses of a namespace", Object{Type: mp.LBVirtualServer, Tags: tags("ncp/project=shop", "ncp/lb_vs_type=http")},
		tags("ncp/project_uid=ns-uid", "external_id=ns-uid", "ncp/created_for=SLB")),
	Entry("virtual server of all ingresses", Object{Type: mp.LBVirtualServer, Tags: tags("ncp/lb_vs_type=https_terminated")},
		tags("external_id=31393dd1-d857-5903-99a7-3a96858e7631", "ncp/created_for=SLB")),
	Entry("default certificate", Object{Type: mp.Certificate, Facts: map[mp.Fact]string{"used_by": "default_certificate"}},
		tags("external_id=31393dd1-d857-5903-99a7-3a96858e7631")),
	Entry("persistence by source address", Object{Type: mp.LBPersistenceProfile, Facts: map[mp.Fact]string{"resource_type": "LbSourceIpPersistenceProfile"}},
		tags("external_id=31393dd1-d857-5903-99a7-3a96858e7631")),
	Entry("persistence by cookie", Object{Type: mp.LBPersistenceProfile, Facts: map[mp.Fact]string{"resource_type": "LbCookiePersistenceProfile"}}, nil),
	Entry("address of a service",
		Object{Type: mp.IPPoolAllocation, Facts: map[mp.Fact]string{"owner_kind": "lb_virtual_server", "owner_project": "shop", "owner_service": "web"}},
		tags("ncp/cluster=cf", "ncp/version=1.2.0", "ncp/project=shop", "ncp/project_uid=ns-uid", "ncp/service_uid=svc-uid", "ncp/created_for=l4_service")),
	Entry("network policy", Object{Type: mp.IPSet, Tags: tags("ncp/project=shop", "ncp/network_policy=deny-all")},
		tags("ncp/project_uid=ns-uid", "ncp/network_policy_uid=np-uid")),
)

var _ = Describe("Delta", func() {
	It("restores the name of a certificate, of shared ones too", func() {
		o := Object{Type: mp.Certificate, Name: "pks-1234"}
		for _, scope := range []mp.Scope{mp.NCP, mp.Shared} {
			env := tasEnv()
			env.Scope = scope
			delta, err := builtInRules().Delta(o, Current{Name: "internal-7"}, env)
			Expect(err).NotTo(HaveOccurred())
			Expect(*delta.DisplayName).To(Equal("pks-1234"))
			Expect(builtInRules().Delta(o, Current{Name: "pks-1234"}, env)).To(BeZero())
		}
	})

	It("restores the names of load-balancer rules that still carry their Manager id", func() {
		o := Object{Type: mp.LBVirtualServer, Names: map[string]string{"r1": "shop-a", "r2": "shop-b", "r3": "", "r4": "r4"}}
		delta, err := builtInRules().Delta(o, Current{RuleNames: []string{"r1", "shop-b", "r3", "r4"}}, tasEnv())
		Expect(err).NotTo(HaveOccurred())
		Expect(delta).To(Equal(records.Delta{RuleNames: map[string]string{"r1": "shop-a"}}))
	})

	It("says so when a load-balancer rule has vanished [R15]", func() {
		o := Object{Type: mp.LBVirtualServer, ID: "vs-1", Name: "cf-http", Names: map[string]string{"r1": "shop-a"}}
		_, err := builtInRules().Delta(o, Current{RuleNames: []string{"other"}}, tasEnv())
		Expect(err).To(MatchError(And(ContainSubstring("vs-1"), ContainSubstring("cf-http"), ContainSubstring(`"r1"`), ContainSubstring(`"shop-a"`))))
	})

	It("changes nothing on shared objects but lost names", func() {
		env := tasEnv()
		env.Scope = mp.Shared
		o := Object{Type: mp.Tier0, Tags: tags("ncp/version=1.1.0")}
		Expect(builtInRules().Delta(o, promoted(o), env)).To(BeZero())
		Expect(builtInRules().Touches(mp.Tier0, env)).To(BeFalse())
		Expect(builtInRules().Touches(mp.Certificate, env)).To(BeTrue())
	})

	It("lists every missing thing of an object with its name and a cure [R15]", func() {
		o := Object{Type: mp.LBVirtualServer, ID: "vs-1", Name: "cf-http", Tags: tags("ext_pool_id=gone", "ncp/extpoolid=gone-too")}
		_, err := builtInRules().Delta(o, promoted(o), tasEnv())
		var not *NotInferred
		Expect(errors.As(err, &not)).To(BeTrue())
		Expect(not.Problems).To(HaveLen(2))
		Expect(not.Problems[0].Error()).To(And(ContainSubstring("LB_VIRTUAL_SERVER"), ContainSubstring("vs-1"), ContainSubstring("cf-http"),
			ContainSubstring("ext_pool_id"), ContainSubstring(`"gone"`), ContainSubstring("migration.update_rules")))
		Expect(not.Problems[1].Error()).To(ContainSubstring(`"gone-too"`))
	})

	It("says which workload is missing [R15]", func() {
		env := tasEnv()
		env.Platform, env.Workloads = "kubernetes", fakeWorkloads{}
		o := Object{Type: mp.LogicalSwitch, ID: "ls-1", Tags: tags("ncp/project=shop")}
		_, err := builtInRules().Delta(o, promoted(o), env)
		Expect(err).To(MatchError(And(ContainSubstring("ls-1"), ContainSubstring("namespace_uid/shop"))))
	})

	It("keeps a tag that a group criterion asks for beside the new one [R15]", func() {
		env := tasEnv()
		env.CriteriaScopes = map[string]bool{"ncp/version": true}
		o := Object{Type: mp.LogicalPort, Tags: tags("ncp/version=1.1.0")}
		delta, err := builtInRules().Delta(o, promoted(o), env)
		Expect(err).NotTo(HaveOccurred())
		Expect(delta).To(Equal(records.Delta{SetTags: tags("ncp/version=1.2.0")}))
	})

	It("leaves a tag alone that somebody else added to the Policy object [I6]", func() {
		o := Object{Type: mp.Tier1, Tags: tags("ncp/version=1.1.0")}
		delta, err := builtInRules().Delta(o, Current{Tags: tags("ncp/version=1.1.0", "ncp/version=9")}, tasEnv())
		Expect(err).NotTo(HaveOccurred())
		Expect(delta.RemoveTags).To(Equal(tags("ncp/version=1.1.0")))
	})

	It("is empty once the Policy object shows it", func() {
		o := Object{Type: mp.Tier1, Tags: tags("ncp/version=1.1.0", "ncp/extpoolid=pool-mp")}
		Expect(builtInRules().Delta(o, Current{Tags: tags("ncp/extpoolid=pool-policy", "ncp/version=1.2.0")}, tasEnv())).To(BeZero())
	})

	It("maps every tag of a scope that an object carries several times", func() {
		rules := parsed(oneRule("types: [TIER1], set: {tag: new, from: tag, of: old, replaces: old}"))
		o := Object{Type: mp.Tier1, Tags: tags("old=a", "old=b", "x=y")}
		Expect(rules.Delta(o, promoted(o), tasEnv())).To(Equal(records.Delta{SetTags: tags("new=a", "new=b"), RemoveTags: tags("old=a", "old=b")}))
	})

	DescribeTable("refuses what would exceed NSX's limits, naming the object [R15]",
		func(rule string, labels int, part string) {
			o := Object{Type: mp.LogicalPort, ID: "port-1", Name: "app"}
			for i := range labels {
				o.Tags = append(o.Tags, mp.Tag{Scope: fmt.Sprintf("label-%d", i), Tag: "x"})
			}
			_, err := parsed(oneRule("types: [LOGICAL_PORT], set: {"+rule+"}")).Delta(o, promoted(o), tasEnv())
			Expect(err).To(MatchError(And(ContainSubstring("port-1"), ContainSubstring(part))))
		},
		Entry("31 tags", "tag: a, from: constant, of: b", 30, "31 tags"),
		Entry("a scope of 129 characters", "tag: "+strings.Repeat("s", 129)+", from: constant, of: b", 0, "128 characters"),
		Entry("a value of 257 characters", "tag: a, from: constant, of: "+strings.Repeat("v", 257), 0, "256 for a value"),
	)

	It("admits exactly 30 tags, and counts characters rather than bytes", func() {
		o := Object{Type: mp.LogicalPort}
		for i := range 29 {
			o.Tags = append(o.Tags, mp.Tag{Scope: fmt.Sprintf("label-%d", i), Tag: "x"})
		}
		rules := parsed(oneRule("types: [LOGICAL_PORT], set: {tag: " + strings.Repeat("ü", 128) + ", from: constant, of: b}"))
		delta, err := rules.Delta(o, promoted(o), tasEnv())
		Expect(err).NotTo(HaveOccurred())
		Expect(delta.SetTags).To(HaveLen(1))
	})
})

var _ = DescribeTable("the words of a rule",
	func(rule string, want records.Delta) {
		o := Object{Type: mp.Tier1, Tags: tags("a=1", "b=2"), Facts: map[mp.Fact]string{"parent": "x"}}
		Expect(parsed(oneRule("types: ['*'], "+rule)).Delta(o, promoted(o), tasEnv())).To(Equal(want))
	},
	Entry("drop", "drop: a", records.Delta{RemoveTags: tags("a=1")}),
	Entry("keep", "set: {tag: c, from: tag, of: a, replaces: a, keep: true}", records.Delta{SetTags: tags("c=1")}),
	Entry("cluster", "set: {tag: c, from: cluster}", records.Delta{SetTags: tags("c=cf")}),
	Entry("fact", "set: {tag: c, from: fact, of: parent}", records.Delta{SetTags: tags("c=x")}),
	Entry("when a tag has the value", "when: [{tag: a, is: '1'}], drop: b", records.Delta{RemoveTags: tags("b=2")}),
	Entry("when a tag has another value", "when: [{tag: a, is: '2'}], drop: b", records.Delta{}),
	Entry("when a tag is absent", "when: [{tag: c, absent: true}], drop: b", records.Delta{RemoveTags: tags("b=2")}),
	Entry("when a tag should be absent", "when: [{tag: a, absent: true}], drop: b", records.Delta{}),
	Entry("when a fact has the value", "when: [{fact: parent, is: x}], drop: b", records.Delta{RemoveTags: tags("b=2")}),
	Entry("when a fact is unknown", "when: [{fact: switch}], drop: b", records.Delta{}),
	Entry("another platform", "platforms: [tkgi], drop: b", records.Delta{}),
	Entry("another scope", "scopes: [shared], drop: b", records.Delta{}),
	Entry("this platform", "platforms: [tas], drop: b", records.Delta{RemoveTags: tags("b=2")}),
)

var _ = DescribeTable("a value that cannot be found is an error",
	func(set, part string) {
		o := Object{Type: mp.Tier1, ID: "t1"}
		env := tasEnv()
		env.Workloads = kubernetesSource()
		_, err := parsed(oneRule("types: [TIER1], set: {tag: c, "+set+"}")).Delta(o, promoted(o), env)
		Expect(err).To(MatchError(And(ContainSubstring("t1"), ContainSubstring(part))))
	},
	Entry("tag", "from: tag, of: a", "no tag a"),
	Entry("id map", "from: id_map, of: a", "no tag a"),
	Entry("fact", "from: fact, of: parent", "no fact parent"),
	Entry("key of a lookup", "from: lookup, of: namespace_uid, by: [ncp/project]", "no tag ncp/project"),
)

var _ = Describe("Preview", func() {
	It("finds in phase 1 what phase 3 could not infer, all of it [R13] [R15]", func() {
		objects := []Object{
			{Type: mp.LBVirtualServer, ID: "vs-1", Tags: tags("ext_pool_id=gone"), Names: map[string]string{"r1": "a"}},
			{Type: mp.LBVirtualServer, ID: "vs-2", Tags: tags("ext_pool_id=pool-mp"), Names: map[string]string{"r2": "b"}},
			{Type: mp.Tier1, ID: "t1", Tags: tags("ncp/extpoolid=gone")},
			{Type: mp.Tier1Port, ID: "t2", Tags: tags("ncp/extpoolid=gone")}, // becomes part of segments
		}
		err := Preview(builtInRules(), slices.Values(objects), tasEnv())
		Expect(err).To(MatchError(And(ContainSubstring("2 objects cannot"), ContainSubstring("vs-1"), ContainSubstring("t1"), Not(ContainSubstring("vs-2")))))
	})

	It("finds nothing where all can be inferred", func() {
		Expect(Preview(builtInRules(), slices.Values([]Object{{Type: mp.Tier1, ID: "t1"}}), tasEnv())).To(Succeed())
	})

	It("speaks of missing workloads, of each once, with the number of objects that need it and the right cure [R13]", func() {
		env := tasEnv()
		env.Platform, env.Workloads = "kubernetes", workloads.NewCluster()
		var objects []Object
		for i := range 57 {
			objects = append(objects, Object{Type: mp.NAT, ID: fmt.Sprintf("n%02d", i), Name: "snat", Tags: tags("ncp/project=team-0003")})
		}
		objects = append(objects, Object{Type: mp.LBVirtualServer, ID: "vs", Name: "web", Tags: tags("ncp/project=shop", "ncp/service=web"), Facts: map[mp.Fact]string{"server_protocol": "TCP"}})
		err := Preview(builtInRules(), slices.Values(objects), env)
		Expect(err).To(MatchError(And(
			ContainSubstring("58 objects cannot"),
			ContainSubstring("\n  Namespace team-0003 is missing; 57 objects need it, first NAT \"snat\" (n00)\n"),
			ContainSubstring("\n  Namespace shop is missing; 1 object needs it: LB_VIRTUAL_SERVER \"web\" (vs)\n"),
			ContainSubstring("start NCP in Manager mode"), Not(ContainSubstring("migration.update_rules")))))
		Expect(strings.Count(err.Error(), "\n")).To(Equal(3))
	})

	It("bounds what it says of missing workloads", func() {
		env := tasEnv()
		env.Platform, env.Workloads = "kubernetes", workloads.NewCluster()
		var objects []Object
		for i := range 1000 {
			objects = append(objects, Object{Type: mp.NAT, ID: fmt.Sprintf("n%d", i), Tags: tags(fmt.Sprintf("ncp/project=team-%04d", i))})
		}
		err := Preview(builtInRules(), slices.Values(objects), env)
		Expect(err).To(MatchError(ContainSubstring("and 980 more workloads are missing")))
		Expect(strings.Count(err.Error(), "\n")).To(Equal(22))
	})
})

var _ = Describe("a tag that is optional", func() {
	port := func(labels int) Object {
		o := Object{Type: mp.LogicalPort, ID: "p1", Name: "web-0", Tags: tags("ncp/version=1.1.0", "ncp/project=shop", "ncp/pod_uid=u")}
		for i := range labels {
			o.Tags = append(o.Tags, mp.Tag{Scope: fmt.Sprintf("label-%d", i), Tag: "x"})
		}
		return o
	}
	env := func() Env {
		e := tasEnv()
		e.Platform, e.Workloads = "kubernetes", kubernetesSource()
		return e
	}

	It("is set where there is room for it", func() {
		e := env()
		e.LeaveOutOptional = true
		delta, err := builtInRules().Delta(port(25), promoted(port(25)), e)
		Expect(err).NotTo(HaveOccurred())
		Expect(delta.SetTags).To(ConsistOf(tags("ncp/version=1.2.0", "ncp/project_uid=ns-uid", "external_id=u")))
	})

	It("is named as what can be left out where there is no room for it [R13]", func() {
		_, err := builtInRules().Delta(port(26), promoted(port(26)), env())
		Expect(err).To(MatchError(And(ContainSubstring("31 tags"), ContainSubstring("web-0"),
			ContainSubstring("external_id"), ContainSubstring("migration.leave_out_optional_tags"))))
	})

	It("is counted in phase 1 on all ports that have no room for it, apart from those that it does not help [R13]", func() {
		var ports []Object
		for i := range 1000 {
			p := port(26 + i%4/3) // every fourth has one more than leaving out helps
			p.ID, p.Name = fmt.Sprintf("p%d", i), fmt.Sprintf("web-%d", i)
			ports = append(ports, p)
		}
		err := Preview(builtInRules(), slices.Values(ports), env())
		Expect(err).To(MatchError(And(
			ContainSubstring("1000 objects cannot"),
			MatchRegexp(`\n  750 objects would have more tags than the 30 that NSX allows: first LOGICAL_PORT "web-0" \(p0\) with 31, .*leave_out_optional_tags: true\n`),
			MatchRegexp(`\n  250 objects would have more tags than the 30 that NSX allows: first LOGICAL_PORT "web-3" \(p3\) with 32, .*fewer labels on the workload\)$`),
		)))
		Expect(strings.Count(err.Error(), "\n")).To(Equal(2))
	})

	It("is left out there when the operator says so, and stays left out when the object is read again [R13]", func() {
		e := env()
		e.LeaveOutOptional = true
		var left []string
		e.LeftOut = func(o Object, tag string) { left = append(left, o.Name+" "+tag) }
		delta, err := builtInRules().Delta(port(26), promoted(port(26)), e)
		Expect(err).NotTo(HaveOccurred())
		Expect(delta.SetTags).To(ConsistOf(tags("ncp/version=1.2.0", "ncp/project_uid=ns-uid")))
		Expect(left).To(ConsistOf("web-0 external_id"))

		updated := Current{Name: "web-0", Tags: append(slices.DeleteFunc(slices.Clone(port(26).Tags), func(t mp.Tag) bool { return t.Scope == "ncp/version" }), delta.SetTags...)}
		again, err := builtInRules().Delta(port(26), updated, e)
		Expect(err).NotTo(HaveOccurred())
		Expect(again.SetTags).To(BeEmpty())
	})

	It("does not help where even without it there are too many tags", func() {
		e := env()
		e.LeaveOutOptional = true
		_, err := builtInRules().Delta(port(27), promoted(port(27)), e)
		Expect(err).To(MatchError(And(ContainSubstring("31 tags"), Not(ContainSubstring("leave_out")))))
	})
})

var _ = It("rename gives virtual servers of ingresses the end that NCP gives them in Policy mode, and only once [R15]", func() {
	env := tasEnv()
	env.Platform, env.Workloads = "tkgi", kubernetesSource()
	for name, want := range map[string]string{"cf-http": "cf_http", "cf_http": "", "other": ""} {
		o := Object{Type: mp.LBVirtualServer, Name: name, Tags: tags("ncp/lb_vs_type=http")}
		delta, err := builtInRules().Delta(o, promoted(o), env)
		Expect(err).NotTo(HaveOccurred())
		if want == "" {
			Expect(delta.DisplayName).To(BeNil(), name)
			continue
		}
		Expect(*delta.DisplayName).To(Equal(want))
		again, err := builtInRules().Delta(o, Current{Name: want, Tags: append(o.Tags, delta.SetTags...)}, env)
		Expect(err).NotTo(HaveOccurred())
		Expect(again.DisplayName).To(BeNil())
	}
})

var _ = It("NotInferred shows a few problems and counts the others", func() {
	err := &NotInferred{}
	for i := range 8 {
		err.Problems = append(err.Problems, &Problem{Type: mp.Tier1, ID: fmt.Sprintf("t%d", i)})
	}
	Expect(err.Error()).To(And(ContainSubstring("8 objects cannot"), ContainSubstring("t4"), Not(ContainSubstring("t5")), ContainSubstring("and 3 more")))
})
