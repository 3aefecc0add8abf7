package mp

// Fact names something that is noted about an object.
type Fact string

// Facts are what retrieving and planning note about an object beyond its tags, since it cannot be read any more once the
// object is Policy. Update rules may ask for them by these names.
const (
	FactParent       Fact = "parent"           // Manager id of the parent
	FactSwitch       Fact = "switch"           // Manager id of a port's switch
	FactPool         Fact = "pool"             // Manager id of the pool that an address was taken from
	FactIP           Fact = "ip"               // the address
	FactOwnerKind    Fact = "owner_kind"       // what uses the address: one of the Owner values
	FactOwnerProject Fact = "owner_project"    // ncp/project of its user; unknown when the user has none
	FactOwnerLBType  Fact = "owner_lb_vs_type" // type that NCP gave the virtual server which uses it; unknown where it gave none
	FactOwnerService Fact = "owner_service"    // ncp/service of the virtual server that uses an address

	FactServerPort     Fact = "server_port"     // the one port at which a virtual server listens; of a pool, that of its layer-4 server
	FactServerProtocol Fact = "server_protocol" // TCP or UDP, likewise
	FactUsedBy         Fact = "used_by"         // what uses a pool or a certificate: one of the Used values
	FactResourceType   Fact = "resource_type"   // Manager type of a persistence profile
	FactMemberPort     Fact = "member_port"     // the one port at which all members of a pool listen
)

// Values of FactUsedBy. A pool that both a layer-4 server and a rule use is the server's.
const (
	UsedByServer    = "l4_server"           // a pool: a virtual server leads to it that NCP gave no type, or layer_4
	UsedByRule      = "lb_rule"             // a pool: a rule of a virtual server leads to it
	UsedByIngresses = "default_certificate" // a certificate: virtual servers show it to those who ask for no host that they know
)

// Values of FactOwnerKind.
const (
	OwnerSNAT          = "snat"
	OwnerVirtualServer = "lb_virtual_server"
)
