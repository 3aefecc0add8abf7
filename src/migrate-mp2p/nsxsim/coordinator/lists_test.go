package coordinator_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("the coordinator's lists", Ordered, func() {
	var n *nsx
	var world *model.World
	var sets batch

	BeforeAll(func() {
		st, made := tas()
		world = made
		n = serve(st, coordinator.Options{})
		sets = ncpBatches(world)[9]
		n.initiate()
		n.promote(sharedBatches(world)...)
		n.promote(sets)
	})

	results := func(path string) []any {
		GinkgoHelper()
		return n.ok("GET", path, nil)["results"].([]any)
	}

	It("tell what is migrated, by type and by id", func() {
		Expect(results(migration + "migrated-resources?resource_type=IP_SET")).To(HaveLen(len(sets.resources)))
		id := sets.resources[0].ManagerID
		Expect(results(migration + "migrated-resources?resource_id=" + id)).To(ConsistOf(Equal(object{
			"resource_type": "IP_SET", "resource_id": id, "policy_id": id, "policy_path": "/infra/domains/default/groups/" + id,
		})))
		Expect(results(migration + "migrated-resources?resource_type=IPPOOL_ALLOCATION")).To(HaveEach(HaveKeyWithValue("parent_resource_type", "IPPOOL")))
		Expect(results(migration + "migrated-resources?resource_type=NAT")).To(BeEmpty())
	})

	It("come in pages with an opaque cursor that is absent at the end", func() {
		seen := map[string]bool{}
		cursor, pages := "", 0
		var count any
		for {
			answer := n.ok("GET", migration+"migrated-resources?page_size=4&cursor="+url.QueryEscape(cursor), nil)
			for _, row := range answer["results"].([]any) {
				seen[fmt.Sprint(row)] = true
			}
			pages++
			if pages == 1 {
				count = answer["result_count"]
			} else {
				Expect(answer).NotTo(HaveKey("result_count"))
			}
			next, more := answer["cursor"].(string)
			if !more {
				break
			}
			cursor = next
		}
		Expect(count).To(BeEquivalentTo(len(seen)))
		Expect(pages).To(BeNumerically(">", 2))
		n.refused(400, "GET", migration+"migrated-resources?cursor=nonsense", nil)
		n.refused(400, "GET", migration+"migrated-resources?page_size=1001", nil)
	})

	It("count in texts, before and after", func() {
		count := func(query string) any {
			for _, row := range n.ok("GET", migration+"mp-to-policy/stats"+query, nil)["migration_stats"].([]any) {
				if row.(object)["resource_type"] == "IP_SET" {
					return row.(object)["total_count"]
				}
			}
			return nil
		}
		Expect(count("")).To(Equal(fmt.Sprint(len(sets.resources))))
		Expect(count("?pre_promotion=true")).To(Equal(fmt.Sprint(len(world.In("ip-sets")) - len(sets.resources))))
		now := n.ok("GET", migration+"mp-to-policy/stats", nil)
		Expect(now).To(HaveKeyWithValue("current_resource_type_in_promotion", "NONE"))
		sum := 0.0
		for _, row := range now["migration_stats"].([]any) {
			count, err := strconv.ParseFloat(row.(object)["total_count"].(string), 64)
			Expect(err).NotTo(HaveOccurred())
			sum += count
		}
		Expect(now["total_count"]).To(Equal(sum), "the sum is a number")
	})

	It("tell by owner which Manager ids are left", func() {
		left := 0
		for _, owned := range results("/api/v1/mppolicy/migration/object-ids?resource_type=IP_SET") {
			Expect(owned).To(HaveKeyWithValue("principle_identity", Not(BeEmpty())))
			left += len(owned.(object)["resource_ids"].([]any))
		}
		Expect(left).To(Equal(len(world.In("ip-sets")) - len(sets.resources)))
		Expect(results("/api/v1/mppolicy/migration/object-ids?resource_type=TIER0")).To(BeEmpty())
		Expect(results("/api/v1/mppolicy/migration/object-ids?resource_type=NAT")).NotTo(BeEmpty())
		n.refused(400, "GET", "/api/v1/mppolicy/migration/object-ids?resource_type=MAGIC", nil)
	})

	It("tell the parent of what is left, and find a part of id or name", func() {
		left := func(query string) []any {
			GinkgoHelper()
			var ids []any
			for _, owned := range results("/api/v1/mppolicy/migration/object-ids?" + query) {
				ids = append(ids, owned.(object)["resource_ids"].([]any)...)
			}
			return ids
		}
		rules := left("resource_type=NAT")
		Expect(rules).To(HaveEach(HaveKeyWithValue("linked_id", world.Shared[0].ID)))
		id := rules[0].(object)["manager_id"].(string)
		Expect(left("resource_type=NAT&filter_value=" + id[2:])).To(ConsistOf(HaveKeyWithValue("manager_id", id)))
		group := decode(made(world, "ns-groups")[0])
		Expect(left("resource_type=NS_GROUP&filter_value=" + url.QueryEscape(group["display_name"].(string)))).
			To(ContainElement(HaveKeyWithValue("manager_id", group["id"])))
		n.refused(400, "GET", "/api/v1/mppolicy/migration/object-ids", nil)
	})

	It("can be sorted, and cut to some fields", func() {
		path := migration + "migrated-resources?resource_type=IP_SET&included_fields=resource_id,policy_path&sort_by=resource_id"
		up, down := results(path), results(path+"&sort_ascending=false")
		Expect(up[0]).To(And(HaveLen(2), HaveKey("resource_id"), HaveKey("policy_path")))
		slices.Reverse(down)
		Expect(down).To(Equal(up))
		Expect(up[0].(object)["resource_id"].(string) < up[1].(object)["resource_id"].(string)).To(BeTrue())
		n.refused(400, "GET", migration+"migrated-resources?resource_type=MAGIC", nil)
	})

	It("tell the units of the stored batch, by group", func() {
		groups := results(migration + "migration-unit-groups")
		Expect(groups).To(HaveExactElements(HaveKeyWithValue("type", "MP_TO_POLICY_PRECHECK"), HaveKeyWithValue("type", "MP_TO_POLICY_MIGRATION")))
		Expect(results(migration + "migration-unit-groups?component_type=MP_TO_POLICY_PRECHECK")).To(HaveLen(1))
		group := n.ok("GET", migration+"migration-unit-groups/MP_TO_POLICY_MIGRATION", nil)
		Expect(group["migration_units"]).To(ConsistOf(And(
			HaveKeyWithValue("display_name", "IP_SET"),
			HaveKeyWithValue("metadata", ConsistOf(HaveKeyWithValue("value", fmt.Sprint(len(sets.resources))))))))
		short := n.ok("GET", migration+"migration-unit-groups/MP_TO_POLICY_MIGRATION?summary=true", nil)
		Expect(short).To(And(HaveKeyWithValue("migration_units", BeEmpty()), HaveKeyWithValue("migration_unit_count", BeEquivalentTo(1))))
		n.refused(404, "GET", migration+"migration-unit-groups/EDGE", nil)
		Expect(results(migration + "migration-units")).To(HaveLen(2))
		Expect(results(migration + "migration-units?group_id=MP_TO_POLICY_PRECHECK")).To(ConsistOf(HaveKeyWithValue("type", "MP_TO_POLICY_PRECHECK")))
		Expect(results(migration + "migration-units?has_warnings=true")).To(BeEmpty())
		Expect(n.ok("GET", migration+"setup", nil)).To(BeEmpty())
	})

	It("tell state, history and what the coordinator is", func() {
		Expect(n.ok("GET", migration+"mp-policy-promotion/state", nil)).To(HaveKeyWithValue("mp_policy_promotion", "PROMOTION_IN_PROGRESS"))
		Expect(n.ok("GET", migration+"migration-unit-groups/MP_TO_POLICY_MIGRATION?summary=true", nil)).To(HaveKeyWithValue("enabled", true))
		Expect(n.ok("GET", migration+"summary", nil)).To(HaveKeyWithValue("migration_status", "SUCCESS"))
		components := n.ok("GET", migration+"status-summary?component_type=MP_TO_POLICY_PRECHECK", nil)["component_status"]
		Expect(components).To(ConsistOf(HaveKeyWithValue("percent_complete", BeEquivalentTo(100))))
		n.done()
		Expect(n.ok("GET", migration+"mp-policy-promotion/state", nil)).To(HaveKeyWithValue("mp_policy_promotion", "PROMOTION_NOT_IN_PROGRESS"))
		Expect(results(migration + "mp-policy-promotion/history")).To(HaveExactElements(
			HaveKeyWithValue("status", "INITIATED"), HaveKeyWithValue("status", "SUCCESS")))
	})

	It("stand on the coverage page with what is assumed", func() {
		endpoints, err := nsxsim.Coverage(nsxsim.Options{Coordinator: coordinator.New(coordinator.Options{})})
		Expect(err).NotTo(HaveOccurred())
		var notes []string
		for _, endpoint := range endpoints {
			notes = append(notes, endpoint.Notes...)
		}
		Expect(notes).To(ContainElement(HavePrefix("ASSUMED: IPPOOL_ALLOCATION")))
	})
})

