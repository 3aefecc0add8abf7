package coordinator

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// kind is one resource type of the migration API: where its Manager objects are and
// what they become.
type kind struct {
	name string
	// collection is the list of the Manager objects; empty when locate finds them.
	collection string
	// types are the resource types that the Manager object may have; empty means any.
	types []string
	// limit is the number of objects per batch that vmware-nsx keeps to; 0 means that
	// none is known. It is enforced only with Options.EnforceLimits.
	limit int
	// root is the Policy collection when all objects of this kind share one.
	root string
	// aside is true when the Manager object named by manager_id is not what is
	// promoted: a router's ports or configuration.
	aside bool
	// genericOnly types are refused in CONSUMER mode.
	genericOnly bool
	// metadata and linked judge the pairs of an entry; nil takes any.
	metadata, linked keyCheck
	locate           func(*lookups, entry) (*store.Object, error)
	check            func(*kindCheck)
	promote          func(*promotion) (string, error)
}

// enumerated is how many of the kinds are in NSX's enumeration.
const enumerated = 25

// kinds are the 25 types that migrated-resources lists, in its order ("NSX Go SDK"),
// those that CONSUMER mode accepts besides ("vmware-nsx"), and the one that only GENERIC
// mode has ("NSX admin guide").
var kinds = []kind{
	{
		name: "IPBLOCK", collection: "pools/ip-blocks", root: "/infra/ip-blocks",
		promote: flat("/infra/ip-blocks", buildIPBlock),
	},
	{
		name: "IPPOOL", collection: poolCollection, root: policyPools,
		promote: promoteIPPool,
	},
	{
		name: "IPBLOCK_SUBNET", collection: "pools/ip-subnets",
		promote: promoteIPBlockSubnet,
	},
	{
		name: "IPPOOL_ALLOCATION", locate: locateAllocation,
		promote: promoteAllocation,
	},
	{
		name: "TIER0", collection: routerCollection, types: []string{"TIER0"}, limit: 1, root: policyTier0s,
		metadata: noKeys, linked: noKeys, check: checkRouter, promote: promoteTier0,
	},
	{
		name: "TIER1", collection: routerCollection, types: []string{"TIER1"}, limit: 1000, root: policyTier1s,
		metadata: noKeys, linked: noKeys, check: checkRouter, promote: flat(policyTier1s, buildTier1),
	},
	{
		name: "TIER0_LOGICAL_ROUTER_PORT", collection: routerPortCollection,
		types:    []string{"LogicalRouterUpLinkPort", "LogicalRouterLoopbackPort", "LogicalRouterCentralizedServicePort"},
		limit:    1000,
		metadata: noKeys, linked: noKeys, check: checkTier0Port, promote: promoteTier0Port,
	},
	{
		name: "TIER1_LOGICAL_ROUTER_PORT", collection: routerCollection, types: []string{"TIER1"}, limit: 1000, aside: true,
		metadata: tier1PortMetadata, linked: noKeys, check: checkTier1Ports, promote: promoteTier1Ports,
	},
	{
		name: "TIER0_LOGICAL_ROUTER_CONFIG", collection: routerCollection, types: []string{"TIER0"}, limit: 1, aside: true,
		metadata: noKeys, linked: noKeys, promote: promoteTier0Config,
	},
	{
		name: "SPOOFGUARD_PROFILES", collection: profileCollection, types: []string{"SpoofGuardSwitchingProfile"}, limit: 1500,
		root:     "/infra/spoofguard-profiles",
		metadata: noKeys, linked: noKeys, promote: flat("/infra/spoofguard-profiles", buildSpoofGuard),
	},
	{
		name: "LOGICAL_SWITCH", collection: switchCollection, limit: 500, root: policySegments,
		metadata: switchMetadata, linked: noKeys, promote: promoteSegment,
	},
	{
		name: "LOGICAL_PORT", collection: portCollection, limit: 1500,
		check:    checkPort,
		metadata: oneOf("security-profile-binding-maps-id", "discovery-profile-binding-maps-id", "qos-profile-binding-maps-id"),
		linked:   noKeys, promote: promotePort,
	},
	{
		name: "NAT", locate: locateNATRule, limit: 1500,
		check: checkNAT, metadata: natMetadata, linked: oneOf(natRouters...), promote: promoteNAT,
	},
	{
		name: "IP_SET", collection: ipSetCollection, root: policyGroups,
		promote: flat(policyGroups, buildIPSet),
	},
	{
		name: "NS_GROUP", collection: groupCollection, limit: 2000, root: policyGroups,
		metadata: noKeys, linked: noKeys, promote: flat(policyGroups, buildGroup),
	},
	{
		name: "CERTIFICATE", collection: certificateCollection, limit: 1500, root: "/infra/certificates",
		metadata: noKeys, linked: noKeys, promote: flat("/infra/certificates", buildCertificate),
	},
	{
		name: "CRL", collection: crlCollection, root: "/infra/crls",
		promote: flat("/infra/crls", buildCRL),
	},
	{
		name: "LB_MONITOR", collection: "loadbalancer/monitors", limit: 1500, root: "/infra/lb-monitor-profiles",
		metadata: noKeys, linked: noKeys, promote: flat("/infra/lb-monitor-profiles", buildLBMonitor),
	},
	{
		name: "LB_POOL", collection: lbPoolCollection, limit: 1500, root: "/infra/lb-pools",
		metadata: noKeys, linked: noKeys, promote: flat("/infra/lb-pools", buildLBPool),
	},
	{
		name: "LB_PERSISTENCE_PROFILE", collection: "loadbalancer/persistence-profiles", limit: 2000,
		root:     "/infra/lb-persistence-profiles",
		metadata: noKeys, linked: noKeys, promote: flat("/infra/lb-persistence-profiles", buildLBProfile),
	},
	{
		name: "LB_APPLICATION_PROFILE", collection: "loadbalancer/application-profiles", limit: 2000,
		root:     "/infra/lb-app-profiles",
		metadata: noKeys, linked: noKeys, promote: flat("/infra/lb-app-profiles", buildLBProfile),
	},
	{
		name: "LB_SERVICE", collection: lbServiceCollection, limit: 2000, root: "/infra/lb-services",
		metadata: noKeys, linked: noKeys, promote: flat("/infra/lb-services", buildLBService),
	},
	{
		name: "LB_CLIENT_SSL_PROFILE", collection: "loadbalancer/client-ssl-profiles", root: "/infra/lb-client-ssl-profiles",
		promote: flat("/infra/lb-client-ssl-profiles", buildLBProfile),
	},
	{
		name: "LB_VIRTUAL_SERVER", collection: virtualServerCollection, limit: 2000, root: "/infra/lb-virtual-servers",
		metadata: noKeys, linked: noKeys, promote: flat("/infra/lb-virtual-servers", buildVirtualServer),
	},
	{
		name: typeSection, collection: sectionCollection, types: []string{"FirewallSection"}, limit: 3000, root: policySections,
		check: checkSection, metadata: sectionMetadata, linked: sectionLinked, promote: promoteSection,
	},
	{
		name: "MACDISCOVERY_PROFILES", collection: profileCollection, types: []string{"MacManagementSwitchingProfile"},
		limit: 1500, root: "/infra/mac-discovery-profiles",
		metadata: noKeys, linked: noKeys, promote: flat("/infra/mac-discovery-profiles", buildSwitchingProfile),
	},
	{
		name: "SEGMENT_SECURITY_PROFILES", collection: profileCollection, types: []string{"SwitchSecuritySwitchingProfile"},
		limit: 1500, root: "/infra/segment-security-profiles",
		metadata: noKeys, linked: noKeys, promote: flat("/infra/segment-security-profiles", buildSwitchingProfile),
	},
	{
		name: "QOS_PROFILES", collection: profileCollection, types: []string{"QosSwitchingProfile"}, limit: 1500,
		root:     "/infra/qos-profiles",
		metadata: noKeys, linked: noKeys, promote: flat("/infra/qos-profiles", buildSwitchingProfile),
	},
	{
		name: "IPDISCOVERY_PROFILES", collection: profileCollection, types: []string{"IpDiscoverySwitchingProfile"},
		limit: 1500, root: "/infra/ip-discovery-profiles",
		metadata: noKeys, linked: noKeys, promote: flat("/infra/ip-discovery-profiles", buildSwitchingProfile),
	},
	{
		name: "METADATA_PROXY", collection: metadataCollection, limit: 1500, root: "/infra/metadata-proxies",
		metadata: noKeys, linked: noKeys, promote: flat("/infra/metadata-proxies", buildMetadataProxy),
	},
	{
		name: "DHCP_SERVER", collection: dhcpCollection, limit: 1500, root: policyDHCP,
		metadata: noKeys, linked: noKeys, promote: flat(policyDHCP, buildDHCPServer),
	},
	{
		name: "EDGE_FIREWALL_SECTION", genericOnly: true, collection: sectionCollection, types: []string{"FirewallSection"},
		root:    policyEdgeSections,
		promote: promoteEdgeSection,
	},
}

