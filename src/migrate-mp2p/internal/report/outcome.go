package report

import (
	"encoding/json"
	"fmt"
	"strings"
)

// ScopeState is what the objects of a scope are after the last write to NSX.
type ScopeState struct {
	Scope     string `json:"scope"` // shared, ncp
	Manager   int    `json:"manager"`
	Policy    int    `json:"policy"`
	Pending   int    `json:"pending"`           // updates still to be made
	Undecided int    `json:"undecided"`         // objects of which NSX does not say what they are
	Orphans   int    `json:"orphans,omitempty"` // parts of NCP that stay Manager, counted nowhere else
	Note      string `json:"note,omitempty"`
}

func (s ScopeState) String() string {
	text := fmt.Sprintf("scope %s: %d Policy, %d Manager", s.Scope, s.Policy, s.Manager)
	if s.Undecided > 0 {
		text += fmt.Sprintf(", %d undecided", s.Undecided)
	}
	if s.Orphans > 0 {
		text += fmt.Sprintf(", %d orphans", s.Orphans)
	}
	if s.Pending > 0 {
		text += fmt.Sprintf(", %d updates pending", s.Pending)
	}
	if s.Note != "" {
		text += "; " + s.Note
	}
	return text
}

// Outcome is how an execution ended. Paths and texts that are "" are left out.
type Outcome struct {
	Code    int          `json:"code"`
	Meaning string       `json:"meaning"`
	Scopes  []ScopeState `json:"scopes,omitempty"`
	Failure string       `json:"failure,omitempty"`
	Next    []string     `json:"next,omitempty"`   // what to do now, commands to type
	Ladder  string       `json:"ladder,omitempty"` // step of the recovery ladder
	Records string       `json:"records,omitempty"`
	Report  string       `json:"report,omitempty"`
	IDMap   string       `json:"id_map,omitempty"`
	Earlier []Papers     `json:"earlier,omitempty"` // of earlier runs, where Report and IDMap are not all
	Moved   []Moved      `json:"moved,omitempty"`   // the user spec's objects, when NCP may start in Policy mode
	Details any          `json:"details,omitempty"` // of the command, such as the plan's totals; shown as JSON only
}

// Papers are where the newest report and the newest id map of a scope lie. They may be those of two runs: only a
// complete one has an id map.
type Papers struct {
	Scope  string `json:"scope"`
	Report string `json:"report,omitempty"`
	IDMap  string `json:"id_map,omitempty"`
}

// Moved is an object of the user spec, and where it is in Policy.
type Moved struct {
	Mapping
	Name string `json:"name"`
}

// mostMoved bounds how many objects of the user spec standard output names.
const mostMoved = 20

// movedLines say where the user spec's objects are. Scripts look for " is now /infra/".
func (o Outcome) movedLines() []string {
	var lines []string
	for _, m := range o.Moved[:min(len(o.Moved), mostMoved)] {
		lines = append(lines, oneLine(fmt.Sprintf("%s %s (%s) is now %s", m.Type, m.Name, m.ManagerID, m.PolicyPath)))
	}
	if n := len(o.Moved) - len(lines); n > 0 {
		lines = append(lines, fmt.Sprintf("where the other %d objects of the user spec are, the id map of scope shared says", n))
	}
	for i := range lines {
		lines[i] = "  " + lines[i]
	}
	return lines
}

// longestFailure bounds the failure on standard output; the log has it whole.
const longestFailure = 16 << 10

// lines are the closing words. The last one says the exit code.
func (o Outcome) lines() []string {
	lines := []string{"", "result"}
	for _, s := range o.Scopes {
		lines = append(lines, "  "+s.String())
	}
	if o.Failure != "" {
		lines = append(lines, indent("  failure: ", shorten(o.Failure, longestFailure))...)
	}
	for _, path := range []struct{ name, value string }{
		{"records", o.Records}, {"report", o.Report}, {"id map", o.IDMap},
	} {
		if path.value != "" {
			lines = append(lines, fmt.Sprintf("  %-8s %s", path.name+":", path.value))
		}
	}
	for _, p := range o.Earlier {
		if p.Report != "" {
			lines = append(lines, fmt.Sprintf("  newest report of scope %s: %s", p.Scope, p.Report))
		}
		if p.IDMap != "" {
			lines = append(lines, fmt.Sprintf("  newest id map of scope %s: %s", p.Scope, p.IDMap))
		}
	}
	lines = append(lines, o.movedLines()...)
	if o.Ladder != "" {
		lines = append(lines, "recovery ladder", "  "+oneLine(o.Ladder))
	}
	if len(o.Next) > 0 {
		lines = append(lines, "next")
		for i, step := range o.Next {
			lines = append(lines, indent(fmt.Sprintf("  %d. ", i+1), step)...)
		}
	}
	return append(lines, o.lastLine())
}

func (o Outcome) lastLine() string {
	return fmt.Sprintf("exit code %d: %s", o.Code, oneLine(o.Meaning))
}

// json is the outcome as one line, with the warnings of the execution.
func (o Outcome) json(warnings []string) ([]byte, error) {
	return json.Marshal(struct {
		Outcome
		Warnings []string `json:"warnings,omitempty"`
	}{o, warnings})
}

// indent puts a name before a text and as many blanks before its further lines.
func indent(name, text string) []string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		if i == 0 {
			lines[i] = name + line
		} else {
			lines[i] = strings.Repeat(" ", len(name)) + line
		}
	}
	return lines
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// shorten cuts a text at a line or character, and says so.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	cut := text[:limit]
	if end := strings.LastIndexByte(cut, '\n'); end > limit/2 {
		cut = cut[:end]
	}
	return strings.ToValidUTF8(cut, "") + fmt.Sprintf("\n... (%d characters more are in the log)", len(text)-len(cut))
}
