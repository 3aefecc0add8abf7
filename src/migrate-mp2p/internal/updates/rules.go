package updates

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"gopkg.in/yaml.v3"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
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
}

// rule is one entry of the file.
type rule struct {
	Name      string         `yaml:"name"`
	Types     []catalog.Type `yaml:"types"`
	Scopes    []string       `yaml:"scopes"`
	Platforms []string       `yaml:"platforms"`
	When      []condition    `yaml:"when"`
	Set       *setTag        `yaml:"set"`
	Drop      string         `yaml:"drop"`
	Restore   string         `yaml:"restore"`
}

// condition is a demand on the Manager object: on one of its tags or on one fact.
type condition struct {
	Tag    string  `yaml:"tag"`
	Fact   string  `yaml:"fact"`
	Is     *string `yaml:"is"`
	Absent bool    `yaml:"absent"`
}

// setTag puts one tag on the Policy object.
type setTag struct {
	Tag      string   `yaml:"tag"`
	From     string   `yaml:"from"`
	Of       string   `yaml:"of"`
	By       []string `yaml:"by"`
	Replaces string   `yaml:"replaces"`
	Keep     bool     `yaml:"keep"`
}

// Where the value of a tag comes from.
const (
	fromConstant = "constant"
	fromCluster  = "cluster"
	fromTag      = "tag"
	fromIDMap    = "id_map"
	fromFact     = "fact"
	fromLookup   = "lookup"
)

// What can be restored.
const (
	restoreName      = "display_name"
	restoreRuleNames = "rule_names"
)

const anyType catalog.Type = "*"

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

// ParseRules reads rules strictly. Its error lists every mistake with its line; name is what errors call the text.
func ParseRules(data []byte, name string) (*Rules, error) {
	var file struct {
		Version int    `yaml:"version"`
		Rules   []rule `yaml:"rules"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file is empty")
		}
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
	var problems []error
	for i, r := range file.Rules {
		for _, text := range r.mistakes(types, names) {
			problems = append(problems, fmt.Errorf("reading update rules %s: line %d: rule %q: %s", name, lines[i], r.Name, text))
		}
		names[r.Name] = true
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return &Rules{rules: file.Rules, catalog: types}, nil
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
		if _, known := types.Entry(t); t != anyType && !known {
			wrong("types: %q is not a resource type of the migration API", t)
		}
	}
	for _, s := range r.Scopes {
		if s != string(catalog.NCP) && s != string(catalog.Shared) {
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
	}
	actions := 0
	for _, present := range []bool{r.Set != nil, r.Drop != "", r.Restore != ""} {
		if present {
			actions++
		}
	}
	if actions != 1 {
		wrong("exactly one of set, drop and restore is needed")
	}
	if r.Restore != "" && r.Restore != restoreName && r.Restore != restoreRuleNames {
		wrong("restore: %q is neither %s nor %s", r.Restore, restoreName, restoreRuleNames)
	}
	if r.Set != nil {
		found = append(found, r.Set.mistakes()...)
	}
	return found
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
	case fromCluster:
		if s.Of != "" {
			wrong("of has no meaning with from: cluster")
		}
	case fromLookup:
		switch count, known := workloads.Keys(workloads.Kind(s.Of)); {
		case !known:
			wrong("of: %q is not a fact that a platform has", s.Of)
		case count != len(s.By):
			wrong("of: %s is found by %d tags, by has %d", s.Of, count, len(s.By))
		}
	default:
		wrong("from: %q is none of constant, cluster, tag, id_map, fact, lookup", s.From)
	}
	return found
}
