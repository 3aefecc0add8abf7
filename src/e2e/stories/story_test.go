package stories_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"nsx-mp2p/e2e/programs"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

// storyTime bounds one story. It only ends what hangs; no outcome depends on it.
const storyTime = 30 * time.Minute

// story is one story.yaml.
type story struct {
	// Title is the spec's text, with the tags of what it shows.
	Title string `yaml:"title"`
	// Variants make one story of each of them: <name> in the file's text stands for the variant's value of that name.
	Variants []map[string]string `yaml:"variants"`
	// Model is what the simulated NSX holds and the errand's platform: tas (also without it), tkgi or kubernetes. The latter
	// two have a real Kubernetes API, too.
	Model string `yaml:"model"`
	// World changes what the simulated NSX holds.
	World []worldChange `yaml:"world"`
	// NSX are flags of nsxsim serve.
	NSX []string `yaml:"nsx"`
	// Config changes config.json from the start (dotted keys).
	Config programs.Changes `yaml:"config"`
	// UserSpec replaces the user spec; Without takes kinds out of it.
	UserSpec string   `yaml:"user_spec"`
	Without  []string `yaml:"without"`
	// Disk mounts a disk of that size, such as 80M, for the records.
	Disk  string `yaml:"disk"`
	Steps []step `yaml:"steps"`
}

// worldChange makes the foundation a special one. Exactly one of the changes is made.
type worldChange struct {
	// Collection and ID name a Manager object for Tags and Name.
	Collection string `yaml:"collection"`
	ID         string `yaml:"id"`
	Tags       int    `yaml:"tags"` // so many tags has the object
	Name       string `yaml:"name"` // the object's display name

	LBRules      int  `yaml:"lb_rules"`      // more rules of the first virtual server
	AdminRule    bool `yaml:"admin_rule"`    // a rule of the administrator's in a section of NCP's
	AdminSection bool `yaml:"admin_section"` // a section of the administrator's between those of NCP
}

// step is one thing that happens. Exactly one of Run, NSX, Call, Workloads, Check and Disk says what.
type step struct {
	// Run is a command of migrate-mp2p, and Arguments follow it.
	Run       command  `yaml:"run"`
	Arguments []string `yaml:"arguments"`
	// Config changes config.json for this step and those after it.
	Config programs.Changes `yaml:"config"`
	// Faults are the fault rules in force during this step.
	Faults []faults.Rule `yaml:"faults"`
	// At names one of them, which holds: once it holds a request, the steps of Meanwhile are carried out and then what
	// Then says: kill, terminate, or nothing. The request is let go after that, when the errand has ended if it had to.
	At        string `yaml:"at"`
	Meanwhile []step `yaml:"meanwhile"`
	Then      ending `yaml:"then"`
	expected  `yaml:",inline"`

	// NSX is stop or start, the latter with further Flags.
	NSX   power    `yaml:"nsx"`
	Flags []string `yaml:"flags"`
	// Call is a request of somebody else's to NSX, such as "POST /api/v1/ip-sets", with Body.
	Call string `yaml:"call"`
	Body string `yaml:"body"`
	// Workloads is a request to the Kubernetes API, such as "DELETE /api/v1/namespaces/one".
	Workloads string `yaml:"workloads"`
	// Check is what nsxsim check must find.
	Check *checked `yaml:"check"`
	// Disk is fill or free: everything of the records' disk is used up or given back.
	Disk filling `yaml:"disk"`
}

// expected is what must come out of a run.
type expected struct {
	Code int `yaml:"code"`
	// Last is a regular expression for the last line, Says and Never for the whole output.
	Last  string   `yaml:"last"`
	Says  []string `yaml:"says"`
	Never []string `yaml:"never"`
	// Writes is how many requests may have changed NSX; without it any number.
	Writes *int `yaml:"writes"`
	// Requests are counts of requests in the journal of this step.
	Requests []counted `yaml:"requests"`
	// JSON demands that standard output ends in a line of JSON with this exit code.
	JSON bool `yaml:"json"`
	// Effort is the most processor time that the whole run may take.
	Effort time.Duration `yaml:"effort"`
}

// counted is a kind of request and how many there must be.
type counted struct {
	faults.Rule `yaml:",inline"`
	Count       int `yaml:"count"`
	AtLeast     int `yaml:"at_least"`
}

// checked is where the objects of the two scopes must be: manager or policy. Ready demands that NCP in Policy mode
// would miss nothing.
type checked struct {
	NCP    side `yaml:"ncp"`
	Shared side `yaml:"shared"`
	Ready  bool `yaml:"ready"`
}

