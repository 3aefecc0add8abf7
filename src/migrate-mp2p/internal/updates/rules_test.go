package updates

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

var _ = Describe("LoadRules", func() {
	It("has built-in rules that it accepts itself", func() {
		rules, err := LoadRules("")
		Expect(err).NotTo(HaveOccurred())
		Expect(rules.rules).NotTo(BeEmpty())
	})

	It("reads the operator's file instead", func() {
		file := filepath.Join(GinkgoT().TempDir(), "rules.yaml")
		Expect(os.WriteFile(file, []byte("version: 1\nrules: []\n"), 0o600)).To(Succeed())
		rules, err := LoadRules(file)
		Expect(err).NotTo(HaveOccurred())
		Expect(rules.rules).To(BeEmpty())
	})

	It("names a file that is absent or too large [I10]", func() {
		_, err := LoadRules(filepath.Join(GinkgoT().TempDir(), "missing.yaml"))
		Expect(err).To(MatchError(os.ErrNotExist))
		Expect(err).To(MatchError(ContainSubstring("missing.yaml")))

		large := filepath.Join(GinkgoT().TempDir(), "large.yaml")
		Expect(os.WriteFile(large, []byte(strings.Repeat("#", maxRulesFile+1)), 0o600)).To(Succeed())
		_, err = LoadRules(large)
		Expect(err).To(MatchError(ContainSubstring("large.yaml: the file is larger than")))
	})
})

// oneRule is a file with one rule, which begins on line 3.
func oneRule(rest string) string {
	return "version: 1\nrules:\n  - {name: r, " + rest + "}\n"
}

var _ = DescribeTable("ParseRules refuses, naming file, line and word [I10]",
	func(text string, parts ...string) {
		_, err := ParseRules([]byte(text), "my.yaml")
		Expect(err).To(HaveOccurred())
		for _, part := range append(parts, "my.yaml") {
			Expect(err).To(MatchError(ContainSubstring(part)))
		}
	},
	Entry("an empty file", "", "empty"),
	Entry("no YAML", "version: [", "line 1"),
	Entry("another version", "version: 2\nrules: []\n", "version 2 is not supported"),
	Entry("no version", "rules: []\n", "version 0 is not supported"),
	Entry("two documents", "version: 1\n---\nversion: 1\n", "only one document"),
	Entry("an unknown key", "version: 1\nrules:\n  - name: r\n    tipes: [TIER1]\n", "line 4", "tipes"),
	Entry("no name", "version: 1\nrules:\n\n  - {types: [TIER1], drop: x}\n", "line 4", "name is missing"),
	Entry("a name twice", "version: 1\nrules:\n  - {name: r, types: [TIER1], drop: x}\n  - {name: r, types: [TIER1], drop: x}\n", "line 4", "same name"),
	Entry("no types", oneRule("drop: x"), "line 3", "types is missing"),
	Entry("an unknown type", oneRule("types: [TIER2], drop: x"), `"TIER2"`),
	Entry("an unknown scope", oneRule("types: [TIER1], scopes: [both], drop: x"), `"both"`),
	Entry("an unknown platform", oneRule("types: [TIER1], platforms: [pks], drop: x"), `"pks"`),
	Entry("a condition on nothing", oneRule("types: [TIER1], when: [{is: x}], drop: x"), "condition 1: exactly one of tag and fact"),
	Entry("a condition that contradicts itself", oneRule("types: [TIER1], when: [{tag: a, is: x, absent: true}], drop: x"), "exclude each other"),
	Entry("no action", oneRule("types: [TIER1]"), "exactly one of set, drop, restore and rename"),
	Entry("two actions", oneRule("types: [TIER1], drop: x, restore: display_name"), "exactly one of set, drop, restore and rename"),
	Entry("an unknown thing to restore", oneRule("types: [TIER1], restore: description"), `"description"`),
	Entry("a tag without scope", oneRule("types: [TIER1], set: {from: cluster}"), "tag is missing"),
	Entry("an unknown source", oneRule("types: [TIER1], set: {tag: a, from: heaven}"), `"heaven"`),
	Entry("a source that names nothing", oneRule("types: [TIER1], set: {tag: a, from: id_map}"), "of is missing"),
	Entry("of where it has no meaning", oneRule("types: [TIER1], set: {tag: a, from: cluster, of: b}"), "no meaning"),
	Entry("an unknown lookup", oneRule("types: [TIER1], set: {tag: a, from: lookup, of: moon, by: [x]}"), `"moon"`),
	Entry("an unknown fact in a condition", oneRule("types: [IPPOOL_ALLOCATION], when: [{fact: ownerkind}], drop: x"),
		"line 3", "condition 1", `"ownerkind" is not a fact`, "owner_kind"),
	Entry("an unknown fact as the source", oneRule("types: [TIER1], set: {tag: a, from: fact, of: parrent}"), "line 3", `set: of: "parrent" is not a fact`),
	Entry("a fact that no object of the types has", oneRule("types: [TIER1, NAT], when: [{fact: switch}], drop: x"), "switch is a fact of objects of other types: LOGICAL_PORT"),
	Entry("a value that the fact never has", oneRule("types: [IPPOOL_ALLOCATION], when: [{fact: owner_kind, is: SNAT}], drop: x"), `never "SNAT"`, "snat, lb_virtual_server"),
	Entry("a type without a Policy object of its own", oneRule("types: [TIER1_LOGICAL_ROUTER_PORT], drop: x"), "TIER1_LOGICAL_ROUTER_PORT becomes part of other Policy objects"),
	Entry("names of rules where there are none", oneRule("types: [LB_POOL], restore: rule_names"), "only objects of type LB_VIRTUAL_SERVER have rule_names"),
	Entry("an unknown key in a condition", "version: 1\nrules:\n  - name: r\n    types: [TIER1]\n    when:\n    - {tag: a, iss: b}\n    drop: x\n", "line 6", "iss"),
	Entry("an unknown key beside the rules", "version: 1\nrulez: []\nrules: []\n", "line 2", "rulez"),
	Entry("too few keys", oneRule("types: [TIER1], set: {tag: a, from: lookup, of: service_uid, by: [x]}"), "2 keys, by has 1"),
	Entry("keys without a lookup", oneRule("types: [TIER1], set: {tag: a, from: tag, of: b, by: [x]}"), "by belongs to"),
	Entry("a key that is no fact", oneRule("types: [NAT], set: {tag: a, from: lookup, of: namespace_uid, by: [{fact: owner}]}"), "line 3", `set: by, key 1: "owner" is not a fact`),
	Entry("a key that is both tag and fact", oneRule("types: [NAT], set: {tag: a, from: lookup, of: namespace_uid, by: [{tag: x, fact: parent}]}"), "line 3", "exactly one of tag and fact"),
	Entry("an unknown word in a key", oneRule("types: [NAT], set: {tag: a, from: lookup, of: namespace_uid, by: [{fakt: parent}]}"), "line 3", "fakt"),
	Entry("a cluster's uid of something", oneRule("types: [NAT], set: {tag: a, from: cluster_uid, of: x}"), "no meaning with from: cluster_uid"),
	Entry("a name that would not change", oneRule("types: [NAT], rename: {suffix: -a, to: -a}"), "rename: suffix"),
	Entry("an unknown word in rename", oneRule("types: [NAT], rename: {sufix: -a, to: b}"), "sufix"),
	Entry("keep without replaces", oneRule("types: [TIER1], set: {tag: a, from: tag, of: b, keep: true}"), "keep needs replaces"),
)

