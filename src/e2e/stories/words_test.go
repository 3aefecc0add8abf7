package stories_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"gopkg.in/yaml.v3"
)

// The words that stories are told in. YAML takes any text where one may stand; these take none that means nothing.
type (
	command string // of migrate-mp2p
	ending  string // of a run whose request is held
	power   string // of the simulated NSX
	filling string // of the records' disk
	side    string // where objects are
)

func (c *command) UnmarshalYAML(node *yaml.Node) error {
	return oneOf(node, c, "run", "rollback", "plan", "precheck", "status", "verify", "version")
}

func (e *ending) UnmarshalYAML(node *yaml.Node) error { return oneOf(node, e, "kill", "terminate") }

func (p *power) UnmarshalYAML(node *yaml.Node) error { return oneOf(node, p, "stop", "start") }

func (f *filling) UnmarshalYAML(node *yaml.Node) error { return oneOf(node, f, "fill", "free") }

func (s *side) UnmarshalYAML(node *yaml.Node) error { return oneOf(node, s, "manager", "policy") }

// oneOf reads a word that has to be one of those.
func oneOf[W ~string](node *yaml.Node, word *W, words ...W) error {
	if !slices.Contains(words, W(node.Value)) {
		return fmt.Errorf("line %d: %q is none of %q", node.Line, node.Value, words)
	}
	*word = W(node.Value)
	return nil
}

var diskSize = regexp.MustCompile(`^[1-9][0-9]*[KMG]$`)

// mistakes are what a story says that means nothing.
func (s story) mistakes() error {
	var all []error
	if s.Title == "" {
		all = append(all, errors.New("it has no title"))
	}
	if len(s.Steps) == 0 {
		all = append(all, errors.New("nothing happens in it"))
	}
	if s.Disk != "" && !diskSize.MatchString(s.Disk) {
		all = append(all, fmt.Errorf("disk: %q is no size such as 80M", s.Disk))
	}
	kinds := map[string]bool{}
	for _, shared := range foundation(s.Model).Shared {
		kinds[shared.Kind] = true
	}
	for _, kind := range s.Without {
		if !kinds[kind] {
			all = append(all, fmt.Errorf("without: no shared object is of kind %q", kind))
		}
	}
	return errors.Join(append(all, mistakesOf(s.Steps))...)
}

func mistakesOf(steps []step) error {
	var all []error
	for i, one := range steps {
		if err := one.mistakes(); err != nil {
			all = append(all, fmt.Errorf("step %d: %w", i+1, err))
		}
	}
	return errors.Join(all...)
}

func (s step) mistakes() error {
	var all []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			all = append(all, fmt.Errorf(format, args...))
		}
	}
	actions := 0
	for _, given := range []bool{s.Run != "", s.NSX != "", s.Call != "", s.Workloads != "", s.Check != nil, s.Disk != ""} {
		if given {
			actions++
		}
	}
	wrong(actions != 1, "it does %d things, not one", actions)
	wrong(s.Run == "" && (s.At != "" || s.Then != "" || s.Arguments != nil || s.Faults != nil), "arguments, faults, at and then belong to a run")
	wrong(s.Run == "" && s.says(), "what a run has to say and do belongs to a run")
	wrong(s.At == "" && (s.Then != "" || s.Meanwhile != nil), "then and meanwhile need an at")
	wrong(s.NSX != "start" && s.Flags != nil, "flags belong to the start of NSX")
	wrong(s.Call == "" && s.Body != "", "a body belongs to a call")
	wrong(s.Call != "" && !strings.Contains(s.Call, " /"), "call: %q is no method and path", s.Call)
	wrong(s.Workloads != "" && !strings.Contains(s.Workloads, " /"), "workloads: %q is no method and path", s.Workloads)
	wrong(s.Check != nil && *s.Check == checked{}, "check: it looks at nothing")
	if s.At != "" {
		var names []string
		for _, rule := range s.Faults {
			names = append(names, rule.Name)
		}
		wrong(!slices.Contains(names, s.At), "at: %q is none of the step's faults %q", s.At, names)
	}
	return errors.Join(append(all, s.expected.mistakes(), mistakesOf(s.Meanwhile))...)
}

// says tells whether anything is expected at all.
func (e expected) says() bool {
	return e.Code != 0 || e.Last != "" || e.Says != nil || e.Never != nil || e.Writes != nil || e.Requests != nil || e.JSON || e.Effort != 0
}

func (e expected) mistakes() error {
	var all []error
	for _, pattern := range slices.Concat([]string{e.Last}, e.Says, e.Never) {
		if _, err := regexp.Compile(pattern); err != nil {
			all = append(all, err)
		}
	}
	for _, c := range e.Requests {
		if c.Count > 0 && c.AtLeast > 0 {
			all = append(all, fmt.Errorf("requests: count and at_least of the same kind: %+v", c))
		}
	}
	return errors.Join(all...)
}

var _ = DescribeTable("a story is not told in words that mean nothing",
	func(text, part string) {
		const begin = "title: it is told\nsteps:\n"
		if !strings.Contains(text, "steps:") {
			text = begin + text
		}
		var s story
		err := decodeInto("story.yaml", []byte(text), &s)
		if err == nil {
			err = s.mistakes()
		}
		Expect(err).To(MatchError(ContainSubstring(part)))
	},
	Entry("an unknown side", "- check: {ncp: polizy}\n", `line 3: "polizy" is none of`),
	Entry("another unknown side", "- check: {shared: Manager}\n", `"Manager" is none of`),
	Entry("a check of nothing", "- check: {}\n", "looks at nothing"),
	Entry("an unknown end", "- {run: run, at: a, then: stop, faults: [{name: a, hold: true}]}\n", `"stop" is none of`),
	Entry("an unknown use of the disk", "- disk: full\n", `"full" is none of`),
	Entry("an unknown command", "- run: migrate\n", `"migrate" is none of`),
	Entry("an unknown change of NSX", "- nsx: restart\n", `"restart" is none of`),
	Entry("an unknown key", "- {run: run, cod: 1}\n", "field cod not found"),
	Entry("a fault with an unknown key", "- {run: run, faults: [{name: a, stauts: 500}]}\n", "stauts"),
	Entry("a moment that no fault makes", "- {run: run, at: b, faults: [{name: a, hold: true}]}\n", `"b" is none of the step's faults`),
	Entry("an end without a moment", "- {run: run, then: kill}\n", "need an at"),
	Entry("two things at once", "- {run: run, nsx: stop}\n", "does 2 things"),
	Entry("nothing at all", "- {config: {a.b: 1}}\n", "does 0 things"),
	Entry("a code of what has none", "- {nsx: stop, code: 1}\n", "belongs to a run"),
	Entry("flags of a stop", "- {nsx: stop, flags: [--x]}\n", "belong to the start"),
	Entry("a pattern that is none", "- {run: run, last: 'a('}\n", "missing closing )"),
	Entry("a disk without a size", "disk: big\ntitle: t\nsteps: [{run: run}]\n", "is no size"),
	Entry("a kind that nobody shares", "without: [switches]\ntitle: t\nsteps: [{run: run}]\n", `of kind "switches"`),
	Entry("no title", "steps: [{run: run}]\n", "no title"),
	Entry("no steps", "title: t\nsteps: []\n", "nothing happens"),
	Entry("an unknown step within another", "- {run: run, at: a, faults: [{name: a, hold: true}], meanwhile: [{call: hello}]}\n", "is no method and path"),
)
