package inventory

import (
	"slices"
	"strings"
	"sync"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// interner holds one copy of what occurs often: strings, and lists of references, which all ports of a switch share.
type interner struct {
	mu    sync.Mutex
	seen  map[string]string
	lists map[string][]Reference
}

func newInterner() *interner {
	return &interner{seen: map[string]string{}, lists: map[string][]Reference{}}
}

// references gives the list that equals the given one. It is clipped, so that appending to it copies it.
func (n *interner) references(refs []Reference) []Reference {
	if len(refs) == 0 {
		return nil
	}
	var key strings.Builder
	for _, ref := range refs {
		for _, s := range []string{string(ref.To.Type), ref.To.ID, ref.Field} {
			key.WriteString(s)
			key.WriteByte(0)
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if known, ok := n.lists[key.String()]; ok {
		return known
	}
	refs = slices.Clip(slices.Clone(refs))
	n.lists[key.String()] = refs
	return refs
}

func (n *interner) one(s string) string {
	if s == "" {
		return ""
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if known, ok := n.seen[s]; ok {
		return known
	}
	n.seen[s] = s
	return s
}

// tags gives an interned copy.
func (n *interner) tags(tags []mp.Tag) []mp.Tag {
	if len(tags) == 0 {
		return nil
	}
	kept := make([]mp.Tag, len(tags))
	for i, t := range tags {
		kept[i] = mp.Tag{Scope: n.one(t.Scope), Tag: n.one(t.Tag)}
	}
	return kept
}

// object keeps what a plan needs of a body.
func (r *retrieval) object(e *catalog.Entry, b body) *Object {
	tags, policyPath, shadowed := b.promotion()
	o := &Object{
		Ref: mp.Ref{Type: e.Type, ID: r.intern.one(b.text("id"))}, Name: b.text("display_name"), Tags: r.intern.tags(tags),
		Owner: r.intern.one(b.text("_create_user")), Hash: b.hashWith(tags), PolicyPath: policyPath, Shadowed: shadowed,
		Nodes:   r.whose().ofNodes(tags),
		Created: b.number("_create_time"), Modified: b.number("_last_modified_time"),
		ModifiedBy: r.intern.one(b.text("_last_modified_user")),
	}
	if len(e.Parents) > 0 && e.ParentField != "" {
		o.Parent = mp.Ref{Type: e.Parents[0], ID: r.intern.one(b.text(e.ParentField))}
	}
	switch e.Type {
	case mp.NAT:
		o.Order = int(b.number("rule_priority"))
	case mp.DFWSection:
		o.Category = r.intern.one(b.text("category"))
	}
	o.Refs = r.references(e.Refers, b)
	for _, t := range o.Tags {
		if to, ok := r.q.Catalog.TagReference(t.Scope); ok && t.Tag != "" {
			o.Refs = append(o.Refs, Reference{To: mp.Ref{Type: to, ID: t.Tag}, Field: "tag " + t.Scope})
		}
	}
	o.Refs = r.intern.references(o.Refs)
	return o
}

// references reads the ids that a body names in these fields.
func (r *retrieval) references(fields []catalog.Field, b body) []Reference {
	var refs []Reference
	for _, f := range fields {
		b.each(f.Path, func(id string, holder body) {
			to, ours := r.target(f, holder)
			if id != "" && ours {
				refs = append(refs, Reference{To: mp.Ref{Type: to, ID: r.intern.one(id)}, Field: f.Path})
			}
		})
	}
	return refs
}

// target gives the type that a field names here; ours is false for kinds that the field does not migrate.
func (r *retrieval) target(f catalog.Field, holder body) (to mp.Type, ours bool) {
	if f.Kind == "" {
		return f.To[0], true
	}
	kind := holder.text(f.Kind)
	for _, t := range f.To {
		e, _ := r.q.Catalog.Entry(t)
		if e.Accepts(kind, e.RouterType) {
			return t, true
		}
	}
	return "", false
}
