package nsxsim

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

// Endpoint is one line of the coverage.
type Endpoint struct {
	Method string
	// Path has "{name}" for ids, and "?action=" where the action is part of the endpoint.
	Path   string
	Extent api.Extent
	Notes  []string
}

// Coverage lists the endpoints that a server with these options knows, sorted by path. It is made from the routing
// table itself.
func Coverage(options Options) ([]Endpoint, error) {
	s, err := build(options.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("listing the coverage: %w", err)
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	var list []Endpoint
	for _, route := range s.router.routes {
		path := route.Pattern
		if route.Action != "" {
			path += "?action=" + route.Action
		}
		list = append(list, Endpoint{Method: route.Method, Path: path, Extent: route.Extent, Notes: route.Notes})
	}
	slices.SortFunc(list, func(a, b Endpoint) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	return list, nil
}

// WriteCoverage prints the coverage for people: each path with its methods and notes, then all that is ASSUMED.
func WriteCoverage(w io.Writer, endpoints []Endpoint) error {
	var out, assumed bytes.Buffer
	told := map[string]bool{}
	for i, e := range endpoints {
		if i == 0 || endpoints[i-1].Path != e.Path {
			fmt.Fprintf(&out, "%s\n", e.Path)
		}
		fmt.Fprintf(&out, "    %-7s %s\n", e.Method, e.Extent)
		for _, note := range e.Notes {
			if told[e.Path+note] {
				continue
			}
			told[e.Path+note] = true
			fmt.Fprintf(&out, "%12s- %s\n", "", note)
			if text, is := strings.CutPrefix(note, assumedMark); is && !told[note] {
				told[note] = true
				fmt.Fprintf(&assumed, "- %s: %s\n", e.Path, text)
			}
		}
	}
	fmt.Fprintf(&out, "\n%d endpoints. No public source states, and the simulator assumes, what follows (each with the first endpoint it concerns):\n", len(endpoints))
	out.Write(assumed.Bytes())
	for _, text := range assumptions() {
		fmt.Fprintf(&out, "- everywhere: %s\n", text)
	}
	if _, err := out.WriteTo(w); err != nil {
		return fmt.Errorf("printing the coverage: %w", err)
	}
	return nil
}

// assumedMark begins the notes that no public source backs.
const assumedMark = "ASSUMED: "

// assumptions are those that belong to no single endpoint.
func assumptions() []string {
	return []string{
		"an unknown endpoint answers 404 with error_code 258, an unknown method or action 405",
		"a call to the coordinator on a node where its service does not run answers 500 with error_code 98",
		"an expired or unknown session is refused with 403, as wrong credentials are; sessions hold on all nodes",
		"objects of local users and of the system are open to every writer; those of principal identities are protected",
		"the error_codes 202 (id exists), 220 (unreadable request), 401 (account locked), 604 (stale revision), 5109 and 5110 (address taken, pool exhausted), 30700 (service runs elsewhere), 60512 and 60513 (search syntax, cursor)",
		"a PUT without _revision on an object that exists answers 412, as a stale one does",
	}
}