// Collections of Manager and Policy objects that several families refer to.
const (
	routerCollection        = "logical-routers"
	routerPortCollection    = "logical-router-ports"
	switchCollection        = "logical-switches"
	portCollection          = "logical-ports"
	profileCollection       = "switching-profiles"
	poolCollection          = "pools/ip-pools"
	ipSetCollection         = "ip-sets"
	groupCollection         = "ns-groups"
	sectionCollection       = "firewall/sections"
	serviceCollection       = "ns-services"
	certificateCollection   = "trust-management/certificates"
	crlCollection           = "trust-management/crls"
	lbPoolCollection        = "loadbalancer/pools"
	lbServiceCollection     = "loadbalancer/services"
	virtualServerCollection = "loadbalancer/virtual-servers"
	dhcpCollection          = "dhcp/servers"
	metadataCollection      = "md-proxies"
	serverSSLCollection     = "loadbalancer/server-ssl-profiles"

	policyTier0s   = "/infra/tier-0s"
	policyTier1s   = "/infra/tier-1s"
	policySegments = "/infra/segments"
	policyPools    = "/infra/ip-pools"
	policyGroups   = "/infra/domains/default/groups"
	policySections = "/infra/domains/default/security-policies"
	policyDHCP     = "/infra/dhcp-server-configs"
	// policyEdgeSections are the gateway policies.
	policyEdgeSections = "/infra/domains/default/gateway-policies"
	policySite         = "/infra/sites/default/enforcement-points/default"

	tagPolicyPath = "policyPath"

	// typeSection is the type that takes longest to roll back.
	typeSection = "DFW_SECTION"
)

