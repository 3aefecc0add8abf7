// Package policyid judges the ids that Policy objects are to get, before NSX is asked. An object with an id that NSX
// refuses in a path is made without complaint, and can never be read, updated or deleted afterwards.
//
// What NSX refuses is nowhere documented. Its words for an id with an umlaut (vmware-samples nsx-t issue 41) are those of
// Spring Security's StrictHttpFirewall, whose source says what else it turns away; the rest is ASSUMED, as the table says.
package policyid

import (
	"fmt"
	"strings"
)

// Longest is how many characters an id may have. ASSUMED: it is NSX's limit for display names (Broadcom API docs).
const Longest = 255

// refused are the printable characters that no id may hold, and why.
var refused = []struct{ characters, why string }{
	{"/", "it separates the parts of a Policy path"},
	{`\;%`, "NSX refuses every path that holds it (its request firewall, Spring Security)"},
	{" ", "NCP never leaves one in an id (NCP docs 3.2; that NSX refuses it is ASSUMED)"},
	{"?#", "it ends the path of a URL (that NSX refuses it is ASSUMED)"},
}

// Judge says why NSX would refuse an id; "" when nothing speaks against it.
func Judge(id string) string {
	switch n := len(id); {
	case id == "":
		return "it is empty"
	case strings.Trim(id, ".") == "":
		return "it is nothing but periods, which NSX refuses in a path"
	case n > Longest && strings.IndexFunc(id, beyond) < 0:
		return fmt.Sprintf("it has %d characters, NSX takes %d", n, Longest)
	}
	for _, c := range id {
		if why := refusal(c); why != "" {
			return fmt.Sprintf("%q must not be in it: %s", c, why)
		}
	}
	return ""
}

// beyond tells whether a character is not one of printable ASCII.
func beyond(c rune) bool { return c < ' ' || c > '~' }

// refusal says why a character cannot be in an id.
func refusal(c rune) string {
	if beyond(c) {
		return "NSX answers every path with 400 that is not printable ASCII"
	}
	for _, r := range refused {
		if strings.ContainsRune(r.characters, c) {
			return r.why
		}
	}
	return ""
}

// Propose makes an id that Judge takes out of one that it does not: what is refused becomes an underscore. Two texts may
// get the same proposal.
func Propose(text string) string {
	id := strings.Map(func(c rune) rune {
		if refusal(c) != "" {
			return '_'
		}
		return c
	}, text)
	if strings.Trim(id, ".") == "" {
		id = "_" + id
	}
	return id[:min(len(id), Longest)]
}
