package mp

// Type is a resource type of the migration API, spelled as NSX spells it (NSX Go SDK, migrated-resources).
type Type string

// The resource types that NCP's objects need, in the order of NSX's own enumeration, and the other
// switching profiles that the promotion accepts (vmware-nsx nsx-migrate-t2p).
const (
	IPBlock                Type = "IPBLOCK"
	IPPool                 Type = "IPPOOL"
	IPBlockSubnet          Type = "IPBLOCK_SUBNET"
	IPPoolAllocation       Type = "IPPOOL_ALLOCATION"
	Tier0                  Type = "TIER0"
	Tier1                  Type = "TIER1"
	Tier0Port              Type = "TIER0_LOGICAL_ROUTER_PORT"
	Tier1Port              Type = "TIER1_LOGICAL_ROUTER_PORT"
	Tier0Config            Type = "TIER0_LOGICAL_ROUTER_CONFIG"
	SpoofGuardProfile      Type = "SPOOFGUARD_PROFILES"
	LogicalSwitch          Type = "LOGICAL_SWITCH"
	LogicalPort            Type = "LOGICAL_PORT"
	NAT                    Type = "NAT"
	IPSet                  Type = "IP_SET"
	NSGroup                Type = "NS_GROUP"
	Certificate            Type = "CERTIFICATE"
	CRL                    Type = "CRL"
	LBMonitor              Type = "LB_MONITOR"
	LBPool                 Type = "LB_POOL"
	LBPersistenceProfile   Type = "LB_PERSISTENCE_PROFILE"
	LBApplicationProfile   Type = "LB_APPLICATION_PROFILE"
	LBService              Type = "LB_SERVICE"
	LBClientSSLProfile     Type = "LB_CLIENT_SSL_PROFILE"
	LBVirtualServer        Type = "LB_VIRTUAL_SERVER"
	DFWSection             Type = "DFW_SECTION"
	MACDiscoveryProfile    Type = "MACDISCOVERY_PROFILES"
	SegmentSecurityProfile Type = "SEGMENT_SECURITY_PROFILES"
	QOSProfile             Type = "QOS_PROFILES"
	IPDiscoveryProfile     Type = "IPDISCOVERY_PROFILES"
)

// Scope is what a run migrates.
type Scope string

// Shared resources are listed by the operator in the user spec; NCP-created ones are found by tag.
const (
	Shared Scope = "shared"
	NCP    Scope = "ncp"
)

// Ref names one entry of a plan: type and Manager id (the router's id for router ports and configuration).
type Ref struct {
	Type Type
	ID   string
}

func (r Ref) String() string { return string(r.Type) + "/" + r.ID }