// systemTwins are the Policy collections in which the system keeps the twins of its
// Manager objects; they exist from the start and are found by unique_id.
var systemTwins = map[string][]string{
	profileCollection: {
		"/infra/spoofguard-profiles", "/infra/segment-security-profiles", "/infra/mac-discovery-profiles",
		"/infra/ip-discovery-profiles", "/infra/qos-profiles",
	},
	serviceCollection:                   {"/infra/services"},
	"loadbalancer/monitors":             {"/infra/lb-monitor-profiles"},
	"loadbalancer/application-profiles": {"/infra/lb-app-profiles"},
	"loadbalancer/client-ssl-profiles":  {"/infra/lb-client-ssl-profiles"},
	serverSSLCollection:                 {"/infra/lb-server-ssl-profiles"},
}

// childCollections are the lists below a Policy object that must be empty before it
// can go.
var childCollections = []string{"/ports", "/ip-subnets", "/ip-allocations", "/nat/USER/nat-rules", "/static-routes", "/rules", "/locale-services"}

// kindOf finds a type by its name.
func kindOf(name string) (*kind, bool) {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		return nil, false
	}
	return &kinds[i], true
}

// rank is the place of a type in NSX's enumeration, from 1. It is 0 for types that are
// not in it, and for a Tier-1's ports, which need their switches although these come
// later there.
func (k *kind) rank() int {
	i := slices.IndexFunc(kinds, func(other kind) bool { return other.name == k.name })
	if i >= enumerated || k.name == "TIER1_LOGICAL_ROUTER_PORT" {
		return 0
	}
	return i + 1
}