var _ = Describe("the mapping of a workflow", func() {
	It("tells what each object became, and what failed, from NSX 4.2 on", func() {
		st, sets := someSets()
		n := serve(st, coordinator.Options{FailMigration: map[string]string{"b": "is cursed"}}, version("4.2"))
		n.initiate()
		body := sets.body()
		body["skip_failed_resources"] = true
		n.ok("POST", migration+"mp-to-policy", body)
		n.plan("start")
		n.settle()
		n.plan("continue")
		n.settle()
		mapping := n.ok("GET", migration+"mp-to-policy/migrated-resource-mapping", nil)["migrated_resource_mapping"]
		Expect(mapping).To(ConsistOf(And(
			HaveKeyWithValue("resource_type", "IP_SET"), HaveKeyWithValue("promotion_status", "DONE"),
			HaveKeyWithValue("promoted_objects_count", BeEquivalentTo(2)), HaveKeyWithValue("failed_objects_count", BeEquivalentTo(1)),
			HaveKeyWithValue("resource_map", HaveExactElements(
				And(HaveKeyWithValue("mp_resource_id", "a"), HaveKeyWithValue("policy_resource_path", "/infra/domains/default/groups/a")),
				HaveKeyWithValue("mp_resource_id", "c"))),
			HaveKeyWithValue("failed_mp_resources", ConsistOf(And(HaveKeyWithValue("mp_resource_id", "b"),
				HaveKeyWithValue("error_list", ConsistOf(HaveKeyWithValue("error_desc", "is cursed")))))),
		)))
		status, _ := serve(store.New(1), coordinator.Options{}).call("GET", migration+"mp-to-policy/migrated-resource-mapping", nil)
		Expect(status).To(Equal(http.StatusNotFound))
	})
})

