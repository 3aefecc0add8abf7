package config_test

import (
	"encoding/json"
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
)

var (
	tier0s   = config.Kind{Key: "tier0_routers", Type: "TIER0", Router: true, MigrateConfig: true}
	tier1s   = config.Kind{Key: "tier1_routers", Type: "TIER1", Router: true}
	pools    = config.Kind{Key: "ip_pools", Type: "IPPOOL", Allocations: true}
	groups   = config.Kind{Key: "ns_groups", Type: "NS_GROUP"}
	allKinds = []config.Kind{tier0s, tier1s, pools, groups}
)

func parseSpec(text string) (*config.UserSpec, error) {
	return config.LoadUserSpec(file("user-spec.yaml", text), allKinds)
}

var _ = Describe("user-spec.yaml", func() {
	It("lists shared objects by name or id, with what belongs to them [R3]", func() {
		spec, err := parseSpec(`
version: 1
shared:
  tier0_routers:
  - t0-pas
  - name: t0-dmz
    policy_id: dmz
    migrate_config: true
  tier1_routers:
  - id: 8f3c
    static_routes: [to-dmz, {id: r-2, policy_id: route}]
    ports:
    - name: uplink
  ip_pools:
  - name: snat
    ip_allocations:
      10.0.0.7: dns-server
      "2001:db8::1": ntp-server
  ns_groups:
  - name: "7"
    metadata:
    - {key: sequence, value: 5}
    linked_ids:
    - {key: subnet_id, value: ""}
custom_resources:
  ns_groups:
    custom-1:
      policy_id: mine
      metadata: [{key: a, value: b}]
    custom-2:
`)
		Expect(err).NotTo(HaveOccurred())
		Expect(spec.Path).To(HaveSuffix("user-spec.yaml"))
		Expect(spec.Shared).To(Equal([]config.SpecEntry{
			{Kind: tier0s, Line: 5, NameOrID: "t0-pas"},
			{Kind: tier0s, Line: 6, Name: "t0-dmz", PolicyID: "dmz", MigrateConfig: true},
			{Kind: tier1s, Line: 10, ID: "8f3c",
				StaticRoutes: []config.SpecRef{{Line: 11, NameOrID: "to-dmz"}, {Line: 11, ID: "r-2", PolicyID: "route"}},
				Ports:        []config.SpecRef{{Line: 13, Name: "uplink"}}},
			{Kind: pools, Line: 15, Name: "snat", Allocations: []config.Allocation{
				{Line: 17, IP: "10.0.0.7", PolicyID: "dns-server"}, {Line: 18, IP: "2001:db8::1", PolicyID: "ntp-server"}}},
			{Kind: groups, Line: 20, Name: "7", Metadata: []config.KeyValue{{"sequence", "5"}}, LinkedIDs: []config.KeyValue{{"subnet_id", ""}}},
		}))
		Expect(spec.Custom).To(Equal([]config.SpecEntry{
			{Kind: groups, Line: 27, ID: "custom-1", PolicyID: "mine", Metadata: []config.KeyValue{{"a", "b"}}},
			{Kind: groups, Line: 30, ID: "custom-2"},
		}))
		Expect(spec.Shared[0].Label()).To(Equal("t0-pas"))
	})

	DescribeTable("may be empty, or a form that is not filled in",
		func(text string) {
			spec, err := parseSpec(text)
			Expect(err).NotTo(HaveOccurred())
			Expect(spec.Shared).To(BeEmpty())
		},
		Entry("empty", ""),
		Entry("a comment", "# nothing\n"),
		Entry("only a document's mark", "---\n"),
		Entry("empty lists", "version: 1\nshared:\n  tier0_routers: []\n  ip_pools:\n"),
		Entry("no list", "version: 1\nshared:\ncustom_resources:\nk8s-clusters:\n"),
	)

	It("accepts the nesting of NCP's own importer where its classes are types that we know", func() {
		spec, err := parseSpec(`
version: 1
shared:
  ip_pools:
  - name: p
    ip-allocations: {10.0.0.1: a}
k8s-clusters:
  cluster-1:
    SomeShell:
      NS_GROUP:
        custom_resources:
          g-1: {linked_ids: [{key: k, value: v}]}
`)
		Expect(err).NotTo(HaveOccurred())
		Expect(spec.Shared[0].Allocations).To(HaveLen(1))
		Expect(spec.Custom).To(Equal([]config.SpecEntry{
			{Kind: groups, Line: 12, Cluster: "cluster-1", ID: "g-1", LinkedIDs: []config.KeyValue{{"k", "v"}}},
		}))
	})

	DescribeTable("is refused with line, key and cure [I10]",
		func(text string, problem ...string) {
			_, err := parseSpec(text)
			Expect(problemsOf(err)).To(HaveLen(1))
			for _, part := range append(problem, "user-spec.yaml") {
				Expect(err).To(MatchError(ContainSubstring(part)))
			}
		},
		Entry("no version", "shared: {}\n", "line 1", "version: is missing: write version: 1"),
		Entry("another version", "version: 2\n", "line 1", `version: is "2"`, "this release reads version 1"),
		Entry("a list", "- a\n", "line 1", "is a list (- item): write a mapping"),
		Entry("a text", "hello\n", "line 1", "is a text: write a mapping"),
		Entry("unknown section", "version: 1\nshard: {}\n", "line 2", "shard: unknown key", "shared"),
		Entry("unknown type", "version: 1\nshared:\n  tier2_routers: []\n", "line 3", "shared.tier2_routers: unknown key", "tier0_routers"),
		Entry("unknown key of an entry", "version: 1\nshared:\n  ns_groups:\n  - nmae: a\n    id: b\n", "line 4", "shared.ns_groups[0].nmae: unknown key", "policy_id"),
		Entry("a key of another type", "version: 1\nshared:\n  ns_groups:\n  - name: a\n    migrate_config: true\n", "line 5", "migrate_config: unknown key"),
		Entry("neither name nor id", "version: 1\nshared:\n  ns_groups:\n  - policy_id: a\n", "line 4", "has neither name nor id"),
		Entry("both name and id", "version: 1\nshared:\n  ns_groups:\n  - {name: a, id: b}\n", "line 4", `has both name "a" and id "b"`),
		Entry("an empty name", "version: 1\nshared:\n  ns_groups:\n  - \"\"\n", "line 4", "is empty: write a text"),
		Entry("the same object twice", "version: 1\nshared:\n  ns_groups:\n  - a\n  - name: a\n", "line 5", `"a" stands in line 4 already`),
		Entry("the same Policy id twice", "version: 1\nshared:\n  ns_groups:\n  - {name: a, policy_id: p}\n  - {name: b, policy_id: p}\n", "line 5", `policy_id "p" is given in line 4`),
		Entry("a key twice", "version: 1\nshared:\n  ns_groups: [a]\n  ns_groups: [b]\n", "line 4", "stands in line 3 already"),
		Entry("a mapping for a list", "version: 1\nshared:\n  ns_groups:\n    name: a\n", "line 4", "shared.ns_groups: is a mapping (key: value): write a list"),
		Entry("a list for a text", "version: 1\nshared:\n  ns_groups:\n  - name: [a]\n", "line 4", "name: is a list"),
		Entry("a text for a truth", "version: 1\nshared:\n  tier0_routers:\n  - name: a\n    migrate_config: maybe\n", "line 5", `migrate_config: is "maybe": write true or false`),
		Entry("no address", "version: 1\nshared:\n  ip_pools:\n  - name: a\n    ip_allocations: {ten: a}\n", "line 5", "ip_allocations.ten: is not an IP address"),
		Entry("no pair", "version: 1\nshared:\n  ns_groups:\n  - name: a\n    metadata: [b]\n", "line 5", "metadata[0]"),
		Entry("half a pair", "version: 1\nshared:\n  ns_groups:\n  - name: a\n    metadata: [{value: b}]\n", "line 5", "metadata[0]: is not a pair"),
		Entry("nothing for a pair", "version: 1\nshared:\n  ns_groups:\n  - name: a\n    metadata: [null]\n", "line 5", "metadata[0]: is not a pair"),
		Entry("an alias", "version: 1\nshared:\n  ns_groups: &g [a]\n  ip_pools: *g\n", "line 4", "shared.ip_pools: is an alias (*g)"),
		Entry("a merge", "version: 1\nshared:\n  ns_groups:\n  - name: a\n    <<: {id: b}\n", "line 5", "<<: unknown key"),
		Entry("a key that is no text", "version: 1\n? [a]\n: b\n", "line 2", "a key must be a text"),
		Entry("an unknown class", "version: 1\nk8s-clusters:\n  c:\n    Shell:\n      NSGroupImporter:\n        custom_resources:\n", "line 5", "NSGroupImporter: unknown class", "custom_resources"),
		Entry("tabs", "version: 1\nshared:\n\tns_groups: []\n", "not YAML: line 3", "here are tabs"),
		Entry("no YAML", "version: [1\n", "not YAML"),
		Entry("two documents", "version: 1\n---\nversion: 1\n", "one document only"),
		Entry("too large", strings.Repeat("#", maxFile+1), "larger than 4 MiB"),
	)

	DescribeTable("is refused where it gives an id that NSX would refuse, with line and proposal [R3] [I10]",
		func(id, proposal string) {
			text, err := json.Marshal(id)
			Expect(err).NotTo(HaveOccurred())
			_, err = parseSpec(strings.ReplaceAll(`version: 1
shared:
  ns_groups:
  - {name: a, policy_id: ID}
  tier1_routers:
  - name: b
    static_routes:
    - {name: c, policy_id: ID}
    ports: [{id: d, policy_id: ID}]
  ip_pools:
  - name: e
    ip_allocations:
      10.0.0.7: ID
custom_resources:
  ns_groups:
    f: {policy_id: ID}
k8s-clusters:
  cluster:
    Shell:
      TIER1:
        custom_resources:
          g: {policy_id: ID}
`, "ID", string(text)))
			problems := problemsOf(err)
			Expect(problems).To(HaveExactElements(
				HavePrefix("line 4: shared.ns_groups[0].policy_id: "),
				HavePrefix("line 8: shared.tier1_routers[0].static_routes[0].policy_id: "),
				HavePrefix("line 9: shared.tier1_routers[0].ports[0].policy_id: "),
				HavePrefix("line 13: shared.ip_pools[0].ip_allocations.10.0.0.7: "),
				HavePrefix("line 16: custom_resources.ns_groups.f.policy_id: "),
				HavePrefix("line 22: k8s-clusters.cluster.Shell.TIER1.custom_resources.g.policy_id: "),
			))
			for _, p := range problems {
				Expect(p).To(ContainSubstring("is no id that NSX takes"))
				Expect(p).To(HaveSuffix(fmt.Sprintf("; %q would be one", proposal)))
				Expect(len(p)).To(BeNumerically("<", 600), "however long the id is")
			}
		},
		Entry("a blank and a slash", "a b/c", "a_b_c"),
		Entry("Chinese", "組織-1", "__-1"),
		Entry("an umlaut", "pool-köln", "pool-k_ln"),
		Entry("too long", strings.Repeat("x", 300), strings.Repeat("x", 255)),
		Entry("periods", "..", "_.."),
	)

	It("says of an empty id that it is empty, and no more", func() {
		_, err := parseSpec("version: 1\nshared:\n  ns_groups:\n  - {name: a, policy_id: ''}\n")
		Expect(problemsOf(err)).To(HaveExactElements("line 4: shared.ns_groups[0].policy_id: is empty: write a text, or leave the key out"))
	})

	It("reports all problems at once [I10]", func() {
		_, err := parseSpec("shared:\n  ns_groups:\n  - {}\n  - {name: a, id: b}\n  - colour: red\n    name: c\n  unknown: []\n")
		Expect(problemsOf(err)).To(ConsistOf(
			HavePrefix("line 3: shared.ns_groups[0]: has neither"),
			HavePrefix("line 4: shared.ns_groups[1]: has both"),
			HavePrefix("line 5: shared.ns_groups[2].colour: unknown key"),
			HavePrefix("line 7: shared.unknown: unknown key"),
			HavePrefix("line 1: version: is missing"),
		))
	})

	It("does not swell when aliases are nested [I10]", func() {
		bomb := "version: 1\na: &a [x,x,x,x,x,x,x,x,x]\n"
		for c := 'b'; c < 'z'; c++ {
			bomb += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+",", 9), ",") + "]\n"
		}
		_, err := parseSpec(bomb)
		Expect(err).To(MatchError(ContainSubstring("unknown key")))
	})

	It("is refused when it is absent", func() {
		_, err := config.LoadUserSpec("/does/not/exist.yaml", allKinds)
		Expect(err).To(MatchError("reading /does/not/exist.yaml: no such file or directory"))
	})
})
