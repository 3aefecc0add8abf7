package coordinator_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
)

// Every reference on its own: in the world of a foundation an object that goes too early
// may fail for more than one.
var _ = DescribeTable("a batch that refers to what is still the Manager's fails, and succeeds after it",
	func(missing string, objects map[string]object, late batch, before ...batch) {
		st := wired()
		put(st, objects)
		n := serve(st, coordinator.Options{})
		n.initiate()
		needed := before[len(before)-1]
		n.promote(before[:len(before)-1]...)
		Expect(n.migrate(late)).To(Equal(component{
			Status: "FAILED", Details: late.kind + " " + late.resources[0].ManagerID + ": " + missing + ", to which it " +
				"refers, is not a Policy object; it has to be migrated first",
		}))
		n.plan("abort")
		n.promote(needed, late)
	},
	Entry("a subnet to its block", "pools/ip-blocks/block", map[string]object{
		"pools/ip-blocks/block": {"resource_type": "IpBlock", "cidr": "10.0.0.0/8"}, "pools/ip-subnets/cut": {"resource_type": "IpBlockSubnet", "block_id": "block", "size": 256}},
		batch{"IPBLOCK_SUBNET", []resource{{ManagerID: "cut", LinkedIDs: []pair{{"IPPOOL", "pool"}}}}}, one("IPPOOL", "pool"), one("IPBLOCK", "block")),
	Entry("a Tier-0's configuration to the Tier-0", "logical-routers/t0", map[string]object{"logical-router-ports/uplink": {"resource_type": "LogicalRouterLoopbackPort", "logical_router_id": "t0"}},
		one("TIER0_LOGICAL_ROUTER_CONFIG", "t0"), one("TIER0", "t0")),
	Entry("a Tier-1's ports to the Tier-1", "logical-routers/t1", nil,
		router(), one("DHCP_SERVER", "dhcp"), one("CERTIFICATE", "ca"), one("METADATA_PROXY", "proxy"), one("LOGICAL_SWITCH", "net"), one("TIER1", "t1")),
	Entry("a port to its profiles", "switching-profiles/guard", map[string]object{
		"switching-profiles/guard": {"resource_type": "SpoofGuardSwitchingProfile"}, "logical-switches/other": {"resource_type": "LogicalSwitch"},
		"logical-ports/guarded": {"resource_type": "LogicalPort", "logical_switch_id": "other", "switching_profile_ids": []any{object{"key": "SpoofGuardSwitchingProfile", "value": "guard"}}}},
		one("LOGICAL_PORT", "guarded"), one("LOGICAL_SWITCH", "other"), one("SPOOFGUARD_PROFILES", "guard")),
	Entry("a group to a port", "logical-ports/alone", map[string]object{
		"logical-switches/other": {"resource_type": "LogicalSwitch"}, "logical-ports/alone": {"resource_type": "LogicalPort", "logical_switch_id": "other"},
		"ns-groups/group": groupOf("LogicalPort", "alone")},
		one("NS_GROUP", "group"), one("LOGICAL_SWITCH", "other"), one("LOGICAL_PORT", "alone")),
	Entry("a group to an address set", "ip-sets/set", map[string]object{"ns-groups/group": groupOf("IPSet", "set")}, one("NS_GROUP", "group"), one("IP_SET", "set")),
	Entry("a group to another", "ns-groups/inner", map[string]object{"ns-groups/group": groupOf("NSGroup", "inner"), "ns-groups/inner": {"resource_type": "NSGroup"}},
		one("NS_GROUP", "group"), one("NS_GROUP", "inner")),
	Entry("a section to where it is applied", "ns-groups/group", map[string]object{"firewall/sections/wall": {"resource_type": "FirewallSection", "section_type": "LAYER3",
		"applied_tos": []any{object{"target_type": "NSGroup", "target_id": "group"}}}}, one("DFW_SECTION", "wall"), one("NS_GROUP", "group")),
	Entry("a rule to an address set", "rule 1001: ip-sets/set", map[string]object{"firewall/sections/wall/rules/1001": {"resource_type": "FirewallRule", "action": "ALLOW",
		"sources": []any{object{"target_type": "IPSet", "target_id": "set"}}}}, one("DFW_SECTION", "wall"), one("IP_SET", "set")),
	Entry("a virtual server to its application profile", "loadbalancer/application-profiles/tcp", virtualServer(object{"application_profile_id": "tcp"}),
		one("LB_VIRTUAL_SERVER", "web"), one("LB_APPLICATION_PROFILE", "tcp")),
	Entry("a virtual server to its persistence profile", "loadbalancer/persistence-profiles/cookie", virtualServer(object{"persistence_profile_id": "cookie"}),
		one("LB_VIRTUAL_SERVER", "web"), one("LB_PERSISTENCE_PROFILE", "cookie")),
	Entry("a virtual server to its pool", "loadbalancer/pools/members", virtualServer(object{"pool_id": "members"}), one("LB_VIRTUAL_SERVER", "web"), one("LB_POOL", "members")),
	Entry("a virtual server to its client SSL profile", "loadbalancer/client-ssl-profiles/ssl", virtualServer(object{"client_ssl_profile_binding": object{"ssl_profile_id": "ssl"}}),
		one("LB_VIRTUAL_SERVER", "web"), one("LB_CLIENT_SSL_PROFILE", "ssl")),
	Entry("a virtual server to its certificate", "trust-management/certificates/ca", virtualServer(object{"client_ssl_profile_binding": object{"default_certificate_id": "ca"}}),
		one("LB_VIRTUAL_SERVER", "web"), one("CERTIFICATE", "ca")),
	Entry("a virtual server to its revocation list", "trust-management/crls/gone", virtualServer(object{"client_ssl_profile_binding": object{"client_auth_crl_ids": []any{"gone"}}}),
		one("LB_VIRTUAL_SERVER", "web"), one("CRL", "gone")),
	Entry("a virtual server to the group of its access list", "ns-groups/group", virtualServer(object{"access_list_control": object{"action": "DROP", "group_id": "group"}}),
		one("LB_VIRTUAL_SERVER", "web"), one("NS_GROUP", "group")),
	Entry("a rule to the group of its condition", "ns-groups/group", ruled(),
		one("LB_VIRTUAL_SERVER", "web"), one("LB_APPLICATION_PROFILE", "tcp"), one("CERTIFICATE", "ca"), one("LB_PERSISTENCE_PROFILE", "cookie"), one("NS_GROUP", "group")),
	Entry("a rule to the persistence profile of its action", "loadbalancer/persistence-profiles/cookie", ruled(),
		one("LB_VIRTUAL_SERVER", "web"), one("LB_APPLICATION_PROFILE", "tcp"), one("CERTIFICATE", "ca"), one("NS_GROUP", "group"), one("LB_PERSISTENCE_PROFILE", "cookie")),
	Entry("a monitor to its certificate", "trust-management/certificates/ca",
		map[string]object{"loadbalancer/monitors/tls": {"resource_type": "LbHttpsMonitor", "client_certificate_id": "ca"}},
		one("LB_MONITOR", "tls"), one("CERTIFICATE", "ca")),
	Entry("a load balancer service to its Tier-1", "logical-routers/t1", map[string]object{"loadbalancer/services/lb": {"resource_type": "LbService",
		"attachment": object{"target_type": "LogicalRouter", "target_id": "t1"}}}, one("LB_SERVICE", "lb"), one("TIER1", "t1")),
)

