package coordinator_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

// decoded keeps the bodies of the models' objects, by their first byte: the tests look
// at the same few hundred objects again and again, and never change them.
var decoded sync.Map

// decode reads the body of a model's object.
func decode(o model.Object) object {
	GinkgoHelper()
	if body, known := decoded.Load(&o.Body[0]); known {
		return body.(object)
	}
	var body object
	Expect(json.Unmarshal(o.Body, &body)).To(Succeed())
	decoded.Store(&o.Body[0], body)
	return body
}

// made are the objects that move with the first foundation in a collection or below
// it: those that NCP made, and those that TKGI made for it. Of certain resource types
// if any are named.
func made(world *model.World, collection string, types ...string) []model.Object {
	GinkgoHelper()
	return slices.DeleteFunc(world.In(collection), func(o model.Object) bool {
		body := decode(o)
		ours := tag(body, "ncp/cluster") == world.Foundations[0].Name && (tag(body, "ncp/version") != "" || tag(body, "pks/cluster") != "")
		return !ours || (len(types) > 0 && !slices.Contains(types, body["resource_type"].(string)))
	})
}

// simple is a batch of objects that need nothing but their id.
func simple(kind string, objects []model.Object) batch {
	b := batch{kind: kind}
	for _, o := range objects {
		b.resources = append(b.resources, resource{ManagerID: o.ID, PolicyID: o.ID})
	}
	return b
}

// sharedBatches migrate the foundation's shared resources.
func sharedBatches(world *model.World) []batch {
	GinkgoHelper()
	var blocks, pools, allocations, tier0, ports, config, profiles []resource
	for _, shared := range world.Shared {
		one := resource{ManagerID: shared.ID, PolicyID: shared.ID}
		switch shared.Kind {
		case "IPBLOCK":
			blocks = append(blocks, one)
		case "IPPOOL":
			pools = append(pools, one)
			for _, ip := range shared.Allocations {
				allocations = append(allocations, resource{ManagerID: ip, LinkedIDs: []pair{{"IPPOOL", shared.ID}}})
			}
		case "LB_CLIENT_SSL_PROFILE":
			profiles = append(profiles, one)
		case "TIER0":
			tier0 = append(tier0, one)
			config = append(config, resource{ManagerID: shared.ID})
			for _, port := range shared.Ports {
				ports = append(ports, resource{ManagerID: port})
			}
		}
	}
	return filled([]batch{
		{"IPBLOCK", blocks}, {"IPPOOL", pools}, {"IPPOOL_ALLOCATION", allocations},
		{"TIER0", tier0}, {"TIER0_LOGICAL_ROUTER_PORT", ports}, {"TIER0_LOGICAL_ROUTER_CONFIG", config},
		{"LB_CLIENT_SSL_PROFILE", profiles},
	})
}

// ncpBatches migrate what NCP made, in the order of dependency.
func ncpBatches(world *model.World) []batch {
	GinkgoHelper()
	return filled([]batch{
		simple("SPOOFGUARD_PROFILES", made(world, "switching-profiles", "SpoofGuardSwitchingProfile")),
		simple("IPPOOL", made(world, "pools/ip-pools")),
		simple("IPBLOCK_SUBNET", containerSubnets(world)),
		allocationBatch(world),
		simple("TIER1", made(world, "logical-routers", "LogicalRouter")),
		simple("LOGICAL_SWITCH", made(world, "logical-switches")),
		simple("LOGICAL_PORT", made(world, "logical-ports")),
		tier1Ports(world),
		natBatch(world),
		simple("IP_SET", made(world, "ip-sets")),
		simple("NS_GROUP", made(world, "ns-groups")),
		simple("CERTIFICATE", made(world, "trust-management/certificates")),
		simple("CRL", made(world, "trust-management/crls")),
		simple("LB_MONITOR", made(world, "loadbalancer/monitors")),
		simple("LB_POOL", made(world, "loadbalancer/pools")),
		simple("LB_APPLICATION_PROFILE", made(world, "loadbalancer/application-profiles")),
		simple("LB_PERSISTENCE_PROFILE", made(world, "loadbalancer/persistence-profiles")),
		simple("LB_CLIENT_SSL_PROFILE", made(world, "loadbalancer/client-ssl-profiles")),
		simple("LB_VIRTUAL_SERVER", made(world, "loadbalancer/virtual-servers")),
		simple("LB_SERVICE", made(world, "loadbalancer/services")),
		sectionBatch(world),
	})
}

