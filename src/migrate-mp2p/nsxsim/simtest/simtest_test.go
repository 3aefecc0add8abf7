package simtest_test

import (
	"io"
	"net/http"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/simtest"
)

// get returns the status and the body.
func get(client *http.Client, url string) (int, string) {
	GinkgoHelper()
	response, err := client.Get(url)
	Expect(err).NotTo(HaveOccurred())
	text, err := io.ReadAll(response.Body)
	Expect(err).NotTo(HaveOccurred())
	Expect(response.Body.Close()).To(Succeed())
	return response.StatusCode, string(text)
}

var _ = Describe("an NSX for a test", func() {
	It("serves a generated world and a coordinator to clients that need nothing more", func() {
		world, err := model.TAS(1, 1, model.Options{})
		Expect(err).NotTo(HaveOccurred())
		nsx := simtest.Start(GinkgoTB(), nsxsim.Options{Store: simtest.Load(GinkgoTB(), world)})
		status, body := get(nsx.Client(), nsx.URL()+"/api/v1/logical-switches")
		Expect(status).To(Equal(http.StatusOK))
		Expect(body).To(ContainSubstring("ncp/cluster"))
		response, err := nsx.Client().Post(nsx.URL()+"/api/v1/node/services/migration-coordinator?action=start", "", nil)
		Expect(err).NotTo(HaveOccurred())
		Expect(response.Body.Close()).To(Succeed())
		status, body = get(nsx.Client(), nsx.URL()+"/api/v1/migration/status-summary")
		Expect(status).To(Equal(http.StatusOK), body)
	})

	It("knows other users and principal identities", func() {
		nsx := simtest.Start(GinkgoTB(), nsxsim.Options{})
		_, body := get(nsx.ClientAs(nsxsim.AuditorUser, nsx.Password()), nsx.URL()+"/api/v1/aaa/user-info")
		Expect(body).To(ContainSubstring(`"auditor"`))
		principal, err := nsx.NewPrincipal("ncp-tas1", api.EnterpriseAdmin)
		Expect(err).NotTo(HaveOccurred())
		_, body = get(nsx.ClientWith(principal), nsx.URL()+"/api/v1/aaa/user-info")
		Expect(body).To(ContainSubstring(`"ncp-tas1"`))
		status, _ := get(nsx.ClientAs(nsxsim.AdminUser, "wrong"), nsx.URL()+"/api/v1/node")
		Expect(status).To(Equal(http.StatusForbidden))
	})

	It("is disturbed by rules in YAML", func() {
		nsx := simtest.Start(GinkgoTB(), nsxsim.Options{})
		nsx.Disturb(`[{path: "*/node", answer: rate-limit}]`)
		status, _ := get(nsx.Client(), nsx.URL()+"/api/v1/node")
		Expect(status).To(Equal(http.StatusTooManyRequests))
	})
})

// TestEnd is outside ginkgo, because it needs a test that ends.
func TestEnd(t *testing.T) {
	g := NewWithT(t)
	var client *http.Client
	var url string
	t.Run("inner", func(t *testing.T) {
		nsx := simtest.Start(t, nsxsim.Options{})
		client, url = nsx.Client(), nsx.URL()+"/api/v1/node"
		response, err := client.Get(url)
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		NewWithT(t).Expect(response.Body.Close()).To(Succeed())
	})
	_, err := client.Get(url)
	g.Expect(err).To(HaveOccurred())
}

// failing is a test that notes its end in place of ending.
type failing struct {
	testing.TB
	failed bool
}

func (f *failing) Helper()            {}
func (f *failing) Fatal(...any)       { f.failed = true }
func (f *failing) Cleanup(end func()) { DeferCleanup(end) }

var _ = Describe("a test", func() {
	It("fails by a rule that is none", func() {
		t := &failing{TB: GinkgoTB()}
		simtest.Start(t, nsxsim.Options{}).Disturb("- {nmae: x}")
		Expect(t.failed).To(BeTrue())
	})
})
