package updates

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

// rulesVersion is the format that this release reads; rules.yaml explains it.
const rulesVersion = 1

// maxRulesFile is the largest rules file that is read, in bytes.
const maxRulesFile = 1 << 20

//go:embed rules.yaml
var builtIn []byte

// Rules says what NCP in Policy mode expects of its objects.
type Rules struct {
	rules   []rule
	catalog *catalog.Catalog
	name    string // of the file, for errors
}

// rule is one entry of the file.
type rule struct {
	Name      string      `yaml:"name"`
	Types     []mp.Type   `yaml:"types"`
	Scopes    []string    `yaml:"scopes"`
	Platforms []string    `yaml:"platforms"`
	When      []condition `yaml:"when"`
	Set       *setTag     `yaml:"set"`
	Drop      string      `yaml:"drop"`
	Restore   string      `yaml:"restore"`
	Rename    *rename     `yaml:"rename"`

	line int // on which it begins; 0 where that is not known
}

// condition is a demand on the Manager object: on one of its tags or on one fact.
type condition struct {
	Tag    string  `yaml:"tag"`
	Fact   mp.Fact `yaml:"fact"`
	Is     *string `yaml:"is"`
	Absent bool    `yaml:"absent"`
}

// setTag puts one tag on the Policy object.
type setTag struct {
	Tag      string `yaml:"tag"`
	From     string `yaml:"from"`
	Of       string `yaml:"of"`
	By       []key  `yaml:"by"`
	Replaces string `yaml:"replaces"`
	Keep     bool   `yaml:"keep"`
	Optional bool   `yaml:"optional"`
}

// key is one of the words by which a lookup finds a workload: the value of a tag, or a fact.
type key struct {
	tag  string
	fact mp.Fact
	or   *string // taken where the object has neither; nil: that is an error
}

// rename gives a display name that ends in one text another end.
type rename struct {
	Suffix string `yaml:"suffix"`
	To     string `yaml:"to"`
}

// Where the value of a tag comes from.
const (
	fromConstant   = "constant"
	fromCluster    = "cluster"
	fromClusterUID = "cluster_uid"
	fromTag        = "tag"
	fromIDMap      = "id_map"
	fromFact       = "fact"
	fromLookup     = "lookup"
)

// What can be restored.
const (
	restoreName      = "display_name"
	restoreRuleNames = "rule_names"
)

const anyType mp.Type = "*"

// LoadRules reads the rules of a file, or the built-in ones when path is "".
func LoadRules(path string) (*Rules, error) {
	if path == "" {
		return ParseRules(builtIn, "built-in update rules")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading update rules: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxRulesFile+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("reading update rules %s: %w", path, err)
	}
	if len(data) > maxRulesFile {
		return nil, fmt.Errorf("reading update rules %s: the file is larger than %d bytes", path, maxRulesFile)
	}
	return ParseRules(data, path)
}

