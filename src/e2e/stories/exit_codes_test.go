package stories_test

import (
	"fmt"
	"maps"
	"slices"
)

// table is exit-codes/table.yaml: which code and last line follow from a cause and from what the records hold.
type table struct {
	// Causes are what may be wrong when the errand is run: a step of its own before it, or changes of the run's step.
	Causes map[string]cause `yaml:"causes"`
	// Records are the states that the records may be in, with a story that leads there.
	Records []recordsRow `yaml:"records"`
}

type cause struct {
	Config map[string]any `yaml:"config"`
	Before []step         `yaml:"before"`
	After  []step         `yaml:"after"` // puts in order again what Before did
}

// recordsRow is one state of the records and what comes out of it. The outcomes are tried one after the other on the same
// records: all but the last must leave them, and NSX, as they are.
type recordsRow struct {
	State string `yaml:"state"`
	Tags  string `yaml:"tags"`
	// Everywhere has the row tried on all platforms, not on TAS alone.
	Everywhere bool      `yaml:"everywhere"`
	Reached    []step    `yaml:"reached"`
	Outcomes   []outcome `yaml:"outcomes"`
}

type outcome struct {
	Cause    string `yaml:"cause"`
	expected `yaml:",inline"`
	Check    *checked `yaml:"check"`
}

// exitCodes makes one story of each state.
func exitCodes(path string) []story {
	var stories []story
	for _, platform := range []string{"tas", "tkgi", "kubernetes"} {
		stories = append(stories, exitCodesOf(path, platform)...)
	}
	return stories
}

// exitCodesOf are those of one platform: all on TAS, and those that say so elsewhere.
func exitCodesOf(path, platform string) []story {
	t := decode[table](path, fillIn(platform, readFile(path)))
	used := map[string]bool{}
	var stories []story
	for _, row := range t.Records {
		if platform != "tas" && !row.Everywhere {
			continue
		}
		s := story{
			Title: fmt.Sprintf("gets the code and the words of the table on %s when the records are %s %s", platform, row.State, row.Tags),
			Model: platform, Steps: row.Reached,
		}
		for i, o := range row.Outcomes {
			c, known := t.Causes[o.Cause]
			used[o.Cause] = true
			if !known {
				panic(fmt.Sprintf("%s: records %s: cause %q is none of %v", path, row.State, o.Cause, slices.Sorted(maps.Keys(t.Causes))))
			}
			if o.Writes == nil && i < len(row.Outcomes)-1 {
				o.Writes = new(int)
			}
			s.Steps = append(append(s.Steps, c.Before...), step{Run: "run", Config: c.Config, expected: o.expected})
			s.Steps = append(s.Steps, c.After...)
			if o.Check != nil {
				s.Steps = append(s.Steps, step{Check: o.Check})
			}
		}
		if err := s.mistakes(); err != nil {
			panic(fmt.Errorf("%s: records %s: %w", path, row.State, err))
		}
		stories = append(stories, s)
	}
	for name := range t.Causes {
		if platform == "tas" && !used[name] {
			panic(fmt.Sprintf("%s: cause %q is tried in no state of the records", path, name))
		}
	}
	return stories
}