// containerSubnets are the subnets with a pool over them: not those of TKGI's nodes,
// for whose addresses NSX does not care.
func containerSubnets(world *model.World) []model.Object {
	GinkgoHelper()
	return slices.DeleteFunc(made(world, "pools/ip-subnets"), func(o model.Object) bool { return tag(decode(o), "pks/cluster") != "" })
}

// filled leaves out the batches without objects.
func filled(batches []batch) []batch {
	return slices.DeleteFunc(batches, func(b batch) bool { return len(b.resources) == 0 })
}

// profileBatches migrate the switching profiles of the kinds that few foundations have.
func profileBatches(world *model.World) []batch {
	GinkgoHelper()
	return filled([]batch{
		simple("MACDISCOVERY_PROFILES", made(world, "switching-profiles", "MacManagementSwitchingProfile")),
		simple("SEGMENT_SECURITY_PROFILES", made(world, "switching-profiles", "SwitchSecuritySwitchingProfile")),
		simple("QOS_PROFILES", made(world, "switching-profiles", "QosSwitchingProfile")),
		simple("IPDISCOVERY_PROFILES", made(world, "switching-profiles", "IpDiscoverySwitchingProfile")),
	})
}

// allocationBatch finds NCP's addresses by those who use them.
func allocationBatch(world *model.World) batch {
	b := batch{kind: "IPPOOL_ALLOCATION"}
	known := map[string]bool{}
	add := func(pool, ip string) {
		if ip == "" || known[ip] {
			return
		}
		known[ip] = true
		one := resource{ManagerID: ip, PolicyID: "ip-" + strings.ReplaceAll(ip, ".", "-")}
		if pool != "" {
			one.LinkedIDs = []pair{{"IPPOOL", pool}}
		}
		b.resources = append(b.resources, one)
	}
	for _, o := range made(world, "logical-routers", "LogicalRouter", "NatRule") {
		body := decode(o)
		add(tag(body, "ncp/extpoolid"), tag(body, "ncp/snat_ip"))
		add("", tag(body, "pks/floating_ip")) // TKGI notes no pool
	}
	for _, server := range made(world, "loadbalancer/virtual-servers") {
		body := decode(server)
		add(tag(body, "ext_pool_id"), body["ip_address"].(string))
	}
	return b
}

// tier1Ports names, for each router, the segment behind each down-link.
func tier1Ports(world *model.World) batch {
	switchOf := map[string]string{}
	for _, port := range world.In("logical-ports") {
		switchOf[port.ID] = decode(port)["logical_switch_id"].(string)
	}
	b := batch{kind: "TIER1_LOGICAL_ROUTER_PORT"}
	downLinks := made(world, "logical-router-ports", "LogicalRouterDownLinkPort")
	for _, router := range made(world, "logical-routers", "LogicalRouter") {
		one := resource{ManagerID: router.ID, Metadata: []pair{{"localeServiceId", router.ID + "-0"}}}
		for _, port := range downLinks {
			if body := decode(port); body["logical_router_id"] == router.ID {
				linked := body["linked_logical_switch_port_id"].(object)["target_id"].(string)
				one.Metadata = append(one.Metadata, pair{port.ID, switchOf[linked]})
			}
		}
		b.resources = append(b.resources, one)
	}
	return b
}

func natBatch(world *model.World) batch {
	GinkgoHelper()
	b := batch{kind: "NAT"}
	for i, rule := range made(world, "logical-routers", "NatRule") {
		router := decode(rule)["logical_router_id"].(string)
		above, err := world.Find("logical-routers", router)
		Expect(err).NotTo(HaveOccurred())
		b.resources = append(b.resources, resource{
			ManagerID: rule.ID, PolicyID: rule.ID, Metadata: []pair{{"SEQUENCE_NUMBER", fmt.Sprint(i + 1)}},
			LinkedIDs: []pair{{decode(*above)["router_type"].(string), router}},
		})
	}
	return b
}

func sectionBatch(world *model.World) batch {
	b := batch{kind: "DFW_SECTION"}
	for i, section := range made(world, "firewall/sections") {
		one := resource{ManagerID: section.ID, PolicyID: section.ID, Metadata: []pair{{"category", "Application"}, {"sequence", fmt.Sprint(i)}}}
		for n, rule := range world.In("firewall/sections/" + section.ID + "/rules") {
			one.LinkedIDs = append(one.LinkedIDs, pair{rule.ID, fmt.Sprint(n)}, pair{rule.ID + "-policyid", "rule-" + rule.ID})
		}
		b.resources = append(b.resources, one)
	}
	return b
}
