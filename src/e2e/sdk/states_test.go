package sdk_test

import (
	. "github.com/onsi/ginkgo/v2"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/aaa"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/capacity"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/cluster"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/cluster/backups"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/cluster/nodes"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/firewall"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/firewall/sections"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/firewall/sections/rules"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/ip_sets"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/loadbalancer/services"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/loadbalancer/services/pools"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/loadbalancer/services/virtual_servers"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/logical_ports"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/logical_router_ports"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/logical_routers"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/logical_switches"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/node"
	nodeservices "github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/node/services"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/ns_groups"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/switching_profiles"
)

// states are what NSX tells about itself and about its objects, which nobody writes.
var states = append(managerCollections[:len(managerCollections):len(managerCollections)], catalogue{
	{name: "node", client: nsx.NewNodeClient, single: true},
	{name: "version of the node", client: node.NewVersionClient, single: true},
	{name: "services of the node", client: node.NewServicesClient, id: "-"},
	{name: "web server of the node", client: nodeservices.NewHttpClient, single: true},
	{name: "cluster", client: nsx.NewClusterClient, single: true},
	{name: "nodes of the cluster", client: cluster.NewNodesClient, id: "-"},
	{name: "one node of the cluster", client: nsx.NewClusterClient, within: "nodes of the cluster", single: true, method: "Get0"},
	{name: "status of the cluster", client: cluster.NewStatusClient, single: true},
	{name: "status of all nodes", client: nodes.NewStatusClient, single: true, method: "Getall"},
	{name: "status of a node", client: nodes.NewStatusClient, within: "nodes of the cluster", single: true},
	{name: "virtual address", client: cluster.NewApiVirtualIpClient, single: true},
	{name: "configuration of backups", client: backups.NewConfigClient, single: true},
	{name: "history of backups", client: backups.NewHistoryClient, single: true},
	{name: "status of backups", client: backups.NewStatusClient, single: true},
	{name: "capacity", client: capacity.NewUsageClient, single: true},
	{name: "thresholds of the capacity", client: capacity.NewThresholdClient, single: true},
	{name: "licence", client: nsx.NewLicensesClient, single: true},
	{name: "licences", client: nsx.NewLicensesClient, single: true, method: "List"},
	{name: "caller", client: aaa.NewUserInfoClient, single: true},
	{name: "states of ports", client: logical_ports.NewStateClient, within: "logical ports", single: true},
	{name: "statuses of ports", client: logical_ports.NewStatusClient, within: "logical ports", single: true},
	{name: "states of switches", client: logical_switches.NewStateClient, within: "logical switches", single: true},
	{name: "summaries of switches", client: logical_switches.NewSummaryClient, within: "logical switches", single: true},
	{name: "statistics of ports", client: logical_ports.NewStatisticsClient, within: "logical ports", single: true},
	{name: "status of all ports", client: logical_ports.NewStatusClient, single: true, method: "Getall"},
	{name: "statistics of switches", client: logical_switches.NewStatisticsClient, within: "logical switches", single: true},
	{name: "states of all switches", client: logical_switches.NewStateClient, single: true, method: "List"},
	{name: "summaries of switching profiles", client: switching_profiles.NewSummaryClient, within: "switching profiles", single: true},
	{name: "states of routers", client: logical_routers.NewStateClient, within: "logical routers", single: true},
	{name: "statuses of routers", client: logical_routers.NewStatusClient, within: "logical routers", single: true},
	{name: "states of router ports", client: logical_router_ports.NewStateClient, within: "logical router ports", single: true},
	{name: "addresses of IP sets", client: ip_sets.NewMembersClient, within: "IP sets", single: true, method: "List"},
	{name: "statuses of load balancers", client: services.NewStatusClient, within: "load balancer services", single: true},
	{name: "statistics of load balancers", client: services.NewStatisticsClient, within: "load balancer services", single: true},
	{name: "statuses of pools", client: pools.NewStatusClient, within: "load balancer services", single: true, method: "List"},
	{name: "statistics of pools", client: pools.NewStatisticsClient, within: "load balancer services", single: true, method: "List"},
	{name: "statuses of virtual servers", client: virtual_servers.NewStatusClient, within: "load balancer services", single: true, method: "List"},
	{name: "statistics of virtual servers", client: virtual_servers.NewStatisticsClient, within: "load balancer services", single: true, method: "List"},
	{name: "status of switches", client: logical_switches.NewStatusClient, single: true},
	{name: "statuses of firewalls", client: firewall.NewStatusClient, single: true, method: "List"},
	{name: "exclude list", client: firewall.NewExcludelistClient, single: true},
	{name: "summary of sections", client: sections.NewSummaryClient, single: true},
	{name: "states of sections", client: sections.NewStateClient, within: "firewall sections", single: true},
	{name: "sections with their rules", client: firewall.NewSectionsClient, within: "firewall sections", single: true, method: "Listwithrules"},
	{name: "statistics of sections", client: rules.NewStatsClient, within: "firewall sections", single: true},
	{name: "statistics of rules", client: rules.NewStatsClient, within: "firewall rules", single: true, method: "Get0"},
	{name: "member types of groups", client: ns_groups.NewMemberTypesClient, within: "NS groups", single: true},
	{name: "address members of groups", client: ns_groups.NewEffectiveIpAddressMembersClient, within: "NS groups", single: true, method: "List"},
	{name: "IP set members of groups", client: ns_groups.NewEffectiveIpsetMembersClient, within: "NS groups", single: true, method: "List"},
	{name: "port members of groups", client: ns_groups.NewEffectiveLogicalPortMembersClient, within: "NS groups", single: true, method: "List"},
	{name: "switch members of groups", client: ns_groups.NewEffectiveLogicalSwitchMembersClient, within: "NS groups", single: true, method: "List"},
	{name: "interface members of groups", client: ns_groups.NewEffectiveVifMembersClient, within: "NS groups", single: true, method: "List"},
	{name: "VM members of groups", client: ns_groups.NewEffectiveVirtualMachineMembersClient, within: "NS groups", single: true, method: "List"},
	{name: "address members of groups by site", client: ns_groups.NewConsolidatedEffectiveIpAddressMembersClient, within: "NS groups", single: true, method: "List"},
	{name: "cloud members of groups", client: ns_groups.NewEffectiveCloudNativeServiceInstanceMembersClient, within: "NS groups", single: true, method: "List"},
	{name: "directory members of groups", client: ns_groups.NewEffectiveDirectoryGroupMembersClient, within: "NS groups", single: true, method: "List"},
	{name: "server members of groups", client: ns_groups.NewEffectivePhysicalServerMembersClient, within: "NS groups", single: true, method: "List"},
	{name: "node members of groups", client: ns_groups.NewEffectiveTransportNodeMembersClient, within: "NS groups", single: true, method: "List"},
	{name: "VMs without a group", client: ns_groups.NewUnassociatedVirtualMachinesClient, single: true, method: "List"},
}...)

var _ = Describe("what NSX tells", Ordered, ContinueOnFailure, func() {
	var s *session
	BeforeAll(func() { s = login(startNSX()) })
	for _, one := range states[len(managerCollections):] {
		It(one.name, func() { states.read(s, one) })
	}
})
