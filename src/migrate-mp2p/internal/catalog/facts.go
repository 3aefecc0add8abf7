package catalog

import (
	"maps"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// FactSpec says which objects may have a fact, and what it may be.
type FactSpec struct {
	Types  []mp.Type // nil: of any type
	Values []string  // nil: any text
}

var facts = map[mp.Fact]FactSpec{
	mp.FactParent:       {},
	mp.FactSwitch:       {Types: []mp.Type{mp.LogicalPort}},
	mp.FactPool:         {Types: []mp.Type{mp.IPPoolAllocation}},
	mp.FactIP:           {Types: []mp.Type{mp.IPPoolAllocation}},
	mp.FactOwnerKind:    {Types: []mp.Type{mp.IPPoolAllocation}, Values: []string{mp.OwnerSNAT, mp.OwnerVirtualServer}},
	mp.FactOwnerProject: {Types: []mp.Type{mp.IPPoolAllocation}},
	mp.FactOwnerLBType:  {Types: []mp.Type{mp.IPPoolAllocation}},
	mp.FactOwnerService: {Types: []mp.Type{mp.IPPoolAllocation}},

	mp.FactServerPort:     {Types: []mp.Type{mp.LBVirtualServer, mp.LBPool}},
	mp.FactServerProtocol: {Types: []mp.Type{mp.LBVirtualServer, mp.LBPool}},
	mp.FactUsedBy:         {Types: []mp.Type{mp.LBPool, mp.Certificate}, Values: []string{mp.UsedByServer, mp.UsedByRule, mp.UsedByIngresses}},
	mp.FactMemberPort:     {Types: []mp.Type{mp.LBPool}},
	mp.FactResourceType:   {Types: []mp.Type{mp.LBPersistenceProfile}, Values: []string{"LbCookiePersistenceProfile", "LbSourceIpPersistenceProfile", "LbGenericPersistenceProfile"}},
}

// FactNamed finds a fact.
func FactNamed(name mp.Fact) (f FactSpec, known bool) {
	f, known = facts[name]
	return f, known
}

// FactNames lists all facts in the order of their names.
func FactNames() []mp.Fact { return slices.Sorted(maps.Keys(facts)) }
