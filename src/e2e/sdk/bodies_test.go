package sdk_test

import (
	"context"
	"net/http"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/vmware/vsphere-automation-sdk-go/runtime/bindings"
	manager "github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/model"
	policy "github.com/vmware/vsphere-automation-sdk-go/services/nsxt/model"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// sent is a kind of request whose body is judged. The first one counts whose method and path fit.
type sent struct {
	method, path string
	models       apiModels
	model        bindings.BindingType
}

// bodies are all the requests with a body that migrate-mp2p sends.
var bodies = []sent{
	{http.MethodPost, "/api/v1/migration/mp-to-policy/rollback", managerModels, manager.MpMigrationDataBindingType()}, // not in the SDK, but alike
	{http.MethodPost, "/api/v1/migration/mp-to-policy", managerModels, manager.MpMigrationDataBindingType()},
	{http.MethodPatch, "/policy/api/v1/infra", policyModels, policy.InfraBindingType()},
	{http.MethodPut, "/policy/api/v1/infra/domains/default/groups/", policyModels, policy.GroupBindingType()},
}

var _ = Describe("after a run of migrate-mp2p", Ordered, ContinueOnFailure, func() {
	var s *session
	var sent []nsxsim.Request

	BeforeAll(func(ctx context.Context) {
		e := newErrand(startNSX())
		e.run(ctx, "shared", 0)
		By("a rollback")
		e.run(ctx, "ncp", 2, faults.Rule{Name: "batch", Method: http.MethodPost, Path: bodies[1].path, Nth: 6, Status: 400, ErrorCode: 36001, Message: "no"})
		By("an update that fails and is repaired")
		e.run(ctx, "ncp", 1, faults.Rule{Name: "update", Method: http.MethodPatch, Path: bodies[2].path, Body: refusedUpdate, Status: 400, ErrorCode: 500012, Message: "no"})
		e.run(ctx, "ncp", 0)
		sent = e.server.Requests()
		s = login(e.server)
	}, NodeTimeout(runTime))

	It("has sent bodies as the SDK knows them, also for a rollback and for updates that had failed", func() { expectBodies(sent) })

	Describe("the Policy API", func() { policyCollections.describe(func() *session { return s }) })
})

// refusedUpdate stands in the body of the update that NSX refuses at first.
const refusedUpdate = "ChildLBVirtualServer"

// expectBodies compares the bodies of a journal with the SDK's models. All kinds of them must have been sent.
func expectBodies(requests []nsxsim.Request) {
	GinkgoHelper()
	counts := make([]int, len(bodies))
	for _, r := range requests {
		if !r.Writes() || r.Body == "" {
			continue
		}
		i := slices.IndexFunc(bodies, func(b sent) bool { return b.method == r.Method && strings.HasPrefix(r.Path, b.path) })
		Expect(i).NotTo(Equal(-1), "%s %s has no model: %s", r.Method, r.Path, r.Body)
		counts[i]++
		Expect(bodies[i].models.problems([]byte(r.Body), bodies[i].model)).To(BeEmpty(), "%s %s: %s", r.Method, r.Path, r.Body)
	}
	for i, b := range bodies {
		Expect(counts[i]).To(BeNumerically(">", 0), "%s %s", b.method, b.path)
	}
}
