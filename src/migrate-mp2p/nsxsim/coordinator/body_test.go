package coordinator_test

import (
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
)

// What a request may say, and what becomes of it.
var _ = Describe("the body of a promotion", func() {
	// migrated runs what was posted to its end.
	migrated := func(n *nsx, body object) {
		GinkgoHelper()
		n.ok("POST", migration+"mp-to-policy", body)
		n.plan("start")
		n.settle()
		n.plan("continue")
		_, migrated := n.settle()
		Expect(migrated).To(Equal(component{Status: "SUCCESS"}))
	}

	It("may have every key of the schema, as in the documented example", func() {
		n := serve(bare(map[string]object{
			"pools/ip-blocks/full": {"resource_type": "IpBlock", "cidr": "10.0.0.0/8"}, "pools/ip-blocks/short": {"resource_type": "IpBlock", "cidr": "11.0.0.0/8"},
		}), coordinator.Options{})
		n.initiate()
		migrated(n, object{
			"mode": "CONSUMER", "skip_failed_resources": false, "setup_details": object{"principal_identity": "abc"},
			"migration_data": []any{object{"type": "IPBLOCK", "resource_ids": []any{
				object{
					"manager_id": "full", "policy_id": "np__proj", "policy_path": "/infra/domains/default/groups", "override": true, "principle_identity": "somebody",
					"metadata":   []any{object{"key": "sequence", "value": "5"}, object{"key": "category", "value": "application"}},
					"linked_ids": []any{object{"key": "subnet_id", "value": "s"}},
				},
				object{"manager_id": "short"},
			}}},
		})
		Expect(n.policy("/infra/ip-blocks/np__proj")).To(And(HaveKeyWithValue("unique_id", "full"), HaveKeyWithValue("_create_user", "abc")))
		Expect(n.policy("/infra/ip-blocks/short")).To(And(HaveKeyWithValue("unique_id", "short"), HaveKeyWithValue("cidr", "11.0.0.0/8")))
	})

	It("means the same with numbers in place of texts", func() {
		n := serve(wired(), coordinator.Options{})
		n.initiate()
		n.promote(one("TIER1", "t1"))
		migrated(n, object{"migration_data": []any{
			object{"type": "NAT", "resource_ids": []any{object{
				"manager_id": "nat", "metadata": []any{object{"key": "SEQUENCE_NUMBER", "value": 12}}, "linked_ids": []any{object{"key": "TIER1", "value": "t1"}}}}},
			object{"type": "DFW_SECTION", "resource_ids": []any{object{
				"manager_id": "wall", "linked_ids": []any{object{"key": "1001", "value": 4}, object{"key": "1001-policyid", "value": 77}}}}},
		}})
		Expect(n.policy("/infra/tier-1s/t1/nat/USER/nat-rules/nat")).To(HaveKeyWithValue("sequence_number", 12.0))
		Expect(n.policy("/infra/domains/default/security-policies/wall/rules/77")).To(HaveKeyWithValue("sequence_number", 4.0))
	})

	It("needs no mode: it is CONSUMER's, which does nothing before the plan starts", func() {
		st, sets := someSets()
		n := serve(st, coordinator.Options{})
		n.initiate()
		n.ok("POST", migration+"mp-to-policy", sets.body())
		overall, precheck, _ := n.status()
		Expect([]string{overall, precheck.Status}).To(Equal([]string{"NOT_STARTED", "NOT_STARTED"}))
		Expect(n.coordinator().Phase()).To(Equal(coordinator.PhaseIdle))
	})

	It("is one JSON object and nothing behind it", func() {
		n := serve(bare(nil), coordinator.Options{})
		request, err := http.NewRequest("POST", n.base+migration+"mp-to-policy", strings.NewReader(`{"migration_data": []} {}`))
		Expect(err).NotTo(HaveOccurred())
		request.SetBasicAuth(nsxsim.AdminUser, n.server.Password())
		response, err := n.http.Do(request)
		Expect(err).NotTo(HaveOccurred())
		Expect(response.Body.Close()).To(Succeed())
		Expect(response.StatusCode).To(Equal(http.StatusBadRequest))
	})

	It("of a rollback may be nothing but Manager ids", func() {
		st := wired()
		n := serve(st, coordinator.Options{})
		n.initiate()
		before := lasting(st)
		n.promote(one("TIER1", "t1"), batch{"NAT", []resource{{"nat", "other", []pair{{"SEQUENCE_NUMBER", "1"}}, []pair{{"TIER1", "t1"}}}}})
		n.rollback(one("TIER1", "t1"), one("NAT", "nat"))
		Expect(lasting(st)).To(Equal(before))
	})
})