// parent is the Manager object below whose Policy twin an object of this kind goes.
func (k *kind) parent(source *store.Object) string {
	switch k.name {
	case "LOGICAL_PORT":
		return field(source.Body, "logical_switch_id")
	case "NAT", "TIER0_LOGICAL_ROUTER_PORT":
		return field(source.Body, "logical_router_id")
	case "IPPOOL_ALLOCATION":
		return poolOfAllocation(source)
	}
	return ""
}

// find returns the Manager object that an entry names.
func (k *kind) find(shared *lookups, one entry) (*store.Object, error) {
	if k.locate != nil {
		return k.locate(shared, one)
	}
	source, found := shared.tx.Manager().Get(k.collection + "/" + one.ManagerID)
	if !found {
		return nil, fmt.Errorf("no such object in /api/v1/%s", k.collection)
	}
	if len(k.types) == 0 {
		return source, nil
	}
	actual := source.ResourceType
	if k.collection == routerCollection {
		actual = field(source.Body, "router_type")
	}
	if !slices.Contains(k.types, actual) {
		return nil, fmt.Errorf("is a %s, not one of %s", actual, strings.Join(k.types, ", "))
	}
	if k.collection == routerPortCollection && shared.routerType(field(source.Body, "logical_router_id")) != "TIER0" {
		return nil, errors.New("is not a port of a Tier-0")
	}
	return source, nil
}

// objects lists every Manager object of the kind.
func (k *kind) objects(shared *lookups) []*store.Object {
	var candidates []*store.Object
	switch k.name {
	case "NAT":
		return shared.tx.Manager().ByType("NatRule")
	case "IPPOOL_ALLOCATION":
		for _, pool := range shared.tx.Manager().List(poolCollection) {
			candidates = append(candidates, shared.tx.Manager().List(pool.Key+"/allocations")...)
		}
		return candidates
	}
	return slices.DeleteFunc(slices.Clone(shared.tx.Manager().List(k.collection)), func(o *store.Object) bool {
		if k.collection == sectionCollection && (k.genericOnly != isEdgeSection(o) || isDefaultSection(o)) {
			return true
		}
		_, err := k.find(shared, entry{ManagerID: o.ID})
		return err != nil
	})
}

// flat is the promotion of types whose objects lie in one Policy collection and
// become one Policy object each.
func flat(root string, build func(p *promotion, fields map[string]any) error) func(*promotion) (string, error) {
	return func(p *promotion) (string, error) {
		path := root + "/" + p.id()
		fields := map[string]any{}
		if err := build(p, fields); err != nil {
			return "", err
		}
		p.create(path, p.body, fields)
		p.adopt(p.source.Key, path)
		return path, nil
	}
}

// copyFields copies fields that have the same name on both sides.
func copyFields(to, from map[string]any, names ...string) {
	for _, name := range names {
		if value, present := from[name]; present {
			to[name] = value
		}
	}
}

// own copies the fields that a type brings itself, but for references, by the same
// names; where Policy spells some of them differently, that is not modelled.
func own(fields, body map[string]any) {
	for name, value := range body {
		switch {
		case strings.HasPrefix(name, "_"), strings.HasSuffix(name, "_id"), strings.HasSuffix(name, "_ids"):
		case name == "id", name == "resource_type", name == "display_name", name == "description", name == "tags":
		default:
			fields[name] = value
		}
	}
}
