package groups

import (
	"hash/fnv"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// sectionEmptied is where the state holds the emptied groups: their paths, each with the digest of its body. Whoever
// writes a group changes its body, at least the _revision, so that nobody has to take a group out of the section.
const sectionEmptied = "emptied-groups"

// Emptied are the groups that have no members since an upgrade.
type Emptied map[string]uint64

// EmptyAll leaves all Policy groups that there are without members until they are written again.
func EmptyAll(tx *store.Tx) error {
	emptied := Emptied{}
	for _, group := range tx.Policy().ByType("Group") {
		emptied[group.Key] = digest(group)
	}
	return tx.SetSection(sectionEmptied, emptied)
}

// EmptiedIn reads which groups of a state are emptied.
func EmptiedIn(tx *store.Tx) (Emptied, error) {
	var emptied Emptied
	_, err := tx.Section(sectionEmptied, &emptied)
	return emptied, err
}

// Has tells whether a Policy group is among them, and was not written since.
func (e Emptied) Has(group *store.Object) bool { return e[group.Key] == digest(group) }

// digest tells a body from another; it is never 0, which stands for no group.
func digest(group *store.Object) uint64 {
	sum := fnv.New64a()
	// A hash takes whatever is written to it.
	_, _ = sum.Write(group.Body)
	return max(1, sum.Sum64())
}
