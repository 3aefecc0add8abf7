package coordinator_test

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("a GENERIC run", func() {
	var st *store.Store
	var clock *fakeClock

	// Most of it shows on three address sets and a block; the specs that need a whole
	// foundation make one.
	BeforeEach(func() {
		st, _ = someSets()
		put(st, map[string]object{"pools/ip-blocks/block": {"resource_type": "IpBlock", "cidr": "10.0.0.0/8"}})
		clock = newClock()
	})
	promoted := func(n *nsx) int {
		GinkgoHelper()
		return len(n.ok("GET", migration+"migrated-resources?resource_type=IP_SET", nil)["results"].([]any))
	}

	// everything starts a run that promotes all there is.
	everything := func(n *nsx, more ...object) {
		GinkgoHelper()
		body := object{"mode": "GENERIC"}
		for _, fields := range more {
			for name, value := range fields {
				body[name] = value
			}
		}
		n.ok("POST", migration+"mp-to-policy", body)
	}
	types := func(names ...string) object {
		list := []any{}
		for _, name := range names {
			list = append(list, object{"type": name, "resource_ids": []any{}})
		}
		return object{"migration_data": list}
	}
	stats := func(n *nsx, query string) map[string]object {
		GinkgoHelper()
		rows := map[string]object{}
		for _, row := range n.ok("GET", migration+"mp-to-policy/stats"+query, nil)["migration_stats"].([]any) {
			rows[row.(object)["resource_type"].(string)] = row.(object)
		}
		return rows
	}
	promotionState := func(n *nsx) any {
		GinkgoHelper()
		return n.ok("GET", migration+"mp-policy-promotion/state", nil)["mp_policy_promotion"]
	}
	history := func(n *nsx) []any {
		GinkgoHelper()
		var statuses []any
		for _, row := range n.ok("GET", migration+"mp-policy-promotion/history", nil)["results"].([]any) {
			Expect(row).To(HaveKeyWithValue("date_time", MatchRegexp(`^\d{13}$`)))
			statuses = append(statuses, row.(object)["status"])
		}
		return statuses
	}
	feedback := func(n *nsx, query string) []any {
		GinkgoHelper()
		return n.ok("GET", migration+"mp-to-policy/feedback"+query, nil)["results"].([]any)
	}
	// cursed makes the promotion of one object fail.
	cursed := func(id string) coordinator.Options {
		return coordinator.Options{FailMigration: map[string]string{id: "is cursed"}}
	}

	Context("of a whole foundation", Ordered, func() {
		var whole *store.Store
		var world *model.World
		var n *nsx
		var before map[string]object

		BeforeAll(func() {
			whole, world = tas()
			n = serve(whole, coordinator.Options{})
			before = stats(n, "?pre_promotion=true")
			everything(n)
			_, migrated := n.settle()
			Expect(migrated).To(Equal(component{Status: "SUCCESS"}))
		})

		It("promotes everything that is not Policy, with one request and DONE at the end", func() {
			overall, precheck, _ := n.status()
			Expect([]string{overall, precheck.Status}).To(Equal([]string{"SUCCESS", "SUCCESS"}))
			Expect(promotionState(n)).To(Equal("PROMOTION_IN_PROGRESS"))
			n.done()
			Expect(promotionState(n)).To(Equal("PROMOTION_NOT_IN_PROGRESS"))
			Expect(history(n)).To(Equal([]any{"INITIATED", "SUCCESS"}))

			report := inspect(whole)
			Expect(report.AllPolicy()).To(BeTrue())
			Expect(report.Inconsistencies).To(BeEmpty())
			for kind, row := range stats(n, "") {
				Expect(row["promoted_objects_count"]).To(Equal(before[kind]["total_count"]), kind)
				Expect(row["promotion_status"]).To(Equal("DONE"), kind)
			}
			for kind, row := range stats(n, "?pre_promotion=true") {
				Expect(row["total_count"]).To(Equal("0"), kind)
			}
		})

		It("names ports and profiles default:<id>, segments as their switch, and keeps other ids", func() {
			on := made(world, "logical-switches")[0]
			n.policy("/infra/segments/" + decode(on)["display_name"].(string))
			for _, o := range made(world, "logical-ports") {
				Expect(tag(n.manager("logical-ports/"+o.ID), "policyPath")).To(HaveSuffix("/ports/default:" + o.ID))
			}
			n.policy("/infra/spoofguard-profiles/default:" + made(world, "switching-profiles")[0].ID)
			group := made(world, "ns-groups")[0]
			Expect(n.policy("/infra/domains/default/groups/"+group.ID)).To(HaveKeyWithValue("_create_user", decode(group)["_create_user"]), "its owner")
		})

		It("keeps the order of firewall sections", func() {
			last := -1.0
			for _, section := range n.ok("GET", "/api/v1/firewall/sections", nil)["results"].([]any) {
				path := tag(section.(object), "policyPath")
				if path == "" || section.(object)["_create_user"] != "nsx_policy" || section.(object)["enforced_on"] == "LOGICALROUTER" {
					continue
				}
				if number, made := n.policy(path)["sequence_number"].(float64); made {
					Expect(number).To(BeNumerically(">", last))
					last = number
				}
			}
			Expect(last).To(BeNumerically(">", 0))
		})
	})

	It("keeps the id of a switch whose name is taken", func() {
		put(st, map[string]object{
			"logical-switches/one": {"resource_type": "LogicalSwitch", "display_name": "net/1"},
			"logical-switches/two": {"resource_type": "LogicalSwitch", "display_name": "net/1"},
		})
		n := serve(st, coordinator.Options{})
		everything(n)
		_, migrated := n.settle()
		Expect(migrated.Status).To(Equal("SUCCESS"))
		Expect([]string{tag(n.manager("logical-switches/one"), "policyPath"), tag(n.manager("logical-switches/two"), "policyPath")}).
			To(Equal([]string{"/infra/segments/net_1", "/infra/segments/two"}))
	})

	It("keeps it where a segment has that name, and leaves default sections alone", func() {
		put(st, map[string]object{
			"/infra/segments/net":       {"resource_type": "Segment", "path": "/infra/segments/net"},
			"logical-switches/one":      {"resource_type": "LogicalSwitch", "display_name": "net"},
			"firewall/sections/default": {"resource_type": "FirewallSection", "section_type": "LAYER3", "enforced_on": "VIF", "is_default": true},
		})
		n := serve(st, coordinator.Options{})
		everything(n)
		_, migrated := n.settle()
		Expect(migrated.Status).To(Equal("SUCCESS"))
		Expect(tag(n.manager("logical-switches/one"), "policyPath")).To(Equal("/infra/segments/one"))
		Expect(tag(n.manager("firewall/sections/default"), "policyPath")).To(BeEmpty())
	})

	It("goes through the types as time passes, and tells how far it is", func() {
		st, _ = tas()
		n := serve(st, coordinator.Options{PrecheckTime: time.Minute, BatchTime: time.Minute}, with(clock))
		everything(n, types("IP_SET", "NS_GROUP", "LOGICAL_SWITCH", "IPPOOL", "IPBLOCK", "SPOOFGUARD_PROFILES"))
		overall, precheck, migrated := n.status()
		Expect([]string{overall, precheck.Status, migrated.Status}).To(Equal([]string{"PAUSING", "IN_PROGRESS", "NOT_STARTED"}))
		Expect(stats(n, "")["IP_SET"]).To(HaveKeyWithValue("promotion_status", "PROCESSING"))
		Expect(stats(n, "")["NAT"]).To(HaveKeyWithValue("promotion_status", "NOT_STARTED"))

		clock.advance(time.Minute)
		overall, precheck, migrated = n.status()
		Expect([]string{overall, precheck.Status, migrated.Status}).To(Equal([]string{"PAUSING", "SUCCESS", "IN_PROGRESS"}))
		for i, kind := range []string{"IPBLOCK", "IPPOOL", "SPOOFGUARD_PROFILES", "LOGICAL_SWITCH", "IP_SET", "NS_GROUP"} {
			now := n.ok("GET", migration+"mp-to-policy/stats", nil)
			Expect(now).To(HaveKeyWithValue("current_resource_type_in_promotion", kind))
			Expect(stats(n, "")[kind]).To(And(HaveKeyWithValue("promotion_status", "IN_PROGRESS"), HaveKeyWithValue("promoted_objects_count", "0"), HaveKeyWithValue("total_count", Not(Equal("0")))))
			percent := n.ok("GET", migration+"status-summary?component_type=MP_TO_POLICY_MIGRATION", nil)["component_status"].([]any)[0].(object)["percent_complete"]
			Expect(percent).To(BeNumerically("~", 100*i/6, 1))
			clock.advance(time.Minute)
			Expect(stats(n, "")[kind]).To(HaveKeyWithValue("promotion_status", "DONE"))
			Expect(stats(n, "")[kind]["promoted_objects_count"]).To(Equal(stats(n, "")[kind]["total_count"]))
		}
		overall, _, migrated = n.status()
		Expect([]string{overall, migrated.Status}).To(Equal([]string{"SUCCESS", "SUCCESS"}))
	})

	It("promotes the named types and objects only", func() {
		put(st, map[string]object{"ns-groups/group": {"resource_type": "NSGroup"}})
		n := serve(st, coordinator.Options{})
		everything(n, object{"migration_data": []any{
			object{"type": "IPBLOCK", "resource_ids": []any{}},
			object{"type": "IP_SET", "resource_ids": []any{object{"manager_id": "b"}}},
		}})
		n.settle()
		Expect(n.ok("GET", migration+"migrated-resources", nil)["results"]).To(ConsistOf(
			HaveKeyWithValue("resource_id", "block"), HaveKeyWithValue("resource_id", "b")))
	})

	It("pauses at a failure, keeps what it promoted, and is resumed by continue", func() {
		n := serve(st, cursed("b"))
		everything(n)
		_, migrated := n.settle()
		Expect(migrated.Status).To(Equal("FAILED"))
		overall, _, _ := n.status()
		Expect(overall).To(Equal("PAUSED"))
		Expect(feedback(n, "")).To(ConsistOf(HaveKeyWithValue("mp_id", "b")))
		Expect(stats(n, "")["IP_SET"]).To(HaveKeyWithValue("failed_objects_count", "1"))
		Expect(promoted(n)).To(Equal(2))

		n.coordinator().Configure(func(o *coordinator.Options) { o.FailMigration = nil })
		n.plan("continue")
		_, migrated = n.settle()
		Expect(migrated.Status).To(Equal("SUCCESS"))
		n.done()
		Expect(history(n)).To(Equal([]any{"INITIATED", "SUCCESS"}))
	})

	It("leaves the failing type with continue and skip, which is a partial success", func() {
		put(st, map[string]object{"loadbalancer/monitors/monitor": {"resource_type": "LbTcpMonitor"}})
		n := serve(st, cursed("a"))
		everything(n)
		n.settle()
		status, _ := n.call("POST", migration+"plan?action=continue&skip=true", nil)
		Expect(status).To(Equal(http.StatusOK))
		_, migrated := n.settle()
		Expect(migrated.Status).To(Equal("SUCCESS"))
		n.policy("/infra/lb-monitor-profiles/monitor")
		n.done()
		Expect(history(n)).To(Equal([]any{"INITIATED", "PARTIAL_SUCCESS"}))
	})

	It("goes on over failures with skip_failed_resources; a failed pre-check is a warning then", func() {
		options := coordinator.Options{PrecheckTime: time.Minute, BatchTime: time.Minute, FailPrecheck: map[string]string{"a": "is odd"}}
		n := serve(st, options, with(clock))
		everything(n, types("IP_SET", "IPBLOCK"), object{"skip_failed_resources": true})
		clock.advance(time.Minute)
		overall, precheck, migrated := n.status()
		Expect([]string{overall, precheck.Status, migrated.Status}).To(Equal([]string{"PAUSING", "FAILED", "IN_PROGRESS"}))
		Expect(precheck.Details).To(ContainSubstring("is odd"))
		clock.advance(time.Minute)
		clock.advance(time.Minute)
		overall, _, migrated = n.status()
		Expect([]string{overall, migrated.Status}).To(Equal([]string{"SUCCESS", "SUCCESS"}))
		Expect(stats(n, "")["IP_SET"]).To(HaveKeyWithValue("failed_objects_count", "1"))
		n.done()
		Expect(history(n)).To(Equal([]any{"INITIATED", "PARTIAL_SUCCESS"}))
	})

	It("ends with DONE although it is paused, and cannot be continued then", func() {
		n := serve(st, cursed("a"))
		everything(n, types("IP_SET"))
		n.settle()
		n.done()
		Expect(history(n)).To(Equal([]any{"INITIATED", "PARTIAL_SUCCESS"}))
		Expect(n.refused(http.StatusBadRequest, "POST", migration+"plan?action=continue", nil)).To(ContainSubstring("ended"))
	})

	It("pauses after a failed pre-check without it", func() {
		n := serve(st, coordinator.Options{FailPrecheck: map[string]string{"a": "is odd"}})
		everything(n, types("IP_SET"))
		n.settle()
		overall, precheck, migrated := n.status()
		Expect([]string{overall, precheck.Status, migrated.Status}).To(Equal([]string{"PAUSED", "FAILED", "NOT_STARTED"}))
		Expect(promoted(n)).To(BeZero())
	})

	It("pauses after the type at work when it is told to, and goes on with the next", func() {
		n := serve(st, coordinator.Options{BatchTime: time.Minute}, with(clock))
		everything(n, types("IP_SET", "IPBLOCK"))
		Eventually(clock.waiting).Should(Equal(1))
		n.plan("pause")
		clock.advance(time.Minute)
		overall, _, migrated := n.status()
		Expect([]string{overall, migrated.Status}).To(Equal([]string{"PAUSED", "PAUSED"}))
		Expect(stats(n, "")["IPBLOCK"]).To(HaveKeyWithValue("promotion_status", "DONE"))
		Expect(stats(n, "")["IP_SET"]).To(HaveKeyWithValue("promotion_status", "NOT_STARTED"))
		n.plan("continue")
		clock.advance(time.Minute)
		overall, _, migrated = n.status()
		Expect([]string{overall, migrated.Status}).To(Equal([]string{"SUCCESS", "SUCCESS"}))
	})

	It("cancels in the background and restores the state before", func() {
		before := lasting(st)
		n := serve(st, coordinator.Options{BatchTime: time.Minute, RollbackTime: time.Minute}, with(clock))
		everything(n, types("IPBLOCK", "IP_SET"))
		Eventually(clock.waiting).Should(Equal(1))
		clock.advance(time.Minute)
		Expect(lasting(st)).NotTo(Equal(before))
		n.ok("POST", migration+"mp-to-policy/cancel", nil)
		Expect(promotionState(n)).To(Equal("CANCELLING_PROMOTION"))
		Expect(n.coordinator().Phase()).To(Equal(coordinator.PhaseCancel))
		overall, _, _ := n.status()
		Expect(overall).To(Equal("PAUSING"))
		Expect(n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy/cancel", nil)).To(ContainSubstring("busy"))
		clock.advance(time.Minute)

		Expect(lasting(st)).To(Equal(before))
		Expect(promotionState(n)).To(Equal("PROMOTION_NOT_IN_PROGRESS"))
		overall, _, migrated := n.status()
		Expect([]string{overall, migrated.Status}).To(Equal([]string{"NOT_STARTED", "CANCELED"}))
		Expect(history(n)).To(Equal([]any{"INITIATED", "CANCELLED"}))
		clock.advance(time.Hour)
		Expect(lasting(st)).To(Equal(before), "the cancelled run is over")
		everything(n, types("IPBLOCK"))
	})

	It("says so when a cancellation fails, changes nothing then, and can be cancelled again", func() {
		before := lasting(st)
		n := serve(st, coordinator.Options{FailRollback: map[string]string{"b": "is stuck"}})
		everything(n, types("IP_SET"))
		n.settle()
		n.ok("POST", migration+"mp-to-policy/cancel", nil)
		Eventually(func() any { return promotionState(n) }).Should(Equal("CANCEL_FAILED"))
		overall, _, migrated := n.status()
		Expect(overall).To(Equal("FAILED"))
		Expect(migrated.Details).To(ContainSubstring("is stuck"))
		Expect(promoted(n)).To(Equal(3))
		n.coordinator().Configure(func(o *coordinator.Options) { o.FailRollback = nil })
		n.ok("POST", migration+"mp-to-policy/cancel", nil)
		Eventually(func() any { return promotionState(n) }).Should(Equal("PROMOTION_NOT_IN_PROGRESS"))
		Expect(lasting(st)).To(Equal(before))
	})

	It("is refused while a workflow is open, refuses batches itself, and is nothing to cancel in CONSUMER mode", func() {
		n := serve(st, coordinator.Options{})
		n.initiate()
		Expect(n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy", object{"mode": "GENERIC"})).To(ContainSubstring("already in progress"))
		Expect(n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy/cancel", nil)).To(ContainSubstring("No promotion"))
		n.done()
		everything(n, types("IPBLOCK"))
		n.settle()
		Expect(n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy", one("IP_SET", "a").body())).
			To(ContainSubstring("GENERIC"))
	})

	It("does not know the mode before NSX 3.2", func() {
		n := serve(st, coordinator.Options{}, version("3.1"))
		Expect(n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy", object{"mode": "GENERIC"})).To(ContainSubstring("mode"))
		status, _ := n.call("POST", migration+"mp-to-policy/cancel", nil)
		Expect(status).To(Equal(http.StatusNotFound))
	})

	It("leaves a finished run's statistics and feedback in the archive", func() {
		n := serve(st, cursed("a"))
		everything(n, types("IP_SET"), object{"skip_failed_resources": true})
		n.settle()
		n.done()
		everything(n, types("IPBLOCK"))
		n.settle()
		Expect(stats(n, "?location=CURRENT")["IPBLOCK"]["promoted_objects_count"]).NotTo(Equal("0"))
		Expect(stats(n, "?location=CURRENT")["IP_SET"]).To(HaveKeyWithValue("promoted_objects_count", "0"))
		Expect(stats(n, "?location=ARCHIVED")["IPBLOCK"]).To(HaveKeyWithValue("promoted_objects_count", "0"))
		Expect(stats(n, "?location=ARCHIVED")["IP_SET"]).To(And(HaveKeyWithValue("failed_objects_count", "1"), HaveKeyWithValue("promotion_status", "DONE")))
		Expect(feedback(n, "?location=CURRENT")).To(BeEmpty())
		Expect(feedback(n, "?location=ARCHIVED")).To(ConsistOf(HaveKeyWithValue("mp_id", "a")))
		n.refused(http.StatusBadRequest, "GET", migration+"mp-to-policy/stats?location=LOST", nil)
	})

	DescribeTable("cannot promote", func(key string, body object, kind, text string) {
		Expect(st.Update(func(tx *store.Tx) error {
			_, err := tx.Manager().PutFields(key, body)
			return err
		})).To(Succeed())
		n := serve(st, coordinator.Options{})
		everything(n)
		precheck, _ := n.settle()
		Expect(precheck.Status).To(Equal("FAILED"))
		Expect(feedback(n, "?resource_type="+kind)).To(ConsistOf(HaveKeyWithValue("error_list", ConsistOf(
			HaveKeyWithValue("error_desc", ContainSubstring(text))))))
	},
		Entry("a VRF", "logical-routers/x", object{"id": "x", "resource_type": "LogicalRouter", "router_type": "VRF"}, "TIER0", "VRF"),
		Entry("port mirroring", "switching-profiles/x", object{"id": "x", "resource_type": "PortMirroringSwitchingProfile"}, "SWITCHING_PROFILES", "SPAN"),
		Entry("a bridge's firewall", "firewall/sections/x", object{"id": "x", "resource_type": "FirewallSection", "section_type": "LAYER2",
			"enforced_on": "BRIDGEENDPOINT"}, "DFW_SECTION", "bridge firewall"),
		Entry("a directory group", "ns-groups/x", object{"id": "x", "resource_type": "NSGroup", "members": []any{
			object{"resource_type": "NSGroupSimpleExpression", "target_type": "DirectoryGroup", "target_property": "id", "op": "EQUALS", "value": "y"}}}, "NS_GROUP", "Active Directory"),
		Entry("an L2 forwarder", "logical-ports/x", object{"id": "x", "resource_type": "LogicalPort", "logical_switch_id": "y",
			"attachment": object{"attachment_type": "L2FORWARDER", "id": "z"}}, "LOGICAL_PORT", "L2 forwarder"),
		Entry("service insertion", "firewall/sections/x", object{"id": "x", "resource_type": "FirewallSection", "section_type": "L3REDIRECT"}, "DFW_SECTION", "service insertion"),
	)

	It("cannot promote a type that there is not", func() {
		n := serve(st, coordinator.Options{})
		everything(n, types("MAGIC"))
		precheck, _ := n.settle()
		Expect(precheck).To(Equal(component{"FAILED", "MAGIC : type is not supported"}))
	})

	It("promotes a router's firewall section, which CONSUMER mode cannot", func() {
		put(st, map[string]object{
			"logical-routers/router": {"resource_type": "LogicalRouter", "router_type": "TIER1"},
			"firewall/sections/edge": {"resource_type": "FirewallSection", "section_type": "LAYER3", "enforced_on": "LOGICALROUTER",
				"applied_tos": []any{object{"target_type": "LogicalRouter", "target_id": "router"}}},
			"firewall/sections/edge/rules/7": {"resource_type": "FirewallRule", "action": "ALLOW"},
		})
		n := serve(st, coordinator.Options{})
		everything(n)
		n.settle()
		policy := n.policy("/infra/domains/default/gateway-policies/edge")
		Expect(policy).To(HaveKeyWithValue("category", "LocalGatewayRules"))
		rule := n.policy("/infra/domains/default/gateway-policies/edge/rules/7")
		Expect(rule["scope"]).To(ConsistOf("/infra/tier-1s/router"))
		expectWritable(st)
	})

	It("lets objects wait for others of their type to which they refer", func() {
		member := func(id string) []any {
			return []any{object{"resource_type": "NSGroupSimpleExpression", "target_type": "NSGroup", "target_property": "id", "op": "EQUALS", "value": id}}
		}
		put(st, map[string]object{
			"ns-groups/a": {"resource_type": "NSGroup", "members": member("b")},
			"ns-groups/b": {"resource_type": "NSGroup", "members": member("c")},
			"ns-groups/c": {"resource_type": "NSGroup"},
		})
		n := serve(st, coordinator.Options{})
		everything(n, types("NS_GROUP"))
		_, migrated := n.settle()
		Expect(migrated).To(Equal(component{Status: "SUCCESS"}))
	})

	DescribeTable("does not mix modes before NSX 4.2.1", func(nsxVersion string, mixes bool) {
		put(st, map[string]object{
			"logical-routers/above": {"resource_type": "LogicalRouter", "router_type": "TIER0"},
			"logical-routers/below": {"resource_type": "LogicalRouter", "router_type": "TIER1"},
			"logical-router-ports/up": {"resource_type": "LogicalRouterLinkPortOnTIER1", "logical_router_id": "below",
				"linked_logical_router_port_id": object{"target_id": "down"}},
			"logical-router-ports/down": {"resource_type": "LogicalRouterLinkPortOnTIER0", "logical_router_id": "above"},
		})
		n := serve(st, coordinator.Options{}, version(nsxVersion))
		n.initiate()
		n.promote(one("TIER0", "above"))
		n.done()
		everything(n, types("TIER1"))
		_, migrated := n.settle()
		if mixes {
			Expect(migrated.Status).To(Equal("SUCCESS"))
		} else {
			Expect(migrated.Status).To(Equal("FAILED"))
			Expect(migrated.Details).To(ContainSubstring("4.2.1"))
		}
	}, Entry("4.1.1", "4.1.1", false), Entry("4.2", "4.2", false), Entry("4.2.1", "4.2.1", true))

	It("survives the end of NSX in its middle and goes on", func() {
		n := serve(st, coordinator.Options{BatchTime: time.Minute}, with(clock))
		everything(n, types("IPBLOCK", "IP_SET"))
		Eventually(clock.waiting).Should(Equal(1))
		clock.advance(90 * time.Second)
		Expect(n.server.Close()).To(Succeed())
		again := serve(st, coordinator.Options{}, with(clock))
		clock.advance(time.Minute)
		_, migrated := again.settle()
		Expect(migrated.Status).To(Equal("SUCCESS"))
		Expect(promoted(again)).To(Equal(3))
	})
})

var _ = Describe("a GENERIC run on worlds of all platforms", func() {
	DescribeTable("promotes all but what NSX cannot, and a cancellation makes the world what it was",
		func(build func(int, int64, model.Options) (*model.World, error), left []string) {
			world, err := build(1, 1, model.Options{Rare: true, OtherProducts: true})
			Expect(err).NotTo(HaveOccurred())
			st := store.New(1)
			Expect(nsxsim.LoadWorld(st, world)).To(Succeed())
			before, policy := lasting(st), policyBodies(st)
			n := serve(st, coordinator.Options{})
			n.ok("POST", migration+"mp-to-policy", object{"mode": "GENERIC", "skip_failed_resources": true})
			_, migrated := n.settle()
			Expect(migrated.Status).To(Equal("SUCCESS"))
			var failed []string
			for _, row := range n.ok("GET", migration+"mp-to-policy/feedback", nil)["results"].([]any) {
				failed = append(failed, row.(object)["type"].(string)+" "+row.(object)["error_list"].([]any)[0].(object)["error_desc"].(string))
			}
			Expect(failed).To(ConsistOf(left))
			expectWritable(st)

			n.ok("POST", migration+"mp-to-policy/cancel", nil)
			_, migrated = n.settle()
			Eventually(n.coordinator().Phase).Should(Equal(coordinator.PhaseIdle))
			Expect(lasting(st)).To(Equal(before))
			Expect(policyBodies(st)).To(Equal(policy))
		},
		Entry("TAS", model.TAS, nil),
		Entry("Kubernetes", model.Kubernetes, nil),
		Entry("TKGI, whose nodes have subnets without a pool", model.TKGI, nil),
	)
})
