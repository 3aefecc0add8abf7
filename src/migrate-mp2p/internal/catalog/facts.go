package catalog

import (
	"maps"
	"slices"
)

// Facts are what retrieving and planning note about an object beyond its tags, since it cannot be read any more once the
// object is Policy. Update rules may ask for them by these names.
const (
	FactParent       = "parent"           // Manager id of the parent
	FactSwitch       = "switch"           // Manager id of a port's switch
	FactPool         = "pool"             // Manager id of the pool that an address was taken from
	FactIP           = "ip"               // the address
	FactOwnerKind    = "owner_kind"       // what uses the address: one of the Owner values
	FactOwnerProject = "owner_project"    // ncp/project of its user; unknown when the user has none
	FactOwnerLBType  = "owner_lb_vs_type" // type that NCP gave the virtual server which uses it
)

// Values of FactOwnerKind.
const (
	OwnerSNAT          = "snat"
	OwnerVirtualServer = "lb_virtual_server"
)

// Fact says which objects may have a fact, and what it may be.
type Fact struct {
	Types  []Type   // nil: of any type
	Values []string // nil: any text
}

var facts = map[string]Fact{
	FactParent:       {},
	FactSwitch:       {Types: []Type{LogicalPort}},
	FactPool:         {Types: []Type{IPPoolAllocation}},
	FactIP:           {Types: []Type{IPPoolAllocation}},
	FactOwnerKind:    {Types: []Type{IPPoolAllocation}, Values: []string{OwnerSNAT, OwnerVirtualServer}},
	FactOwnerProject: {Types: []Type{IPPoolAllocation}},
	FactOwnerLBType:  {Types: []Type{IPPoolAllocation}},
}

// FactNamed finds a fact.
func FactNamed(name string) (f Fact, known bool) {
	f, known = facts[name]
	return f, known
}

// FactNames lists all facts in the order of their names.
func FactNames() []string { return slices.Sorted(maps.Keys(facts)) }
