package nsxsim_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

var _ = DescribeTable("an intent whose realization stands at", func(status, published string, states ...string) {
	c := admin(start(nsxsim.Options{Coordinator: func(api.Env) (api.Coordinator, error) { return judge{status, true}, nil }}))
	Expect(c.do("PUT", infra+"/segments/s", object{})).To(works())
	Expect(c.get(infra + "/realized-state/status?intent_path=/infra/segments/s").Body).To(And(
		HaveKeyWithValue("intent_path", "/infra/segments/s"), HaveKeyWithValue("publish_status", published),
		HaveKeyWithValue("consolidated_status", HaveKeyWithValue("consolidated_status", status))))
	found := []string{}
	for _, entity := range c.get(infra + "/realized-state/realized-entities?intent_path=/infra/segments/s").results() {
		found = append(found, entity["state"].(string))
	}
	Expect(found).To(Equal(states))
},
	Entry("nothing", "UNINITIALIZED", "UNREALIZED"),
	Entry("a beginning", "IN_PROGRESS", "UNREALIZED", "UNREALIZED"),
	Entry("success", "SUCCESS", "REALIZED", "REALIZED"),
	Entry("an error", "ERROR", "ERROR", "ERROR"),
	Entry("what nobody knows", "UNKNOWN", "UNREALIZED", "UNREALIZED"),
)
