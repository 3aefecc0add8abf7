package coordinator_test

import (
	"fmt"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("what promotion makes", Ordered, func() {
	var n *nsx
	var world *model.World

	BeforeAll(func() {
		var st *store.Store
		st, world = tas()
		n = serve(st, coordinator.Options{})
		n.initiate()
		n.promote(sharedBatches(world)...)
		n.promote(ncpBatches(world)...)
	})

	// pairOf reads the first object of a collection on both sides.
	pairOf := func(collection string, types ...string) (before, manager, policy object) {
		GinkgoHelper()
		o := made(world, collection, types...)[0]
		before = decode(o)
		manager = n.manager(o.Collection + "/" + o.ID)
		return before, manager, n.policy(tag(manager, "policyPath"))
	}

	It("copies tags and name, keeps the Manager id as unique_id and gives the object to the principal", func() {
		before, _, policy := pairOf("ns-groups")
		Expect(policy).To(HaveKeyWithValue("tags", before["tags"]))
		Expect(policy).To(HaveKeyWithValue("display_name", before["display_name"]))
		Expect(policy).To(HaveKeyWithValue("unique_id", before["id"]))
		Expect(policy).To(HaveKeyWithValue("_create_user", "tas1-ncp"))
		Expect(policy).To(HaveKeyWithValue("_revision", BeEquivalentTo(0)))
	})

	It("tags the Manager object, gives it to nsx_policy and raises its revision", func() {
		before, manager, policy := pairOf("logical-switches")
		Expect(tag(manager, "policyPath")).To(Equal(policy["path"]))
		Expect(manager).To(HaveKeyWithValue("_create_user", "nsx_policy"))
		Expect(manager["_revision"]).To(Equal(before["_revision"].(float64) + 1))
	})

	It("closes Manager objects to everybody else", func() {
		_, manager, _ := pairOf("ns-groups")
		status, answer := n.call("PUT", "/api/v1/ns-groups/"+manager["id"].(string), manager)
		Expect(status).To(Equal(http.StatusBadRequest))
		Expect(answer).To(HaveKeyWithValue("error_code", BeEquivalentTo(289)))
		Expect(answer["error_message"]).To(ContainSubstring("nsx_policy"))
	})

	It("makes a switch a segment that is connected once its router's ports are Policy", func() {
		_, manager, segment := pairOf("logical-switches")
		Expect(segment).To(HaveKeyWithValue("resource_type", "Segment"))
		Expect(segment["connectivity_path"]).To(HavePrefix("/infra/tier-1s/"))
		Expect(segment["subnets"]).To(ConsistOf(HaveKeyWithValue("gateway_address", HaveSuffix(".1/24"))))
		Expect(segment["transport_zone_path"]).To(HaveSuffix(manager["transport_zone_id"].(string)))
		Expect(segment["advanced_config"]).To(HaveKeyWithValue("address_pool_paths", ConsistOf("/infra/ip-pools/"+manager["ip_pool_id"].(string))))
	})

	It("makes a container's port a child of its segment with parent interface and VLAN", func() {
		for _, o := range made(world, "logical-ports") {
			attachment := decode(o)["attachment"].(object)
			if attachment["attachment_type"] != "VIF" {
				continue
			}
			context := attachment["context"].(object)
			port := n.policy(tag(n.manager("logical-ports/"+o.ID), "policyPath"))
			Expect(port["attachment"]).To(Equal(object{
				"id": attachment["id"], "type": "CHILD", "context_id": context["parent_vif_id"],
				"traffic_tag": context["traffic_tag"], "app_id": context["app_id"], "allocate_addresses": "BOTH",
			}))
			Expect(port["address_bindings"]).To(ConsistOf(HaveKey("vlan_id")))
			return
		}
		Fail("no container port")
	})

	It("makes a Tier-1 with the Tier-0 above and what it advertises", func() {
		_, _, router := pairOf("logical-routers", "LogicalRouter")
		Expect(router["tier0_path"]).To(Equal("/infra/tier-0s/" + world.Shared[0].ID))
		Expect(router["route_advertisement_types"]).To(ConsistOf("TIER1_CONNECTED", "TIER1_NAT", "TIER1_LB_VIP", "TIER1_LB_SNAT"))
	})

	It("takes over link ports on both sides and the switch's end of a down-link", func() {
		for _, kind := range []string{"LogicalRouterLinkPortOnTIER0", "LogicalRouterLinkPortOnTIER1"} {
			port := n.manager("logical-router-ports/" + made(world, "logical-router-ports", kind)[0].ID)
			Expect(tag(port, "policyPath")).To(HavePrefix("/infra/tier-1s/"))
		}
		for _, o := range made(world, "logical-ports") {
			Expect(tag(n.manager("logical-ports/"+o.ID), "policyPath")).To(HavePrefix("/infra/segments/"))
		}
	})

	It("makes the Tier-0 with interfaces, BGP, neighbors and static routes", func() {
		tier0 := "/infra/tier-0s/" + world.Shared[0].ID
		Expect(n.policy(tier0)).To(HaveKeyWithValue("ha_mode", "ACTIVE_STANDBY"))
		Expect(n.policy(tier0 + "/locale-services/default")["edge_cluster_path"]).To(ContainSubstring("/edge-clusters/"))
		Expect(n.policy(tier0 + "/locale-services/default/interfaces/" + world.Shared[0].Ports[0])["subnets"]).To(
			ConsistOf(Equal(object{"ip_addresses": []any{"198.51.100.2"}, "prefix_len": 24.0})))
		Expect(n.policy(tier0 + "/locale-services/default/bgp")).To(HaveKeyWithValue("enabled", true))
		Expect(n.policy(tier0 + "/locale-services/default/bgp/neighbors")["results"]).To(HaveLen(1))
		Expect(n.policy(tier0 + "/static-routes/" + world.Shared[0].StaticRoutes[0])).To(HaveKeyWithValue("network", "0.0.0.0/0"))
	})

	It("lets SNAT rules bypass the firewall, in the wanted order", func() {
		_, manager, rule := pairOf("logical-routers", "NatRule")
		Expect(rule["path"]).To(Equal("/infra/tier-0s/" + world.Shared[0].ID + "/nat/USER/nat-rules/" + manager["id"].(string)))
		Expect(rule).To(HaveKeyWithValue("firewall_match", "BYPASS"))
		Expect(rule).To(HaveKeyWithValue("source_network", manager["match_source_network"]))
		Expect(rule).To(HaveKeyWithValue("sequence_number", BeEquivalentTo(1)))
	})

	It("makes block subnets and addresses children of their pools", func() {
		_, manager, subnet := pairOf("pools/ip-subnets")
		Expect(subnet).To(HaveKeyWithValue("resource_type", "IpAddressPoolBlockSubnet"))
		Expect(subnet["ip_block_path"]).To(Equal("/infra/ip-blocks/" + manager["block_id"].(string)))
		Expect(subnet["parent_path"]).To(HavePrefix("/infra/ip-pools/"))
		address := allocationBatch(world).resources[0]
		allocation := n.policy("/infra/ip-pools/" + address.LinkedIDs[0].Value + "/ip-allocations/" + address.PolicyID)
		Expect(allocation).To(HaveKeyWithValue("allocation_ip", address.ManagerID))
		Expect(allocation).NotTo(HaveKey("tags"))
		Expect(n.policy("/infra/ip-pools/" + address.LinkedIDs[0].Value + "/ip-subnets")["results"]).To(
			ConsistOf(HaveKeyWithValue("resource_type", "IpAddressPoolStaticSubnet")))
	})

	It("makes groups of criteria, members and addresses", func() {
		expressions := map[string]bool{}
		for _, collection := range []string{"ns-groups", "ip-sets"} {
			for _, o := range made(world, collection) {
				group := n.policy(tag(n.manager(collection+"/"+o.ID), "policyPath"))
				list := group["expression"].([]any)
				Expect(len(list)%2).To(Equal(1), "conjunctions stand between expressions")
				for _, expression := range list {
					expressions[expression.(object)["resource_type"].(string)] = true
				}
			}
		}
		Expect(expressions).To(Equal(map[string]bool{
			"NestedExpression": true, "Condition": true, "ConjunctionOperator": true, "PathExpression": true, "IPAddressExpression": true,
		}))
	})

	It("makes sections security policies with their rules in order and under the wanted ids", func() {
		manager := n.manager("firewall/sections/" + made(world, "firewall/sections")[2].ID)
		policy := n.policy(tag(manager, "policyPath"))
		Expect(policy).To(HaveKeyWithValue("category", "Application"))
		Expect(policy).To(HaveKeyWithValue("sequence_number", BeEquivalentTo(2)))
		Expect(policy["scope"]).To(ConsistOf(HavePrefix("/infra/domains/default/groups/")))
		rules := policy["rules"].([]any)
		Expect(rules).To(HaveLen(3))
		Expect(n.manager("firewall/sections/" + manager["id"].(string) + "/rules")["results"]).To(HaveLen(3), "the Manager still shows them")
		first := rules[0].(object)
		Expect(first["id"]).To(Equal(fmt.Sprintf("rule-%v", first["rule_id"])))
		Expect(first["destination_groups"]).To(ConsistOf(HaveSuffix("/24")))
		Expect(first["source_groups"]).To(ConsistOf("ANY"))
		Expect(first["service_entries"]).To(ConsistOf(HaveKeyWithValue("destination_ports", ConsistOf("443"))))
		Expect(rules[2].(object)["destination_groups"]).To(ConsistOf(HavePrefix("/infra/domains/default/groups/")))
	})

	It("puts load balancer rules into their virtual server, named by their Manager ids", func() {
		_, manager, server := pairOf("loadbalancer/virtual-servers")
		ids := manager["rule_ids"].([]any)
		for i, rule := range server["rules"].([]any) {
			Expect(rule).To(HaveKeyWithValue("display_name", ids[i]))
			Expect(rule.(object)["actions"]).To(ConsistOf(And(
				HaveKeyWithValue("type", HavePrefix("LB")), HaveKeyWithValue("pool_id", HavePrefix("/infra/lb-pools/")))))
			Expect(rule.(object)["match_conditions"]).To(ConsistOf(HaveKeyWithValue("type", HavePrefix("LB"))))
			Expect(tag(n.manager("loadbalancer/rules/"+ids[i].(string)), "policyPath")).To(Equal(server["path"]))
		}
	})

	It("ties load balancer objects together by paths", func() {
		for _, o := range made(world, "loadbalancer/virtual-servers") {
			server := n.policy(tag(n.manager("loadbalancer/virtual-servers/"+o.ID), "policyPath"))
			Expect(server["lb_service_path"]).To(HavePrefix("/infra/lb-services/"))
			Expect(server["pool_path"]).To(HavePrefix("/infra/lb-pools/"))
			if strings.HasSuffix(server["display_name"].(string), "https_terminated") {
				Expect(server["client_ssl_profile_binding"]).To(And(
					HaveKeyWithValue("default_certificate_path", HavePrefix("/infra/certificates/")),
					HaveKeyWithValue("ssl_profile_path", HavePrefix("/infra/lb-client-ssl-profiles/")),
					HaveKeyWithValue("client_auth_crl_paths", ConsistOf(HavePrefix("/infra/crls/"))),
				))
			}
		}
		_, _, service := pairOf("loadbalancer/services")
		Expect(service["connectivity_path"]).To(HavePrefix("/infra/tier-1s/"))
		_, _, pool := pairOf("loadbalancer/pools")
		Expect(pool["snat_translation"]).To(HaveKeyWithValue("type", "LBSnatAutoMap"))
		_, _, monitor := pairOf("loadbalancer/monitors")
		Expect(monitor).To(HaveKeyWithValue("resource_type", "LBHttpMonitorProfile"))
	})

	It("loses the name of a certificate", func() {
		before, _, certificate := pairOf("trust-management/certificates")
		Expect(certificate["display_name"]).NotTo(Equal(before["display_name"]))
		Expect(certificate).To(HaveKeyWithValue("has_private_key", true))
		Expect(certificate).To(HaveKeyWithValue("pem_encoded", before["pem_encoded"]))
	})
})

var _ = Describe("the order of types", func() {
	// The batches of a run by type; each test leaves out what the entry needs.
	DescribeTable("wants parents to be Policy first",
		func(kind string, before []string, named string) {
			st, world := tas()
			n := serve(st, coordinator.Options{StrictOrder: true})
			n.initiate()
			all := append(sharedBatches(world), ncpBatches(world)...)
			var last batch
			for _, b := range all {
				for _, wanted := range before {
					if b.kind == wanted {
						n.promote(b)
					}
				}
				if b.kind == kind {
					last = b
				}
			}
			count := inspect(st).NCP.Policy
			failed := n.migrate(last)
			Expect(failed.Status).To(Equal("FAILED"))
			Expect(failed.Details).To(ContainSubstring(named))
			overall, _, _ := n.status()
			Expect(overall).To(Equal("PAUSED"))
			Expect(n.ok("GET", migration+"mp-to-policy/feedback", nil)["results"]).To(HaveLen(1))
			Expect(inspect(st).NCP.Policy).To(Equal(count), "a failed batch leaves nothing behind")
		},
		Entry("a subnet needs its pool", "IPBLOCK_SUBNET", []string{"IPBLOCK"}, "pools/ip-pools"),
		Entry("an address needs its pool", "IPPOOL_ALLOCATION", nil, "pools/ip-pools"),
		Entry("a Tier-1 needs its Tier-0", "TIER1", nil, "logical-routers"),
		Entry("an uplink needs its Tier-0", "TIER0_LOGICAL_ROUTER_PORT", nil, "logical-routers"),
		Entry("the Tier-0's configuration needs its uplinks", "TIER0_LOGICAL_ROUTER_CONFIG", []string{"TIER0"}, "logical-router-ports"),
		Entry("a switch needs its pool", "LOGICAL_SWITCH", []string{"SPOOFGUARD_PROFILES"}, "pools/ip-pools"),
		Entry("a switch needs its profiles", "LOGICAL_SWITCH", []string{"IPPOOL"}, "switching-profiles"),
		Entry("a port needs its switch", "LOGICAL_PORT", nil, "logical-switches"),
		Entry("a Tier-1's ports need their switches", "TIER1_LOGICAL_ROUTER_PORT", []string{"TIER0", "TIER1"}, "switch behind"),
		Entry("a NAT rule needs its router", "NAT", nil, "logical-routers"),
		Entry("a group needs its members", "NS_GROUP", nil, "logical-switches"),
		Entry("a section needs its groups", "DFW_SECTION", nil, "ns-groups"),
		Entry("a pool needs its monitor", "LB_POOL", nil, "loadbalancer/monitors"),
		Entry("a virtual server needs its profiles", "LB_VIRTUAL_SERVER", nil, "loadbalancer/"),
		Entry("a virtual server needs its service, if so configured", "LB_VIRTUAL_SERVER", []string{
			"LB_MONITOR", "LB_POOL", "LB_APPLICATION_PROFILE", "LB_PERSISTENCE_PROFILE", "LB_CLIENT_SSL_PROFILE", "CERTIFICATE", "CRL",
		}, "loadbalancer/services"),
	)

	It("accepts load balancer services before their virtual servers", func() {
		st, world := tas()
		n := serve(st, coordinator.Options{StrictOrder: true})
		n.initiate()
		n.promote(sharedBatches(world)...)
		own := ncpBatches(world)
		last := len(own) - 1
		own[last-2], own[last-1] = own[last-1], own[last-2]
		n.promote(own...)
		report := inspect(st)
		Expect(report.AllPolicy()).To(BeTrue())
		Expect(report.Inconsistencies).To(BeEmpty())
		for _, o := range made(world, "loadbalancer/virtual-servers") {
			Expect(n.policy("/infra/lb-virtual-servers/" + o.ID)["lb_service_path"]).To(HavePrefix("/infra/lb-services/"))
		}
	})
})

var _ = Describe("the entries of a batch", func() {
	It("give binding maps, rules and routes their ids", func() {
		var router string
		st, world := tas(func(world *model.World) { router = made(world, "logical-routers", "LogicalRouter")[0].ID })
		Expect(st.Update(func(tx *store.Tx) error {
			_, err := tx.Manager().PutFields("logical-routers/"+router+"/routing/static-routes/r1", object{"id": "r1", "network": "10.9.0.0/16", "logical_router_id": router})
			return err
		})).To(Succeed())
		n := serve(st, coordinator.Options{})
		n.initiate()
		n.promote(sharedBatches(world)...)
		own := ncpBatches(world)
		n.promote(own[:6]...)
		ports := own[6]
		last := &ports.resources[len(ports.resources)-1] // a container's; the first ones are routers'
		last.Metadata = []pair{{"security-profile-binding-maps-id", "sec"}, {"qos-profile-binding-maps-id", "qos"}}
		n.promote(ports)
		port := tag(n.manager("logical-ports/"+last.ManagerID), "policyPath")
		Expect(n.policy(port + "/port-security-profile-binding-maps/sec")["spoofguard_profile_path"]).To(HavePrefix("/infra/spoofguard-profiles/"))
		Expect(n.policy(port + "/port-qos-profile-binding-maps/qos")).To(HaveKey("qos_profile_path"))

		routers := own[7]
		Expect(n.migrate(routers).Details).To(ContainSubstring("static route r1"))
		n.plan("abort")
		routers.resources[0].Metadata = append(routers.resources[0].Metadata, pair{"r1", "10.9.0.0_16"})
		n.promote(routers)
		Expect(n.policy("/infra/tier-1s/" + router + "/static-routes/10.9.0.0_16")).To(HaveKeyWithValue("network", "10.9.0.0/16"))
	})

	It("fail where a Policy object stands already below their parent", func() {
		st, world := tas()
		n := serve(st, coordinator.Options{})
		n.initiate()
		n.promote(sharedBatches(world)...)
		rules := natBatch(world)
		taken := "/infra/tier-0s/" + world.Shared[0].ID + "/nat/USER/nat-rules/" + rules.resources[3].PolicyID
		n.ok("PUT", "/policy/api/v1"+taken, object{"action": "SNAT", "translated_network": "1.2.3.4"})
		failed := n.migrate(rules)
		Expect(failed.Status).To(Equal("FAILED"))
		Expect(failed.Details).To(ContainSubstring(taken + " exists already"))
	})

	It("fail for a Tier-0 with BGP neighbors but BGP off", func() {
		st, world := tas(func(world *model.World) {
			Expect(world.Edit("logical-routers/"+world.Shared[0].ID+"/routing", "bgp", func(body map[string]any) { body["enabled"] = false })).To(Succeed())
		})
		n := serve(st, coordinator.Options{})
		n.initiate()
		shared := sharedBatches(world)
		last := len(shared) - 1
		n.promote(shared[:last]...)
		Expect(n.migrate(shared[last]).Details).To(ContainSubstring("BGP is disabled"))
	})

	It("must name the segment behind each down-link", func() {
		st, world := tas()
		n := serve(st, coordinator.Options{})
		n.initiate()
		n.promote(sharedBatches(world)...)
		own := ncpBatches(world)
		n.promote(own[:7]...)
		routers := own[7]
		routers.resources[0].Metadata[1].Value = "wrong"
		Expect(n.migrate(routers).Details).To(ContainSubstring(`segment "wrong"`))
	})

	It("may leave the id of a rule to chance", func() {
		st, world := tas()
		n := serve(st, coordinator.Options{})
		n.initiate()
		n.promote(sharedBatches(world)...)
		own := ncpBatches(world)
		n.promote(own[:11]...)
		sections := own[len(own)-1]
		linked := sections.resources[0].LinkedIDs
		sections.resources[0].LinkedIDs = linked[:1]
		n.promote(sections)
		policy := n.policy("/infra/domains/default/security-policies/" + sections.resources[0].PolicyID)
		for _, rule := range policy["rules"].([]any) {
			Expect(rule.(object)["id"]).NotTo(HavePrefix("rule-"))
		}
	})
})

var _ = Describe("a batch that fails in the middle", func() {
	var st *store.Store
	var sets batch
	var options coordinator.Options

	BeforeEach(func() {
		var world *model.World
		st, world = tas()
		sets = simple("IP_SET", made(world, "ip-sets"))
		options = coordinator.Options{FailMigration: map[string]string{sets.resources[1].ManagerID: "is cursed"}}
	})

	run := func(body object) (*nsx, component) {
		GinkgoHelper()
		n := serve(st, options)
		n.initiate()
		n.ok("POST", migration+"mp-to-policy", body)
		n.plan("start")
		n.settle()
		n.plan("continue")
		_, migrated := n.settle()
		return n, migrated
	}

	It("leaves nothing promoted", func() {
		_, migrated := run(sets.body())
		Expect(migrated.Status).To(Equal("FAILED"))
		Expect(migrated.Details).To(ContainSubstring("is cursed"))
		Expect(inspect(st).NCP.Policy).To(BeZero())
	})

	It("leaves the objects before the failing one promoted with KeepPartial, and these can be rolled back", func() {
		options.KeepPartial = true
		n, migrated := run(sets.body())
		Expect(migrated.Status).To(Equal("FAILED"))
		Expect(inspect(st).NCP.Policy).To(Equal(1))
		n.plan("abort")
		n.rollback(batch{"IP_SET", sets.resources[:1]})
		Expect(inspect(st).AllManager()).To(BeTrue())
	})

	It("goes on with skip_failed_resources", func() {
		body := sets.body()
		body["skip_failed_resources"] = true
		_, migrated := run(body)
		Expect(migrated.Status).To(Equal("SUCCESS"))
		Expect(migrated.Details).To(ContainSubstring("is cursed"))
		Expect(inspect(st).NCP.Policy).To(Equal(len(sets.resources) - 1))
	})

	It("may show as failed over all", func() {
		options.FailedOverall = "FAILED"
		n, _ := run(sets.body())
		overall, _, _ := n.status()
		Expect(overall).To(Equal("FAILED"))
	})

	It("may succeed although an object was skipped silently", func() {
		options = coordinator.Options{SkipSilently: map[string]bool{sets.resources[1].ManagerID: true}}
		_, migrated := run(sets.body())
		Expect(migrated).To(Equal(component{Status: "SUCCESS"}))
		Expect(inspect(st).NCP.Policy).To(Equal(len(sets.resources) - 1))
	})

	It("can be told to fail while it is at work", func() {
		options = coordinator.Options{}
		n := serve(st, options)
		n.coordinator().Configure(func(o *coordinator.Options) {
			o.FailMigration = map[string]string{sets.resources[0].ManagerID: "no more"}
		})
		n.initiate()
		Expect(n.migrate(sets).Details).To(ContainSubstring("no more"))
	})
})