// groupOf is a group with one member.
func groupOf(kind, id string) object {
	return object{"resource_type": "NSGroup", "members": []any{
		object{"resource_type": "NSGroupSimpleExpression", "target_type": kind, "target_property": "id", "op": "EQUALS", "value": id}}}
}

// virtualServer is a virtual server with these references, and something of each kind
// to which it may refer.
func virtualServer(references object) map[string]object {
	server := object{"resource_type": "LbVirtualServer", "ip_address": "10.0.0.1", "ports": []any{"443"}}
	for name, value := range references {
		server[name] = value
	}
	return map[string]object{
		"loadbalancer/virtual-servers/web": server, "loadbalancer/application-profiles/tcp": {"resource_type": "LbFastTcpProfile"},
		"loadbalancer/persistence-profiles/cookie": {"resource_type": "LbCookiePersistenceProfile"}, "loadbalancer/pools/members": {"resource_type": "LbPool"},
		"loadbalancer/client-ssl-profiles/ssl": {"resource_type": "LbClientSslProfile"}, "trust-management/crls/gone": {"resource_type": "Crl", "pem_encoded": "pem"},
	}
}

// ruled is a virtual server with a rule that names a group, a persistence profile and a certificate.
func ruled() map[string]object {
	all := virtualServer(object{"application_profile_id": "tcp", "rule_ids": []any{"rule"}})
	all["loadbalancer/rules/rule"] = object{"resource_type": "LbRule", "phase": "HTTP_ACCESS",
		"match_conditions": []any{object{"type": "LbIpHeaderCondition", "group_id": "group"}},
		"actions": []any{object{"type": "LbVariablePersistenceOnAction", "variable_name": "v", "persistence_profile_id": "cookie"},
			object{"type": "LbJwtAuthAction", "key": object{"type": "LbJwtCertificateKey", "certificate_id": "ca"}}}}
	return all
}
