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

// settle merges what was added into the sorted list. It compares around the places of what was added only, since an Update
// adds little to a list of all objects.
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
	old, merged := p.sorted, make([]*Object, 0, len(p.sorted)+len(p.added))
	for i, o := range p.added {
		at, _ := slices.BinarySearchFunc(old, o, Compare)
		merged, old = append(merged, old[:at]...), old[at:]
		if len(old) == 0 {
			p.sorted, p.added = append(merged, p.added[i:]...), nil
			return
		}
		merged = append(merged, o)
	}
	p.sorted, p.added = append(merged, old...), nil
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
