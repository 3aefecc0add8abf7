package store

import (
	"cmp"
	"slices"
	"strings"
)

// posting is one sorted list of an index. Objects added by a running Update wait in added until the list is read or
// the Update ends, so that loading many objects sorts once.
type posting struct {
	sorted []*Object
	added  []*Object
}

// Compare is the order of all lists: by id, then by key.
func Compare(a, b *Object) int {
	return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Key, b.Key))
}

// settle merges what was added into the sorted list.
func (p *posting) settle() {
	switch len(p.added) {
	case 0:
		return
	case 1:
		at, _ := slices.BinarySearchFunc(p.sorted, p.added[0], Compare)
		p.sorted = slices.Insert(p.sorted, at, p.added[0])
		p.added = nil
		return
	}
	slices.SortFunc(p.added, Compare)
	old, added := p.sorted, p.added
	merged := make([]*Object, 0, len(old)+len(added))
	for len(old) > 0 && len(added) > 0 {
		if Compare(old[0], added[0]) < 0 {
			merged, old = append(merged, old[0]), old[1:]
		} else {
			merged, added = append(merged, added[0]), added[1:]
		}
	}
	p.sorted = append(append(merged, old...), added...)
	p.added = nil
}

// read returns the whole list, as a copy that the caller may change, because the list changes in place under later
// writes.
func (p *posting) read() []*Object {
	p.settle()
	return slices.Clone(p.sorted)
}

// find returns where an object stands: the list and the place in it.
func (p *posting) find(o *Object) (*[]*Object, int) {
	for i, added := range slices.Backward(p.added) {
		if added == o {
			return &p.added, i
		}
	}
	at, _ := slices.BinarySearchFunc(p.sorted, o, Compare)
	return &p.sorted, at
}

// remove takes out an object that stands in the list.
func (p *posting) remove(o *Object) {
	list, at := p.find(o)
	*list = slices.Delete(*list, at, at+1)
}

// replace puts a new version of the same object, with the same id and key, in the old one's place.
func (p *posting) replace(old, o *Object) {
	list, at := p.find(old)
	(*list)[at] = o
}
