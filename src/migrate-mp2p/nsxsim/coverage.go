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

// WriteCoverage prints the coverage for people: one line for each endpoint, then its notes, then all that is ASSUMED.
func WriteCoverage(w io.Writer, endpoints []Endpoint) error {
	var out bytes.Buffer
	var assumed []string
	for _, e := range endpoints {
		fmt.Fprintf(&out, "%-7s %-7s %s\n", e.Extent, e.Method, e.Path)
		for _, note := range e.Notes {
			fmt.Fprintf(&out, "%16s- %s\n", "", note)
			if strings.HasPrefix(note, assumedMark) && !slices.Contains(assumed, note) {
				assumed = append(assumed, note)
			}
		}
	}
	fmt.Fprintf(&out, "\n%d endpoints. What no public source states, and is assumed:\n", len(endpoints))
	for _, note := range slices.Concat(assumed, assumptions()) {
		fmt.Fprintf(&out, "- %s\n", strings.TrimPrefix(note, assumedMark))
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
		"a PUT without _revision on an object that exists answers 412, as a stale one does",
		"the simulator checks neither references between objects nor required fields",
	}
}
