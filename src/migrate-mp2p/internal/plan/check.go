package plan

import (
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// NSX's limits for tags, lengths in characters (NCP docs 4.0). A port needs room for the tag policyPath (SAP
// networking-nsx-t). Whether the tags of phase 3 find room, the update rules tell when they are run in advance.
const (
	mostTags     = 30
	mostPortTags = 29
	longestScope = 128
	longestTag   = 256
)

// checkUnsupported reports what the migration cannot take along.
func (b *builder) checkUnsupported() {
	for _, u := range b.inv.Unsupported {
		b.problems = append(b.problems, Problem{
			ID: u.ResourceType + "/" + u.ID, Name: u.Name, Text: "NCP made it, but it cannot be migrated: " + u.Why,
			Cure: "remove it while NCP still runs in Manager mode, or ask for a newer release",
		})
	}
}

// checkTags reports tags that NSX would refuse.
func (b *builder) checkTags() {
	for _, o := range b.objects {
		most := mostTags
		if o.Type == mp.LogicalPort {
			most = mostPortTags
		}
		if len(o.Tags) > most {
			b.problem(o, fmt.Sprintf("it has %d tags and may have %d at most", len(o.Tags), most), "remove labels of its workload, or have NCP filter them, while NCP still runs in Manager mode")
		}
		for _, t := range o.Tags {
			if utf8.RuneCountInString(t.Scope) > longestScope || utf8.RuneCountInString(t.Tag) > longestTag {
				b.problem(o, fmt.Sprintf("the tag with scope %.40q is longer than NSX Policy allows (scope %d, value %d)", t.Scope, longestScope, longestTag), "shorten it while NCP still runs in Manager mode")
			}
		}
	}
}

// missing is an object that ours need and that will not be Policy.
type missing struct {
	ref   mp.Ref
	field string
	first *inventory.Object
	users int
}

// checkReferences makes sure that everything our objects refer to goes with them or is Policy.
func (b *builder) checkReferences() {
	for _, o := range b.objects {
		if o.Parent.ID != "" {
			b.need(o, inventory.Reference{To: o.Parent, Field: "parent"})
		} else if len(b.entry(o).Parents) > 0 && !poolless(o) {
			b.problem(o, "NSX does not show what it belongs to", "see the assumptions about "+string(o.Type)+" in the documentation")
		}
		for _, ref := range o.Refs {
			b.need(o, ref)
		}
		for id, name := range o.Names {
			if name == "" {
				b.problem(o, fmt.Sprintf("its rule %s is gone from NSX", id), "let NCP repair it in Manager mode first")
			}
		}
	}
}

// need notes an object that ours refer to.
func (b *builder) need(o *inventory.Object, ref inventory.Reference) {
	id := ref.To.ID
	if _, ours := b.planned[id]; ours {
		return
	}
	if p, known := b.pathOf(id); known {
		b.plan.References[id] = p
		return
	}
	if b.inv.Outside[id].System {
		return
	}
	if b.missing[id] == nil {
		b.missing[id] = &missing{ref: ref.To, field: ref.Field, first: o}
	}
	b.missing[id].users++
}

// reportMissing reports every missing object once, with the cure.
func (b *builder) reportMissing() {
	for _, id := range slices.Sorted(maps.Keys(b.missing)) {
		m := b.missing[id]
		outside := b.inv.Outside[id]
		if outside.Ref.Type != "" {
			m.ref.Type = outside.Ref.Type
		}
		text := fmt.Sprintf("%d objects need it, first %s (%s) by %s, but it is still Manager and not in the plan", m.users, m.first.Ref, m.first.Name, m.field)
		cure := b.listIt(m.ref)
		if outside.Missing {
			text = fmt.Sprintf("%d objects need it, first %s (%s) by %s, but NSX has no such object", m.users, m.first.Ref, m.first.Name, m.field)
			cure = "let NCP repair what refers to it in Manager mode first"
		}
		p := Problem{Type: m.ref.Type, ID: id, Name: outside.Name, Text: text, Cure: cure}
		if m.first.Wanted != nil {
			p.Line = m.first.Wanted.Line
		}
		b.problems = append(b.problems, p)
	}
}

// listIt says what to write into the user spec.
func (b *builder) listIt(ref mp.Ref) string {
	e, ok := b.options.Catalog.Entry(ref.Type)
	if ok && e.SpecKey == "" && len(e.Parents) > 0 {
		e, ok = b.options.Catalog.Entry(e.Parents[0])
		if ok {
			return fmt.Sprintf("list what it belongs to in the user spec, under %s, and migrate the shared resources first", e.SpecKey)
		}
	}
	if !ok || e.SpecKey == "" {
		return "see the assumptions about " + string(ref.Type) + " in the documentation"
	}
	return fmt.Sprintf("list it in the user spec (%s: [{id: %q}]) and migrate the shared resources first", e.SpecKey, ref.ID)
}