var _ = DescribeTable("the endpoints of a version", func(nsxVersion string, unknown []string) {
	n := serve(store.New(1), coordinator.Options{}, version(nsxVersion))
	for _, path := range []string{
		"status-summary", "summary", "setup", "migration-units", "migration-unit-groups", "migrated-resources",
		"mp-to-policy/stats", "mp-to-policy/feedback", "mp-policy-promotion/state", "mp-policy-promotion/history", "mp-to-policy/migrated-resource-mapping",
	} {
		want := http.StatusOK
		if slices.Contains(unknown, path) {
			want = http.StatusNotFound
		}
		status, _ := n.call("GET", migration+path, nil)
		Expect(status).To(Equal(want), path)
	}
},
	Entry("3.0: no promotion of NSX's own", "3.0", []string{"mp-to-policy/stats", "mp-to-policy/feedback", "mp-policy-promotion/state",
		"mp-policy-promotion/history", "mp-to-policy/migrated-resource-mapping"}),
	Entry("3.2: no mapping", "3.2", []string{"mp-to-policy/migrated-resource-mapping"}),
	Entry("4.2: all", "4.2", nil),
	Entry("9.0: no promotion", "9.0", []string{"migrated-resources", "mp-to-policy/stats", "mp-to-policy/feedback", "mp-policy-promotion/state",
		"mp-policy-promotion/history", "mp-to-policy/migrated-resource-mapping"}),
)
