package coordinator_test

import (
	"fmt"
	"net/url"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
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
		for {
			answer := n.ok("GET", migration+"migrated-resources?page_size=4&cursor="+url.QueryEscape(cursor), nil)
			for _, row := range answer["results"].([]any) {
				seen[fmt.Sprint(row)] = true
			}
			pages++
			next, more := answer["cursor"].(string)
			if !more {
				Expect(answer["result_count"]).To(BeEquivalentTo(len(seen)))
				break
			}
			cursor = next
		}
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
		Expect(n.ok("GET", migration+"mp-to-policy/stats", nil)).To(HaveKeyWithValue("current_resource_type_in_promotion", "NONE"))
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