var _ = It("ParseRules lists all mistakes at once [I10]", func() {
	_, err := ParseRules([]byte("version: 1\nrules:\n  - {name: a, types: [X], drop: x}\n  - {name: b, types: [Y], drop: x}\n"), "my.yaml")
	Expect(err).To(MatchError(And(ContainSubstring(`line 3: rule "a"`), ContainSubstring(`line 4: rule "b"`))))
})

var _ = It("ParseRules lists unknown keys, unknown facts and unknown lookups of all rules at once [I10]", func() {
	_, err := ParseRules([]byte(`version: 1
rules:
  - {name: a, types: [TIER1], wenn: [], drop: x}
  - {name: b, types: [TIER1], when: [{fact: ownerkind}], drop: x}
  - {name: c, types: [TIER1], set: {tag: a, from: lookup, of: moon, by: [x]}}
`), "my.yaml")
	Expect(err).To(MatchError(And(ContainSubstring("line 3: field wenn"), ContainSubstring("line 4"), ContainSubstring("ownerkind"),
		ContainSubstring("line 5"), ContainSubstring("moon"))))
})

var _ = Describe("Check", func() {
	It("accepts the built-in rules on every platform that has what they look up", func() {
		Expect(builtInRules().Check("tas", workloads.TAS{})).To(Succeed())
		Expect(builtInRules().Check("kubernetes", kubernetesSource())).To(Succeed())
	})

	It("lists with their lines all lookups that the platform cannot serve [I10]", func() {
		rules, err := ParseRules([]byte(`version: 1
rules:
  - {name: a, types: [TIER1], set: {tag: a, from: lookup, of: namespace_uid, by: [ncp/project]}}
  - {name: b, types: [TIER1], platforms: [kubernetes], set: {tag: a, from: lookup, of: namespace_uid, by: [ncp/project]}}
  - {name: c, types: [TIER1], platforms: [tas, tkgi], set: {tag: a, from: lookup, of: service_uid, by: [ncp/project, ncp/service]}}
`), "my.yaml")
		Expect(err).NotTo(HaveOccurred())
		err = rules.Check("tas", workloads.TAS{})
		Expect(err).To(MatchError(And(ContainSubstring(`my.yaml: line 3: rule "a"`), ContainSubstring("namespace_uid"),
			ContainSubstring(`line 5: rule "c"`), ContainSubstring("service_uid"), Not(ContainSubstring(`rule "b"`)))))
		Expect(rules.Check("tkgi", kubernetesSource())).To(Succeed())
	})

	It("is not needed for a lookup to be noticed: no rule is skipped silently [R15]", func() {
		rules := parsed(oneRule("types: [TIER1], set: {tag: a, from: lookup, of: namespace_uid, by: [ncp/project]}"))
		o := Object{Type: mp.Tier1, ID: "t1", Tags: tags("ncp/project=org")}
		_, err := rules.Delta(o, promoted(o), tasEnv())
		Expect(err).To(MatchError(And(ContainSubstring("t1"), ContainSubstring("namespace_uid"))))
	})
})

func FuzzParseRules(f *testing.F) {
	f.Add(builtIn)
	f.Add([]byte("version: 1\nrules: [null, {name: a}]"))
	f.Add([]byte("a: &a [x]\nversion: 1\nrules: *a"))
	f.Add([]byte("<<: {version: 1}\nrules:\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rules, err := ParseRules(data, "fuzz.yaml")
		if (rules == nil) == (err == nil) {
			t.Fatalf("rules %v with error %v", rules, err)
		}
		if err != nil && !strings.Contains(err.Error(), "fuzz.yaml") {
			t.Fatalf("an error that does not name the file: %v", err)
		}
	})
}
