package nsxsim_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

var _ = DescribeTable("an object tells who made it and who changed it last, and when in milliseconds", func(method, path, made string) {
	clock := &manualClock{now: time.UnixMilli(1_700_000_000_123)}
	server := start(nsxsim.Options{Clock: clock, Users: []nsxsim.User{{Name: "eve", Password: nsxsim.DefaultPassword, Role: api.EnterpriseAdmin}}})
	body := admin(server).do(method, path, object{"id": "x"}).Body
	Expect(body).To(And(
		HaveKeyWithValue("_create_user", "admin"), HaveKeyWithValue("_create_time", BeEquivalentTo(1_700_000_000_123)),
		HaveKeyWithValue("_last_modified_user", "admin"), HaveKeyWithValue("_last_modified_time", BeEquivalentTo(1_700_000_000_123)),
		HaveKeyWithValue("_system_owned", false), HaveKeyWithValue("_protection", "NOT_PROTECTED"), HaveKeyWithValue("_revision", BeEquivalentTo(0))))

	clock.now = clock.now.Add(time.Second)
	Expect(as(server, "eve").do("PUT", made, object{"_revision": 0})).To(works())
	Expect(admin(server).get(made).Body).To(And(
		HaveKeyWithValue("_create_user", "admin"), HaveKeyWithValue("_create_time", BeEquivalentTo(1_700_000_000_123)),
		HaveKeyWithValue("_last_modified_user", "eve"), HaveKeyWithValue("_last_modified_time", BeEquivalentTo(1_700_000_001_123)),
		HaveKeyWithValue("_revision", BeEquivalentTo(1))))
},
	Entry("of the Manager side", "POST", ipSets, ipSets+"/x"),
	Entry("of the Policy side", "PUT", infra+"/segments/x", infra+"/segments/x"),
)
