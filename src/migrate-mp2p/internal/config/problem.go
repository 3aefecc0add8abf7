package config

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with a file.
type Problem struct {
	Line int    // in YAML; 0 in config.json
	Key  string // path of the key, e.g. nsx.managers[0].address
	Text string // what is wrong, with the value unless it is secret, and the cure
}

func (p Problem) String() string {
	var parts []string
	if p.Line > 0 {
		parts = append(parts, fmt.Sprintf("line %d", p.Line))
	}
	if p.Key != "" {
		parts = append(parts, p.Key)
	}
	return strings.Join(append(parts, p.Text), ": ")
}

// Error lists everything that is wrong with a file.
type Error struct {
	Path     string
	Problems []Problem
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "reading %s: ", e.Path)
	if len(e.Problems) == 1 {
		b.WriteString(e.Problems[0].String())
		return b.String()
	}
	fmt.Fprintf(&b, "%d problems", len(e.Problems))
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.String())
	}
	return b.String()
}

// problems collects what is wrong with one file.
type problems struct {
	path string
	all  []Problem
}

// add reports a key of config.json, unless the key or what it lies in is reported already: the rest follows from that.
func (p *problems) add(key, format string, args ...any) {
	for _, known := range p.all {
		rest, within := strings.CutPrefix(key, known.Key)
		if within && (rest == "" || strings.HasPrefix(rest, ".")) {
			return
		}
	}
	p.all = append(p.all, Problem{Key: key, Text: fmt.Sprintf(format, args...)})
}

// at reports a line of the user spec.
func (p *problems) at(line int, key, format string, args ...any) {
	p.all = append(p.all, Problem{Line: line, Key: key, Text: fmt.Sprintf(format, args...)})
}

// err is nil when nothing is wrong.
func (p *problems) err() error {
	if len(p.all) == 0 {
		return nil
	}
	return &Error{Path: p.path, Problems: p.all}
}
