package plan

import (
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/bounded"
	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// PolicyIDs is the rule by which Policy objects get their ids.
type PolicyIDs string

// The rules: the Manager object's id (as TKGI does), or its name as NCP 3.x did. An id in the user spec wins.
const (
	ByUUID PolicyIDs = "uuid"
	ByName PolicyIDs = "display-name"
)

// Options say how to plan.
type Options struct {
	Catalog   *catalog.Catalog
	PolicyIDs PolicyIDs
	// Principal will own the Policy objects of NCP; empty: the identity that made most of the Manager objects.
	Principal string
	// NodePrincipal will own the Policy objects of the nodes' network; empty: of each the identity that made it.
	NodePrincipal string
	// SharedPrincipal will own shared ones; empty: admin.
	SharedPrincipal string
	// Assume are objects that will be Policy before this plan is carried out, because another plan moves them first:
	// Manager id -> Policy path.
	Assume map[string]string
	// Adopt are objects that are Policy already and are taken over, because the records of their migration are lost.
	Adopt map[mp.Ref]bool
}

// Entry is one object of a batch and what must be known of it later. Tags and maps may be shared between entries and
// must not be changed.
type Entry struct {
	mp.Ref
	PolicyPath string // where it will be; empty when NSX decides
	Name       string
	Hash       string
	Tags       []mp.Tag
	Names      map[string]string  // of LB rules: Manager id -> display name
	Facts      map[mp.Fact]string // those of the inventory, and the parent and switch
}

// Batch is one promotion request.
type Batch struct {
	Type    mp.Type
	Request mp.Promotion
	Entries []Entry
}

// TypeTotal is a line of the plan's summary.
type TypeTotal struct {
	Type    mp.Type
	Objects int
	Batches int
}

// Plan is everything that a run will send.
type Plan struct {
	Scope   mp.Scope
	Batches []Batch
	// References are the Policy paths of objects outside the plan that ours refer to, by Manager id.
	References map[string]string
	// Principal will own what is NCP's; empty in scope shared.
	Principal string
	// Nodes counts the objects of the nodes' network, and NodePrincipals are who will own them.
	Nodes          int
	NodePrincipals []string
	AlreadyPolicy  int
	// KeptIDs counts the objects that keep their Manager ids although ids shall be made of names, since NSX would refuse
	// what their names make; KeptNames are the first few of them, for people.
	KeptIDs   int
	KeptNames []string
	// Digest is the same for the same requests, and only then.
	Digest string
	Totals []TypeTotal
	// Adopted are batches of objects that are Policy already, in the same order: nothing is sent, and their requests are what a
	// rollback needs. They count neither in the digest nor in the totals.
	Adopted []Batch
}

// Objects is the number of entries.
func (p *Plan) Objects() int {
	n := 0
	for _, t := range p.Totals {
		n += t.Objects
	}
	return n
}

// AdoptedObjects is the number of entries that are taken over.
func (p *Plan) AdoptedObjects() int {
	n := 0
	for _, b := range p.Adopted {
		n += len(b.Entries)
	}
	return n
}

// IDMap is what the plan will have produced: Manager id -> Policy path. Objects whose place NSX decides are not in it.
func (p *Plan) IDMap() map[string]string {
	ids := make(map[string]string, p.Objects()+p.AdoptedObjects())
	for _, b := range slices.Concat(p.Adopted, p.Batches) {
		for _, e := range b.Entries {
			if e.PolicyPath != "" {
				ids[e.ID] = e.PolicyPath
			}
		}
	}
	return ids
}

// Problem is one reason why there is no plan.
type Problem struct {
	Type mp.Type // empty when the migration API has no type for it
	ID   string
	Name string
	Text string
	Cure string
	Line int // of the user spec; 0 when the object does not stand there
}

func (p Problem) String() string {
	var b strings.Builder
	if p.Line > 0 {
		fmt.Fprintf(&b, "user spec, line %d: ", p.Line)
	}
	fmt.Fprintf(&b, "%s %s", p.Type, p.ID)
	if p.Name != "" {
		fmt.Fprintf(&b, " (%s)", p.Name)
	}
	b.WriteString(": " + p.Text)
	if p.Cure != "" {
		b.WriteString("; " + p.Cure)
	}
	return strings.TrimSpace(b.String())
}

// Error lists every reason why there is no plan.
type Error struct{ Problems []Problem }

// shown is how many problems the text of an Error spells out; all of them are in Problems.
const shown = 20

func (e *Error) Error() string {
	lines := []string{fmt.Sprintf("planning: %d problems, nothing can be migrated", len(e.Problems))}
	return strings.Join(append(lines, bounded.Lines(bounded.Texts(e.Problems), shown)...), "\n")
}
