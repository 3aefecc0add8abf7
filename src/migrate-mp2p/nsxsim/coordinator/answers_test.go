package coordinator_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
)

// Who asks what, and which fields the answers have.
var _ = Describe("the coordinator's answers", func() {
	keys := func(body any) []string {
		GinkgoHelper()
		return slices.Sorted(maps.Keys(body.(object)))
	}

	It("to what acts are 200 without a body", func() {
		st, sets := someSets()
		n := serve(st, coordinator.Options{})
		for _, step := range []struct {
			path string
			body any
		}{
			{"mp-to-policy/workflow?action=INITIATE", nil}, {"mp-to-policy", sets.body()}, {"plan?action=start", nil}, {"plan?action=continue", nil},
			{"mp-to-policy/rollback", sets.body()}, {"mp-to-policy/workflow?action=DONE", nil}, {"mp-to-policy", object{"mode": "GENERIC"}}, {"mp-to-policy/cancel", nil},
		} {
			status, answer := n.call("POST", migration+step.path, step.body)
			Expect(status).To(Equal(http.StatusOK), step.path)
			Expect(answer).To(BeNil(), step.path)
			n.settle()
		}
	})

	It("on the status tell how much of a component is over", func() {
		st, sets := someSets()
		clock := newClock()
		n := serve(st, coordinator.Options{BatchTime: time.Minute}, with(clock))
		n.initiate()
		n.check(sets)
		n.plan("continue")
		clock.advance(15 * time.Second)
		status := n.ok("GET", migration+"status-summary", nil)
		Expect(keys(status)).To(Equal([]string{"component_status", "overall_migration_status"}))
		components := status["component_status"].([]any)
		Expect(components).To(HaveExactElements(HaveKeyWithValue("percent_complete", 100.0), HaveKeyWithValue("percent_complete", 25.0)))
		Expect(keys(components[0])).To(Equal([]string{"can_skip", "component_type", "details", "percent_complete", "status"}))
	})

	It("on summary and groups have the fields of the general coordinator", func() {
		n := serve(bare(nil), coordinator.Options{}, version("4.1.1"))
		Expect(n.ok("GET", migration+"summary", nil)).To(And(HaveKeyWithValue("migration_coordinator_version", HavePrefix("4.1.1")),
			HaveKeyWithValue("system_version", HavePrefix("4.1.1")), HaveKeyWithValue("target_version", HavePrefix("4.1.1"))))
		Expect(n.ok("GET", migration+"migration-unit-groups/MP_TO_POLICY_MIGRATION?summary=true", nil)).To(And(
			HaveKeyWithValue("type", "MP_TO_POLICY_MIGRATION"), HaveKeyWithValue("enabled", true), HaveKeyWithValue("parallel", false),
			HaveKeyWithValue("migration_unit_count", 0.0), HaveKeyWithValue("extended_configuration", BeEmpty())))
	})

	It("on the service tell state, processes and health", func() {
		n := serve(bare(nil), coordinator.Options{})
		const service = "/api/v1/node/services/migration-coordinator"
		Expect(n.ok("GET", service+"/status", nil)).To(And(HaveKeyWithValue("runtime_state", "running"), HaveKeyWithValue("monitor_runtime_state", "running"),
			HaveKeyWithValue("pids", Not(BeEmpty())), HaveKeyWithValue("monitor_pid", Not(BeZero())), HaveKeyWithValue("health", "STABLE")))
		Expect(n.ok("POST", service+"?action=stop", nil)).To(And(HaveKeyWithValue("runtime_state", "stopped"), HaveKeyWithValue("monitor_runtime_state", "stopped")))
	})

	It("have pages of 1000 rows unless asked for less", func() {
		objects := map[string]object{}
		for i := range 1001 {
			objects[fmt.Sprint("ip-sets/", i)] = object{"resource_type": "IPSet"}
		}
		n := serve(bare(objects), coordinator.Options{FailPrecheck: map[string]string{"7": "is odd"}})
		n.ok("POST", migration+"mp-to-policy", object{"mode": "GENERIC", "skip_failed_resources": true})
		n.settle()
		Expect(n.ok("GET", migration+"migrated-resources", nil)["results"]).To(HaveLen(1000))
		n.ok("GET", migration+"mp-to-policy/feedback?page_size=1000", nil)
		n.refused(http.StatusBadRequest, "GET", migration+"mp-to-policy/feedback?page_size=1001", nil)
	})

	It("on what is left leave out what the system or Policy owns", func() {
		n := serve(bare(map[string]object{
			"ip-sets/own":    {"resource_type": "IPSet", "_create_user": "tas1-ncp"},
			"ip-sets/system": {"resource_type": "IPSet", "_create_user": "system", "_system_owned": true},
			"ip-sets/policy": {"resource_type": "IPSet", "_create_user": "nsx_policy"},
		}), coordinator.Options{})
		Expect(n.ok("GET", "/api/v1/mppolicy/migration/object-ids?resource_type=IP_SET", nil)["results"]).To(ConsistOf(Equal(object{
			"principle_identity": "tas1-ncp", "resource_ids": []any{object{"manager_id": "own", "linked_id": ""}}})))
	})

	DescribeTable("are 403 to all but enterprise administrators", func(path string, body any) {
		n := serve(bare(nil), coordinator.Options{}, func(o *nsxsim.Options) {
			o.Users = []nsxsim.User{{Name: "eve", Password: "secret", Role: "network_engineer"}}
		})
		for name, password := range map[string]string{"eve": "secret", nsxsim.AuditorUser: n.server.Password()} {
			other := *n
			other.http = &http.Client{Transport: login{n.http.Transport, name, password}}
			other.refused(http.StatusForbidden, "POST", migration+path, body)
		}
		status, _ := n.call("POST", migration+path, body)
		Expect(status).NotTo(Equal(http.StatusForbidden))
	},
		Entry("who post a batch", "mp-to-policy", object{}), Entry("who promote everything", "mp-to-policy", object{"mode": "GENERIC"}),
		Entry("who begin a workflow", "mp-to-policy/workflow?action=INITIATE", nil), Entry("who act on the plan", "plan?action=start", nil),
		Entry("who roll back", "mp-to-policy/rollback", object{}), Entry("who cancel", "mp-to-policy/cancel", nil),
	)
})

// login sends every request as another user.
type login struct {
	http.RoundTripper
	name, password string
}

func (l login) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.SetBasicAuth(l.name, l.password)
	return l.RoundTripper.RoundTrip(request)
}
