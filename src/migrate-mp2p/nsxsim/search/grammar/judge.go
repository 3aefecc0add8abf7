package grammar

import (
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Names tells whether the query asks for a value of a field by its very name, wildcards and negations apart.
func (q *Query) Names(field, value string) bool { return names(q.root, field, value) }

func names(n node, field, value string) bool {
	named := func(part node) bool { return names(part, field, value) }
	switch n := n.(type) {
	case *term:
		_, exact := n.pattern.exact()
		return n.field == field && exact && n.pattern.matches(value)
	case allOf:
		return slices.ContainsFunc(n, named)
	case anyOf:
		return slices.ContainsFunc(n, named)
	}
	return false
}

// Judge says what can be said of an object of which some fields are known only: whether it may match, and whether it
// matches for certain, whatever its other fields are.
func (q *Query) Judge(o *store.Object, fields ...string) (may, must bool) {
	may, mayNot := judge(q.root, &document{object: o}, fields)
	return may, !mayNot
}

// judge tells whether a node may match, and whether it may not.
func judge(n node, d *document, fields []string) (may, mayNot bool) {
	known := func(field string) (bool, bool) {
		if !slices.Contains(fields, field) {
			return true, true
		}
		matches := n.matches(d)
		return matches, !matches
	}
	switch n := n.(type) {
	case *term:
		return known(n.field)
	case *between:
		return known(n.field)
	case *exists:
		return known(n.field)
	case negated:
		may, mayNot = judge(n.of, d, fields)
		return mayNot, may
	case allOf:
		may = true
		for _, part := range n {
			can, cannot := judge(part, d, fields)
			may, mayNot = may && can, mayNot || cannot
		}
		return may, mayNot
	case anyOf:
		mayNot = true
		for _, part := range n {
			can, cannot := judge(part, d, fields)
			may, mayNot = may || can, mayNot && cannot
		}
		return may, mayNot
	case everything:
		return true, false
	}
	return true, true
}
