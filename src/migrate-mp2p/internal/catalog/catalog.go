package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// Override replaces what the catalog says of one type.
type Override struct {
	// Limit is the number of objects per request; 0 keeps the catalog's.
	Limit int
	// After are the types that must go before; nil keeps the catalog's.
	After []string
	// Metadata and LinkedIDs are added to the catalog's pairs, or replace the one with the same key. Values may hold
	// {id}, {policy_id}, {name} and {parent}.
	Metadata  map[string]string
	LinkedIDs map[string]string
}

// Catalog is the table of all types, in the order in which they are migrated.
type Catalog struct {
	entries []*Entry
	byType  map[mp.Type]*Entry
}

// families lists the entries of all types; without an order between them it is the order of migration.
func families() []Entry {
	return slices.Concat(ipam(), routing(), switching(), firewall(), trust(), loadBalancer())
}

// New builds the catalog and applies the overrides, by type name. A type that has no entry, a negative limit or an
// order that has no beginning is an error.
func New(overrides map[string]Override) (*Catalog, error) {
	c := &Catalog{byType: map[mp.Type]*Entry{}}
	for _, e := range families() {
		c.entries = append(c.entries, &e)
		c.byType[e.Type] = &e
	}
	for _, name := range slices.Sorted(maps.Keys(overrides)) {
		if err := c.override(name, overrides[name]); err != nil {
			return nil, err
		}
	}
	ordered, err := order(c.entries)
	if err != nil {
		return nil, err
	}
	c.entries = ordered
	return c, nil
}

func (c *Catalog) override(name string, o Override) error {
	e, ok := c.byType[mp.Type(name)]
	if !ok {
		return fmt.Errorf("overriding resource type %q: no such type; known are %s", name, strings.Join(c.names(), ", "))
	}
	if o.Limit < 0 {
		return fmt.Errorf("overriding resource type %q: limit %d is negative", name, o.Limit)
	}
	if o.Limit > 0 {
		e.Limit = o.Limit
	}
	if o.After != nil {
		e.After = nil
		for _, other := range o.After {
			if c.byType[mp.Type(other)] == nil {
				return fmt.Errorf("overriding resource type %q: after names %q, which is no known type", name, other)
			}
			e.After = append(e.After, mp.Type(other))
		}
	}
	e.Metadata = Replace(e.Metadata, sortedPairs(o.Metadata))
	e.LinkedIDs = Replace(e.LinkedIDs, sortedPairs(o.LinkedIDs))
	return nil
}

func sortedPairs(values map[string]string) []mp.KeyValue {
	pairs := make([]mp.KeyValue, 0, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		pairs = append(pairs, mp.KeyValue{Key: key, Value: values[key]})
	}
	return pairs
}

// Replace returns the pairs with others in the place of those that have the same key, and the rest behind them. The
// given slices stay as they are.
func Replace(pairs, by []mp.KeyValue) []mp.KeyValue {
	if len(by) == 0 {
		return pairs
	}
	replaced := slices.Clone(pairs)
	for _, pair := range by {
		i := slices.IndexFunc(replaced, func(p mp.KeyValue) bool { return p.Key == pair.Key })
		if i < 0 {
			replaced = append(replaced, pair)
		} else {
			replaced[i] = pair
		}
	}
	return replaced
}

func (c *Catalog) names() []string {
	names := make([]string, 0, len(c.byType))
	for t := range c.byType {
		names = append(names, string(t))
	}
	slices.Sort(names)
	return names
}

// Entries lists all types in the order of migration. The entries must not be changed.
func (c *Catalog) Entries() []*Entry { return c.entries }

// Entry finds a type.
func (c *Catalog) Entry(t mp.Type) (*Entry, bool) {
	e, ok := c.byType[t]
	return e, ok
}

// BySpecKey finds the type that a key of the user spec lists.
func (c *Catalog) BySpecKey(key string) (*Entry, bool) {
	for _, e := range c.entries {
		if key != "" && e.SpecKey == key {
			return e, true
		}
	}
	return nil, false
}

// ManagerTypes lists every resource_type that the migration takes along, as an entry or inside one.
func (c *Catalog) ManagerTypes() []string {
	seen := map[string]bool{}
	for _, e := range c.entries {
		for _, t := range slices.Concat(e.ManagerTypes, e.Parts) {
			seen[t] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// TagReference gives the type whose Manager id is the value of tags with this scope (NCP clean-up scripts, NCP debug
// logs). Such a tag has to be given the Policy id after the promotion.
func (c *Catalog) TagReference(scope string) (t mp.Type, ok bool) {
	switch scope {
	case "ncp/extpoolid", "ext_pool_id":
		return mp.IPPool, true
	case "ncp/hc_sect_id":
		return mp.DFWSection, true
	default:
		return "", false
	}
}
