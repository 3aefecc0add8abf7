package nsxsim

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/front"
)

// Endpoint is one line of the coverage.
type Endpoint struct {
	Method string
	// Path has "{name}" for ids, and "?action=" where the action is part of the endpoint.
	Path   string
	Extent api.Extent
	// Query are the query parameters that the endpoint heeds.
	Query []string
	Notes []string
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
	for _, route := range s.router.Routes {
		path := route.Pattern
		if route.Action != "" {
			path += "?action=" + route.Action
		}
		list = append(list, Endpoint{Method: route.Method, Path: path, Extent: route.Extent, Query: route.Query, Notes: route.Notes})
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
		fmt.Fprintf(&out, "    %-7s %-7s %s\n", e.Method, e.Extent, strings.Join(e.Query, " "))
		for _, note := range e.Notes {
			if told[e.Path+note] {
				continue
			}
			told[e.Path+note] = true
			fmt.Fprintf(&out, "%12s- %s\n", "", note)
			if text, is := strings.CutPrefix(note, api.Assumed); is && !told[note] {
				told[note] = true
				fmt.Fprintf(&assumed, "- %s: %s\n", e.Path, text)
			}
		}
	}
	fmt.Fprintf(&out, "\n%d endpoints. No public source states, and the simulator assumes, what follows (each with the first "+
		"endpoint it concerns):\n", len(endpoints))
	out.Write(assumed.Bytes())
	for _, text := range assumptions() {
		fmt.Fprintf(&out, "- everywhere: %s\n", text)
	}
	if _, err := out.WriteTo(w); err != nil {
		return fmt.Errorf("printing the coverage: %w", err)
	}
	return nil
}

// WriteCoveragePage prints the coverage as a page in Markdown: a table with a row for what an endpoint's methods have in
// common, and the notes, numbered, below it.
func WriteCoveragePage(w io.Writer, endpoints []Endpoint) error {
	var out, rest bytes.Buffer
	numbers := map[string]int{}
	number := func(note string) string {
		if numbers[note] == 0 {
			numbers[note] = len(numbers) + 1
			fmt.Fprintf(&rest, "%d. %s\n", numbers[note], note)
		}
		return strconv.Itoa(numbers[note])
	}
	full := 0
	type row struct{ path, rest string } // what its methods have in common
	var rows []row
	methods := map[row][]string{}
	for _, e := range endpoints {
		if e.Extent == api.Full {
			full++
		}
		var notes []string
		for _, note := range e.Notes {
			notes = append(notes, number(note))
		}
		r := row{e.Path, fmt.Sprintf("%s | %s | %s", e.Extent, strings.Join(e.Query, " "), strings.Join(notes, " "))}
		if methods[r] == nil {
			rows = append(rows, r)
		}
		methods[r] = append(methods[r], e.Method)
	}
	fmt.Fprintf(&out, coverageHead, len(endpoints), full)
	for _, r := range rows {
		fmt.Fprintf(&out, "| `%s` | %s | %s |\n", r.path, strings.Join(methods[r], " "), r.rest)
	}
	out.WriteString("\n## Notes\n\n")
	out.Write(rest.Bytes())
	out.WriteString("\n## Assumed everywhere\n\n")
	for _, text := range assumptions() {
		fmt.Fprintf(&out, "- %s\n", text)
	}
	if _, err := out.WriteTo(w); err != nil {
		return fmt.Errorf("printing the coverage: %w", err)
	}
	return nil
}

const coverageHead = `# What the simulator covers

Made by ` + "`nsxsim coverage --markdown`" + `, from the routing table that serves the requests. %d endpoints, %d of them as far as public
sources tell, the others in part: the numbers in the last column are the notes below. A note that begins with ASSUMED says
what no public source states, and why it is the likeliest. Other parameters than those named are ignored; other endpoints answer 404 in NSX's
error form and are marked as a gap in the journal.

## Endpoints

| path | methods | extent | parameters | notes |
|---|---|---|---|---|
`

// assumptions are those that belong to no single endpoint.
func assumptions() []string {
	return []string{
		"an unknown endpoint answers 404 with error_code 258, an unknown method or action 405; why: clients of APIs that are " +
			"gone saw 404, the codes are not public",
		"a call to the coordinator on a node where its service does not run answers 500 with error_code 98; why: the proxy's " +
			"public code for a service that it cannot reach",
		"an expired or unknown session is refused with 403, as wrong credentials are; sessions hold on all nodes; why: " +
			"nsxlib logs in again after 401 and 403 alike",
		"objects of local users and of the system are open to every writer; those of principal identities are protected; " +
			"why: public refusals (289) name principals as owners",
		"the error_codes 202 (id exists), 220 (unreadable request), 401 (account locked), 604 (stale revision), 5109 and " +
			"5110 (address taken, pool exhausted), 30700 (service runs elsewhere), 60512 and 60513 (search syntax, cursor); " +
			"why: the refusals are public, their codes are not",
		"an upgrade of the simulator to NSX 9 is refused while users' objects are in Manager mode, any upgrade ends sessions " +
			"and stops the migration coordinator's service, and a restored backup brings its version back; why: NSX 9 has no " +
			"Manager mode, and promotion is advised before it; nodes restart in an upgrade",
		front.PathNote,
		"a restored backup brings all objects back and no process: the migration coordinator's service is stopped, its " +
			"workflow and plan are gone unless an option keeps them, sessions end, and the search index is made anew; why: a " +
			"backup is restored to a new appliance, and workflow and plan are kept on a node",
		"a PUT without _revision on an object that exists answers 412, as a stale one does; why: the SDK demands the field",
	}
}