// nodes is where the objects of TKGI's node network must be: they move with NCP's.
func (c checked) nodes(platform string) side {
	if platform != "tkgi" {
		return ""
	}
	return c.NCP
}

// readStories reads a story.yaml: one story, or one for each of its variants.
func readStories(path string) []story {
	text := readFile(path)
	var head struct {
		Variants []map[string]string `yaml:"variants"`
	}
	if err := yaml.Unmarshal(text, &head); err != nil {
		panic(fmt.Errorf("reading %s: %w", path, err))
	}
	if len(head.Variants) == 0 {
		head.Variants = []map[string]string{{}}
	}
	var all []story
	for _, variant := range head.Variants {
		varied := text
		for name, value := range variant {
			if !bytes.Contains(text, []byte("<"+name+">")) {
				panic(fmt.Errorf("reading %s: nothing differs by %q between its variants", path, name))
			}
			varied = bytes.ReplaceAll(varied, []byte("<"+name+">"), []byte(value))
		}
		var of struct {
			Model string `yaml:"model"`
		}
		if err := yaml.Unmarshal(varied, &of); err != nil {
			panic(fmt.Errorf("reading %s: %w", path, err))
		}
		told := decode[story](path, fillIn(of.Model, varied))
		if err := told.mistakes(); err != nil {
			panic(fmt.Errorf("reading %s: %w", path, err))
		}
		all = append(all, told)
	}
	return all
}

// readFile reads a file. Like everything that goes on while ginkgo collects its specs it panics.
func readFile(path string) []byte {
	text, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return text
}

// decode reads YAML; unknown fields are errors.
func decode[T any](path string, text []byte) T {
	var result T
	if err := decodeInto(path, text, &result); err != nil {
		panic(err)
	}
	return result
}

func decodeInto[T any](path string, text []byte, result *T) error {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(result); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}

var placeholder = regexp.MustCompile(`\$\{(shared|ncp):([^:}]+):?(\d*)\}`)

// fillIn replaces placeholders by Manager ids of a model, and ${cluster} by the name of its cluster.
func fillIn(of string, text []byte) []byte {
	world := foundation(of)
	text = bytes.ReplaceAll(text, []byte("${cluster}"), []byte(world.Foundations[0].Name))
	created, err := world.CreatedBy(world.Foundations[0].Name)
	if err != nil {
		panic(err)
	}
	ids := map[string][]string{}
	for _, s := range world.Shared {
		ids["shared:"+s.Kind] = append(ids["shared:"+s.Kind], s.ID)
	}
	for _, o := range created {
		ids["ncp:"+o.Collection] = append(ids["ncp:"+o.Collection], o.ID)
	}
	return placeholder.ReplaceAllFunc(text, func(found []byte) []byte {
		part := placeholder.FindStringSubmatch(string(found))
		nth, _ := strconv.Atoi(part[3]) // none is the first
		list := ids[part[1]+":"+part[2]]
		if nth >= len(list) {
			panic(fmt.Sprintf("%s: the foundation has %d of these", found, len(list)))
		}
		return []byte(list[nth])
	})
}

// foundation is the world that every story of a model begins with.
func foundation(of string) *model.World {
	build := map[string]func(int, int64, model.Options) (*model.World, error){
		"": model.TAS, "tas": model.TAS, "tkgi": model.TKGI, "kubernetes": model.Kubernetes,
	}[of]
	if build == nil {
		panic(fmt.Errorf("no model is called %q", of))
	}
	world, err := build(1, 1, model.Options{})
	if err != nil {
		panic(err)
	}
	return world
}

// apply makes the change.
func (c worldChange) apply(world *model.World) error {
	cluster := world.Foundations[0].Name
	switch {
	case c.Tags > 0:
		return world.SetTagCount(c.Collection, c.ID, c.Tags)
	case c.Name != "":
		return world.Rename(c.Collection, c.ID, c.Name)
	case c.LBRules > 0:
		return world.AddLBRules(cluster, c.LBRules)
	case c.AdminRule:
		return world.AddAdminRule(cluster, "temporary")
	case c.AdminSection:
		return world.AddSectionBetween(cluster, "in-between")
	}
	return fmt.Errorf("a change of the world that changes nothing: %+v", c)
}

// without drops kinds from a list of shared objects.
func without(shared []model.Shared, kinds []string) []model.Shared {
	var left []model.Shared
	for _, s := range shared {
		if !strings.Contains(" "+strings.Join(kinds, " ")+" ", " "+s.Kind+" ") {
			left = append(left, s)
		}
	}
	return left
}
