package grammar

import (
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Run returns the objects that match, as the search index shows them, sorted by id. The index does not hold objects
// without a resource type, such as the allocations of an IP pool.
func (q *Query) Run(space *store.Space) []*store.Object {
	s := choose(q.root, space)
	if !s.chosen {
		s = selection{objects: space.Typed(), rest: q.root}
	}
	found := s.filtered()
	unindexed := space.Unindexed()
	if len(unindexed) == 0 {
		return found
	}
	found = slices.DeleteFunc(found, func(o *store.Object) bool {
		_, changed := unindexed[o.Key]
		return changed
	})
	for _, old := range unindexed {
		if old != nil && old.ResourceType != "" && q.Matches(old) {
			found = append(found, old)
		}
	}
	slices.SortFunc(found, store.Compare)
	return found
}

// selection is what the store's indexes say of a node: a list, sorted by id, that holds all that can match, and the
// test that is left to make; nil means that all of the list matches. chosen is false when no index helps.
type selection struct {
	objects []*store.Object
	rest    node
	chosen  bool
}

// filtered makes the test that is left. It may use the list's memory.
func (s selection) filtered() []*store.Object {
	if s.rest == nil {
		return s.objects
	}
	d := &document{}
	return slices.DeleteFunc(s.objects, func(o *store.Object) bool {
		*d = document{object: o}
		return !s.rest.matches(d)
	})
}

// choose asks the indexes for a node.
func choose(n node, space *store.Space) selection {
	switch n := n.(type) {
	case *term:
		return chooseTerm(n, space)
	case allOf:
		return chooseAll(n, space)
	case anyOf:
		return chooseAny(n, space)
	}
	return selection{}
}

func chooseTerm(t *term, space *store.Space) selection {
	value, exact := t.pattern.exact()
	if !exact {
		return selection{}
	}
	switch t.field {
	case "resource_type":
		return selection{objects: space.ByType(value), chosen: true}
	case "tags.scope":
		return selection{objects: space.ByTagScope(value), chosen: true}
	case "tags.tag":
		return selection{objects: space.ByTagValue(value), chosen: true}
	}
	return selection{}
}

// longer is how many times longer than the shortest list another may be for both to be merged. Testing the few objects
// of a short list is faster than going through a long one.
const longer = 8

func chooseAll(parts allOf, space *store.Space) selection {
	chosen := make([]selection, len(parts))
	shortest := -1
	for i, part := range parts {
		chosen[i] = choose(part, space)
		if chosen[i].chosen && (shortest < 0 || len(chosen[i].objects) < len(chosen[shortest].objects)) {
			shortest = i
		}
	}
	if shortest < 0 {
		return selection{}
	}
	all := chosen[shortest]
	for i, part := range parts {
		if i != shortest {
			all.narrow(part, chosen[i], space)
		}
	}
	return all
}

// narrow takes one more part of an allOf into account, of which the indexes say more.
func (s *selection) narrow(part node, more selection, space *store.Space) {
	if more.chosen && len(more.objects) <= longer*len(s.objects) {
		s.objects = intersect(s.objects, more.objects)
		s.test(more.rest)
		return
	}
	if not, ok := part.(negated); ok {
		without := choose(not.of, space)
		if without.chosen && without.rest == nil && len(without.objects) <= longer*len(s.objects) {
			s.objects = subtract(s.objects, without.objects)
			return
		}
	}
	s.test(part)
}

// test adds a test to those that are left; nil adds nothing.
func (s *selection) test(n node) {
	switch {
	case n == nil:
	case s.rest == nil:
		s.rest = n
	default:
		s.rest = allOf{s.rest, n}
	}
}

func chooseAny(parts anyOf, space *store.Space) selection {
	union := selection{chosen: true}
	for _, part := range parts {
		s := choose(part, space)
		if !s.chosen {
			return selection{}
		}
		union.objects = append(union.objects, s.filtered()...)
	}
	slices.SortFunc(union.objects, store.Compare)
	union.objects = slices.Compact(union.objects)
	return union
}

// intersect returns what stands in both lists, in the memory of the first.
func intersect(a, b []*store.Object) []*store.Object {
	common := a[:0]
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			common = append(common, a[0])
			a, b = a[1:], b[1:]
		case store.Compare(a[0], b[0]) < 0:
			a = a[1:]
		default:
			b = b[1:]
		}
	}
	return common
}

// subtract returns what stands in the first list only, in the memory of that list.
func subtract(a, b []*store.Object) []*store.Object {
	left := a[:0]
	for len(a) > 0 {
		switch {
		case len(b) > 0 && a[0] == b[0]:
			a, b = a[1:], b[1:]
		case len(b) > 0 && store.Compare(b[0], a[0]) < 0:
			b = b[1:]
		default:
			left = append(left, a[0])
			a = a[1:]
		}
	}
	return left
}
