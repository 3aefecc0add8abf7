package check

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/search/grammar"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Except names what a migration may change.
type Except struct {
	// Cluster is the one that was migrated.
	Cluster string
	// Shared are the Manager ids of the shared objects that were migrated, their
	// ports and static routes included.
	Shared []string
}

// Untouched compares two states of one NSX and lists what changed although a
// migration had no business with it: objects of other foundations, of the
// administrator and of the system have to be byte for byte what they were, no object
// may have come that does not belong to what was migrated, and the firewall sections
// have to stand in the order in which they stood. The rules of a cluster's sections
// must not change either: promotion and rollback leave them alone.
func Untouched(before, after *store.Store, except Except) ([]string, error) {
	old, err := read(before, except)
	if err != nil {
		return nil, fmt.Errorf("reading the state before: %w", err)
	}
	now, err := read(after, except)
	if err != nil {
		return nil, fmt.Errorf("reading the state after: %w", err)
	}
	var problems []string
	for _, key := range sortedKeys(old.bodies) {
		body, exists := now.bodies[key]
		switch {
		case old.allowed(key) || now.allowed(key):
		case !exists:
			problems = append(problems, key+" is gone")
		case !bytes.Equal(body, old.bodies[key]):
			problems = append(problems, key+" was changed")
		}
	}
	for _, key := range sortedKeys(now.bodies) {
		if _, existed := old.bodies[key]; !existed && !now.allowed(key) {
			problems = append(problems, key+" is new")
		}
	}
	return append(problems, reordered(old.sections, now.sections)...), nil
}

// reordered names the sections that stood before their next one and do not any more.
func reordered(before, after []string) []string {
	place := map[string]int{}
	for i, key := range after {
		place[key] = i
	}
	var problems []string
	above := ""
	for _, key := range before {
		if _, stays := place[key]; !stays {
			continue
		}
		if above != "" && place[above] > place[key] {
			problems = append(problems, fmt.Sprintf("%s does not stand before %s any more", above, key))
		}
		above = key
	}
	return problems
}

// snapshot is a state with what may change in it.
type snapshot struct {
	bodies map[string][]byte
	may    map[string]bool
	// paths are the Policy objects of what may change.
	paths map[string]bool
	// sections are the keys of the firewall sections in the order of evaluation.
	sections []string
}

func read(st *store.Store, except Except) (*snapshot, error) {
	s := &snapshot{bodies: map[string][]byte{}, may: map[string]bool{}, paths: map[string]bool{}}
	err := st.View(func(tx *store.Tx) error {
		for o := range tx.Manager().All() {
			s.bodies[o.Key] = o.Body
			if !created(o, except.Cluster) && !madeByTKGI(o, except.Cluster) && !slices.Contains(except.Shared, o.ID) && !routingOf(o.Key, except.Shared) {
				continue
			}
			s.may[o.Key] = true
			if path, promoted := o.Tag(scopePolicyPath); promoted {
				s.paths[path] = true
				if pool, _, below := strings.Cut(path, "/ip-subnets/"); below {
					s.paths[pool] = true // made with the subnet where none was over it
				}
			}
		}
		for o := range tx.Policy().All() {
			s.bodies[o.Key] = o.Body
		}
		sections := tx.Manager().List("firewall/sections")
		grammar.Sort(sections, "priority")
		for _, o := range sections {
			s.sections = append(s.sections, o.Key)
		}
		return nil
	})
	return s, err
}

// routingOf tells whether a key is part of a shared router's routing configuration,
// which moves with the router.
func routingOf(key string, shared []string) bool {
	return slices.ContainsFunc(shared, func(id string) bool { return strings.HasPrefix(key, "logical-routers/"+id+"/routing/") })
}

// allowed tells whether a key may change: it is an exception, or a Policy object at
// or below the path of one.
func (s *snapshot) allowed(key string) bool {
	if s.may[key] {
		return true
	}
	for path := key; strings.HasPrefix(path, "/infra/"); path = path[:strings.LastIndexByte(path, '/')] {
		if s.paths[path] {
			return true
		}
	}
	return false
}
