package grammar

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Sort sorts objects by the first value of a field, which may be a nested one: numbers by their size and before texts,
// texts by their bytes, objects without a value last, and those with the same value by id.
func Sort(objects []*store.Object, field string) {
	keyed := make([]sortable, len(objects))
	for i, o := range objects {
		keyed[i].object = o
		(&document{object: o}).at(field, &keyed[i].key)
	}
	slices.SortFunc(keyed, func(a, b sortable) int {
		return cmp.Or(a.key.compare(b.key), store.Compare(a.object, b.object))
	})
	for i, k := range keyed {
		objects[i] = k.object
	}
}

// sortable is an object with what it is sorted by.
type sortable struct {
	object *store.Object
	key    sortKey
}

// The kinds of a sortKey, in reverse order.
const (
	nothing = iota
	someText
	someNumber
)

// sortKey is a test that keeps the first value.
type sortKey struct {
	kind   int
	number float64
	word   string
}

func (k *sortKey) text(value string) bool {
	k.kind, k.word = someText, value
	return true
}

func (k *sortKey) value(value any) bool {
	if n, ok := value.(json.Number); ok {
		if f, err := n.Float64(); err == nil {
			k.kind, k.number = someNumber, f
			return true
		}
	}
	return scalar(value, k.text)
}

func (k *sortKey) compare(other sortKey) int {
	return cmp.Or(cmp.Compare(other.kind, k.kind), cmp.Compare(k.number, other.number), strings.Compare(k.word, other.word))
}
