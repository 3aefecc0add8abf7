package nsxsim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// crowd is how many clients work at the same time, each with a connection of its own.
const crowd = 64

var _ = Describe("64 clients at once", func() {
	// What this shows beyond its expectations is shown by the race detector.
	It("read, search, write and migrate side by side, and each finds what it wrote", func() {
		generated, err := model.TAS(1, 1, model.Options{})
		Expect(err).NotTo(HaveOccurred())
		st := store.New(1)
		Expect(nsxsim.LoadWorld(st, generated)).To(Succeed())
		server := start(nsxsim.Options{Store: st, Coordinator: coordinator.New(coordinator.Options{})})
		c := admin(server)
		Expect(c.do("POST", "/api/v1/node/services/migration-coordinator?action=start", nil).Status).To(Equal(http.StatusOK))
		sets := c.search(unmigratedSets, "").ids()

		var all sync.WaitGroup
		for n := range crowd {
			all.Go(func() {
				defer GinkgoRecover()
				visit(server, n)
			})
		}
		all.Go(func() {
			defer GinkgoRecover()
			Expect(c.do("POST", "/api/v1/migration/mp-to-policy/workflow?action=INITIATE", nil).Status).To(Equal(http.StatusOK))
			Expect(c.do("POST", "/api/v1/migration/mp-to-policy", allOfType("IP_SET", sets)).Status).To(Equal(http.StatusOK))
			for _, action := range []string{"start", "continue"} {
				Expect(c.do("POST", "/api/v1/migration/plan?action="+action, nil).Status).To(Equal(http.StatusOK))
				Eventually(func() any {
					return c.get("/api/v1/migration/status-summary").Body["overall_migration_status"]
				}).Should(BeElementOf("PAUSED", "SUCCESS"))
			}
			Expect(c.do("POST", "/api/v1/migration/mp-to-policy/workflow?action=DONE", nil).Status).To(Equal(http.StatusOK))
		})
		all.Wait()

		Expect(c.search("resource_type:IPSet AND display_name:of-*", "").Body["result_count"]).To(BeEquivalentTo(crowd))
		Expect(c.get("/policy/api/v1/infra/domains/default/groups").ids()).To(ContainElements(sets))
		Expect(server.Requests()).NotTo(ContainElement(HaveField("Status", BeNumerically(">=", 500))))
	})
})

// visit is what one client of the crowd does.
func visit(server *nsxsim.Server, n int) {
	c := admin(server)
	name := fmt.Sprintf("of-%d", n)
	written := c.do("POST", ipSets, object{"display_name": name, "ip_addresses": []string{"10.0.0.1"}})
	Expect(written.Status).To(Equal(http.StatusCreated), written.Raw)
	id := written.Body["id"].(string)
	written.Body["ip_addresses"] = []string{fmt.Sprintf("10.0.0.%d", n)}
	Expect(c.do("PUT", ipSets+"/"+id, written.Body).Status).To(Equal(http.StatusOK))

	for page := c.get("/api/v1/logical-ports?page_size=200"); ; {
		Expect(page.results()).NotTo(BeEmpty())
		cursor, more := page.Body["cursor"].(string)
		if !more {
			break
		}
		page = c.get("/api/v1/logical-ports?page_size=200&cursor=" + url.QueryEscape(cursor))
	}
	Expect(c.search("resource_type:LogicalSwitch", "&sort_by=display_name").results()).NotTo(BeEmpty())

	group := "/policy/api/v1/infra/domains/default/groups/" + name
	Expect(c.do("PATCH", group, object{"display_name": name}).Status).To(Equal(http.StatusOK))
	Expect(c.get(group).Body["display_name"]).To(Equal(name))
	Expect(c.get(ipSets + "/" + id).Body["_revision"]).To(BeEquivalentTo(1))
	server.Faults().Status()
	Expect(server.Faults().Replace([]faults.Rule{{Name: name, Path: "/nowhere", Status: http.StatusTeapot}})).To(Succeed())
}