// ParseRules reads rules strictly. Its error lists every mistake with its line; name is what errors call the text. What
// depends on the platform is left to Check.
func ParseRules(data []byte, name string) (*Rules, error) {
	var file struct {
		Version int    `yaml:"version"`
		Rules   []rule `yaml:"rules"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	var problems []error
	err := decoder.Decode(&file)
	var wrong *yaml.TypeError // words that the format does not have, and texts where lists belong; the rest was read
	switch {
	case errors.As(err, &wrong):
		for _, text := range wrong.Errors {
			problems = append(problems, fmt.Errorf("reading update rules %s: %s", name, text))
		}
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("reading update rules %s: the file is empty", name)
	case err != nil:
		return nil, fmt.Errorf("reading update rules %s: %w", name, err)
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading update rules %s: only one document is allowed", name)
	}
	if file.Version != rulesVersion {
		return nil, fmt.Errorf("reading update rules %s: version %d is not supported, this release reads version %d", name, file.Version, rulesVersion)
	}
	types, err := catalog.New(nil)
	if err != nil {
		return nil, fmt.Errorf("reading update rules %s: %w", name, err)
	}
	lines := ruleLines(data, len(file.Rules))
	names := map[string]bool{}
	rules := &Rules{rules: file.Rules, catalog: types, name: name}
	for i := range rules.rules {
		r := &rules.rules[i]
		r.line = lines[i]
		for _, text := range r.mistakes(types, names) {
			problems = append(problems, rules.problem(r, text))
		}
		names[r.Name] = true
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return rules, nil
}

func (r *Rules) problem(of *rule, text string) error {
	return fmt.Errorf("reading update rules %s: line %d: rule %q: %s", r.name, of.line, of.Name, text)
}

// Check says which rules a platform cannot serve, all of them: those that look up what the platform cannot tell. A tag that
// such a rule asks for could never be set. It is to be called before anything is sent.
func (r *Rules) Check(platform string, provider workloads.Platform) error {
	var problems []error
	for i := range r.rules {
		rule := &r.rules[i]
		if rule.Set == nil || rule.Set.From != fromLookup || !rule.on(platform) || provider.Provides(workloads.Kind(rule.Set.Of)) {
			continue
		}
		problems = append(problems, r.problem(rule, fmt.Sprintf("set: of: platform %s cannot look up %s; name in platforms those on which the rule applies, or take it out",
			platform, rule.Set.Of)))
	}
	return errors.Join(problems...)
}

// LooksUp says whether any rule may ask the platform for workloads in this run, so that they have to be read first.
func (r *Rules) LooksUp(env Env) bool {
	return slices.ContainsFunc(r.rules, func(one rule) bool {
		return one.Set != nil && one.Set.From == fromLookup && one.inScope(env.Scope) && one.on(env.Platform)
	})
}

// on says whether the rule applies on a platform.
func (r *rule) on(platform string) bool {
	return len(r.Platforms) == 0 || slices.Contains(r.Platforms, platform)
}

// ruleLines gives the lines on which count rules begin. The strict decoder cannot tell, so the text is read once more;
// where that fails, the line is 0.
func ruleLines(data []byte, count int) []int {
	var file struct {
		Rules []yaml.Node `yaml:"rules"`
	}
	lines := make([]int, count)
	if err := yaml.Unmarshal(data, &file); err != nil {
		return lines
	}
	for i := range min(count, len(file.Rules)) {
		lines[i] = file.Rules[i].Line
	}
	return lines
}

// mistakes lists what is wrong with a rule beyond what the decoder sees.
func (r *rule) mistakes(types *catalog.Catalog, taken map[string]bool) []string {
	var found []string
	wrong := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }

	if r.Name == "" {
		wrong("name is missing")
	} else if taken[r.Name] {
		wrong("another rule has the same name")
	}
	if len(r.Types) == 0 {
		wrong(`types is missing; write ["*"] for every type`)
	}
	for _, t := range r.Types {
		entry, known := types.Entry(t)
		switch {
		case t == anyType:
		case !known:
			wrong("types: %q is not a resource type of the migration API", t)
		case entry.PolicyType == "":
			wrong("types: %s becomes part of other Policy objects, so that there is nothing to update", t)
		}
	}
	for _, s := range r.Scopes {
		if s != string(mp.NCP) && s != string(mp.Shared) {
			wrong("scopes: %q is neither ncp nor shared", s)
		}
	}
	for _, p := range r.Platforms {
		if !slices.Contains([]string{"tas", "tkgi", "kubernetes"}, p) {
			wrong("platforms: %q is none of tas, tkgi, kubernetes", p)
		}
	}
	for i, c := range r.When {
		switch {
		case (c.Tag == "") == (c.Fact == ""):
			wrong("when, condition %d: exactly one of tag and fact is needed", i+1)
		case c.Absent && c.Is != nil:
			wrong("when, condition %d: absent and is exclude each other", i+1)
		}
		if c.Fact != "" {
			for _, text := range r.factMistakes(c.Fact, c.Is) {
				wrong("when, condition %d: %s", i+1, text)
			}
		}
	}
	actions := 0
	for _, present := range []bool{r.Set != nil, r.Drop != "", r.Restore != "", r.Rename != nil} {
		if present {
			actions++
		}
	}
	if actions != 1 {
		wrong("exactly one of set, drop, restore and rename is needed")
	}
	if r.Rename != nil && (r.Rename.Suffix == "" || r.Rename.Suffix == r.Rename.To) {
		wrong("rename: suffix is needed, and another text in to")
	}
	if r.Restore != "" && r.Restore != restoreName && r.Restore != restoreRuleNames {
		wrong("restore: %q is neither %s nor %s", r.Restore, restoreName, restoreRuleNames)
	}
	if r.Restore == restoreRuleNames && !r.mayBe([]mp.Type{mp.LBVirtualServer}) {
		wrong("restore: only objects of type %s have %s", mp.LBVirtualServer, restoreRuleNames)
	}
	if r.Set != nil {
		found = append(found, r.Set.mistakes()...)
		if r.Set.From == fromFact && r.Set.Of != "" {
			for _, text := range r.factMistakes(mp.Fact(r.Set.Of), nil) {
				wrong("set: of: %s", text)
			}
		}
		for i, by := range r.Set.By {
			if by.fact == "" {
				continue
			}
			for _, text := range r.factMistakes(by.fact, nil) {
				wrong("set: by, key %d: %s", i+1, text)
			}
		}
	}
	return found
}

// factMistakes says why a rule that asks for a fact could never find it, or never with this value.
func (r *rule) factMistakes(name mp.Fact, is *string) []string {
	fact, known := catalog.FactNamed(name)
	switch {
	case !known:
		return []string{fmt.Sprintf("%q is not a fact; there are %s", name, joined(catalog.FactNames()))}
	case fact.Types != nil && !r.mayBe(fact.Types):
		return []string{fmt.Sprintf("%s is a fact of objects of other types: %s", name, joined(fact.Types))}
	case is != nil && fact.Values != nil && !slices.Contains(fact.Values, *is):
		return []string{fmt.Sprintf("%s is never %q; it is one of %s", name, *is, strings.Join(fact.Values, ", "))}
	}
	return nil
}

// mayBe says whether the rule may meet an object of one of these types.
func (r *rule) mayBe(types []mp.Type) bool {
	return slices.ContainsFunc(r.Types, func(t mp.Type) bool { return t == anyType || slices.Contains(types, t) })
}

func joined[S ~string](list []S) string {
	names := make([]string, len(list))
	for i, t := range list {
		names[i] = string(t)
	}
	return strings.Join(names, ", ")
}

func (s *setTag) mistakes() []string {
	var found []string
	wrong := func(format string, args ...any) { found = append(found, fmt.Sprintf("set: "+format, args...)) }

	if s.Tag == "" {
		wrong("tag is missing")
	}
	if s.Keep && s.Replaces == "" {
		wrong("keep needs replaces")
	}
	if s.From != fromLookup && len(s.By) > 0 {
		wrong("by belongs to from: lookup")
	}
	switch s.From {
	case fromConstant, fromTag, fromIDMap, fromFact:
		if s.Of == "" {
			wrong("of is missing")
		}
	case fromCluster, fromClusterUID:
		if s.Of != "" {
			wrong("of has no meaning with from: %s", s.From)
		}
	case fromLookup:
		switch count, known := workloads.Keys(workloads.Kind(s.Of)); {
		case !known:
			wrong("of: %q is not a fact that a platform has; there are %s", s.Of, strings.Join(workloads.Kinds(), ", "))
		case count != len(s.By):
			wrong("of: %s is found by %d keys, by has %d", s.Of, count, len(s.By))
		}
	default:
		wrong("from: %q is none of constant, cluster, cluster_uid, tag, id_map, fact, lookup", s.From)
	}
	return found
}

// UnmarshalYAML reads a tag's scope, or {tag: S} or {fact: F} with or without {or: V}. It is as strict as the rest.
func (k *key) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&k.tag)
	}
	var members map[string]string
	if err := node.Decode(&members); err != nil {
		return err
	}
	for name, value := range members {
		switch name {
		case "tag":
			k.tag = value
		case "fact":
			k.fact = mp.Fact(value)
		case "or":
			k.or = &value
		default:
			return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: field %s not found in a key of by; there are tag, fact and or", node.Line, name)}}
		}
	}
	if (k.tag == "") == (k.fact == "") {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: a key of by needs exactly one of tag and fact", node.Line)}}
	}
	return nil
}
