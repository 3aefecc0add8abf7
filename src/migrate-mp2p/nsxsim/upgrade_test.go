package nsxsim_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("an upgrade of NSX", func() {
	const migration = "/api/v1/migration/"

	version := func(c *client) any {
		GinkgoHelper()
		return c.get("/api/v1/node/version").Body["product_version"]
	}
	// upgrade asks for one over the simulator's own endpoint.
	upgrade := func(server *nsxsim.Server, body string) reply {
		GinkgoHelper()
		return control(server).do("POST", "/_nsxsim/upgrade", body)
	}
	refused := func(server *nsxsim.Server, body string) string {
		GinkgoHelper()
		answer := upgrade(server, body)
		Expect(answer.Status).To(Equal(http.StatusBadRequest))
		return answer.Body["error_message"].(string)
	}
	upgraded := func(server *nsxsim.Server, body string) {
		GinkgoHelper()
		Expect(upgrade(server, body).Status).To(Equal(http.StatusOK))
	}

	It("shows on all nodes at once, ends sessions and stops the coordinator, which has the new version's endpoints then", func() {
		server := start(nsxsim.Options{Version: "4.1.1", Nodes: 2, Coordinator: coordinator.New(coordinator.Options{})})
		one := admin(server)
		two := one.onNode(server, 1)
		session, _ := login(server, "admin", server.Password())
		one.do("POST", service+"?action=start", nil)
		one.do("POST", migration+"mp-to-policy/workflow?action=INITIATE", nil)
		Expect(one.get(migration + "mp-to-policy/migrated-resource-mapping").Status).To(Equal(http.StatusNotFound))

		upgraded(server, `{"version": "4.2.1"}`)
		Expect(version(one)).To(HavePrefix("4.2.1.0."))
		Expect(version(two)).To(HavePrefix("4.2.1.0."))
		Expect(server.Version()).To(Equal("4.2.1"))
		Expect(session.get(ipSets).Status).To(Equal(http.StatusForbidden))
		Expect(one.get(service + "/status").Body).To(HaveKeyWithValue("runtime_state", "stopped"))
		one.do("POST", service+"?action=start", nil)
		Expect(one.get(migration + "mp-to-policy/migrated-resource-mapping").Status).To(Equal(http.StatusOK))
		Expect(one.do("POST", migration+"mp-to-policy/workflow?action=INITIATE", nil).Status).To(Equal(http.StatusBadRequest), "the workflow is still open")
	})

	It("is part of the saved state, and the restore of a backup from before takes it back", func() {
		server := start(nsxsim.Options{Version: "4.0"})
		before := backup(server)
		upgraded(server, "version: 4.1.2")
		after, err := store.Load(strings.NewReader(backup(server)))
		Expect(err).NotTo(HaveOccurred())
		Expect(version(admin(start(nsxsim.Options{Store: after, Version: "3.2"})))).To(HavePrefix("4.1.2."))
		Expect(server.Restore(strings.NewReader(before))).To(Succeed())
		Expect(version(admin(server))).To(HavePrefix("4.0.0.0."))
	})

	It("is refused to a version that is not later, and to what is none, and changes nothing then", func() {
		server := start(nsxsim.Options{Version: "4.1"})
		session, _ := login(server, "admin", server.Password())
		for body, text := range map[string]string{
			"version: 4.1": "4.1.0.0 is not later than 4.1.0.0", "version: 4.0.1": "not later", "version: next": "not a number",
			"{}": `reading NSX version ""`, "": "reading an upgrade", "versoin: 4.2": "versoin",
		} {
			Expect(refused(server, body)).To(ContainSubstring(text))
		}
		Expect(version(session)).To(HavePrefix("4.1.0.0."))
	})

	It("to NSX 9 is refused while objects are in Manager mode, and takes the Manager API away", func() {
		made, err := model.TAS(1, 1, model.Options{})
		Expect(err).NotTo(HaveOccurred())
		st := store.New(1)
		Expect(nsxsim.LoadWorld(st, made)).To(Succeed())
		server := start(nsxsim.Options{Version: "4.2", Store: st, Coordinator: coordinator.New(coordinator.Options{})})
		c := admin(server)
		Expect(refused(server, "version: 9.0")).To(MatchRegexp(`\d{3} objects would be lost, such as logical-switches/`))
		Expect(version(c)).To(HavePrefix("4.2.0.0."))

		c.do("POST", service+"?action=start", nil)
		c.do("POST", migration+"mp-to-policy", object{"mode": "GENERIC"})
		Eventually(func() any { return c.get(migration + "status-summary").Body["overall_migration_status"] }).
			WithTimeout(30 * time.Second).Should(Equal("SUCCESS"))
		c.do("POST", migration+"mp-to-policy/workflow?action=DONE", nil)
		upgraded(server, "version: 9.0")
		Expect(c.get("/api/v1/logical-switches").Status).To(Equal(http.StatusNotFound))
		Expect(c.get("/policy/api/v1/infra/segments").results()).NotTo(BeEmpty())
	})

	Context("that leaves groups empty", func() {
		var server *nsxsim.Server
		var c *client
		const infra = "/policy/api/v1/infra"
		groups := infra + "/domains/default/groups/"

		members := func(c *client, group string) []any {
			GinkgoHelper()
			body := c.get(groups + group + "/members/ip-addresses")
			Expect(body.Status).To(Equal(http.StatusOK))
			return body.Body["results"].([]any)
		}
		addresses := func(all ...string) object {
			return object{"expression": []any{object{"resource_type": "IPAddressExpression", "ip_addresses": all}}}
		}

		BeforeEach(func() {
			server = start(nsxsim.Options{Version: "4.1.1"})
			c = admin(server)
			for _, id := range []string{"put", "patched", "infra", "again", "untouched"} {
				Expect(c.do("PATCH", groups+id, addresses("10.0.0.1")).Status).To(Equal(http.StatusOK))
			}
			Expect(c.do("PATCH", groups+"outer", object{"expression": []any{
				object{"resource_type": "PathExpression", "paths": []any{"/infra/domains/default/groups/put"}},
			}}).Status).To(Equal(http.StatusOK))
			Expect(members(c, "outer")).To(ConsistOf("10.0.0.1"))
		})

		It("does so until they are written again, whatever way, and not to those that are new", func() {
			upgraded(server, "{version: 4.2, empty_groups: true}")
			for _, id := range []string{"put", "patched", "infra", "again", "untouched", "outer"} {
				Expect(members(c, id)).To(BeEmpty(), id)
			}
			c.do("PATCH", groups+"new", addresses("10.0.0.2"))
			Expect(members(c, "new")).To(ConsistOf("10.0.0.2"))

			body := c.get(groups + "put").Body
			Expect(c.do("PUT", groups+"put", body).Status).To(Equal(http.StatusOK), "the same body once more")
			c.do("PATCH", groups+"patched", addresses("10.0.0.1"))
			child := object{"id": "infra", "resource_type": "Group"}
			for name, value := range addresses("10.0.0.1") {
				child[name] = value
			}
			Expect(c.do("PATCH", infra, object{"resource_type": "Infra", "children": []any{
				object{"resource_type": "ChildResourceReference", "id": "default", "target_type": "Domain", "children": []any{
					object{"resource_type": "ChildGroup", "Group": child},
				}},
			}}).Status).To(Equal(http.StatusOK))
			c.do("DELETE", groups+"again", nil)
			c.do("PATCH", groups+"again", addresses("10.0.0.1"))
			for _, id := range []string{"put", "patched", "infra", "again"} {
				Expect(members(c, id)).To(ConsistOf("10.0.0.1"), id)
			}
			Expect(members(c, "untouched")).To(BeEmpty())
			Expect(members(c, "outer")).To(BeEmpty(), "it was not written itself")
			c.do("PUT", groups+"outer", c.get(groups+"outer").Body)
			Expect(members(c, "outer")).To(ConsistOf("10.0.0.1"))
		})

		It("does so to the Manager groups that realize them, too", func() {
			const effective = "/api/v1/ns-groups/%s/effective-ip-address-members"
			twin := func(id, path string) object {
				return object{"id": id, "resource_type": "NSGroup", "tags": tags("policyPath", path), "members": []any{
					object{"target_type": "IPSet", "target_property": "id", "op": "EQUALS", "value": "set"}}}
			}
			put(server.Store(), map[string]object{
				"ip-sets/set":    {"id": "set", "resource_type": "IPSet", "ip_addresses": []any{"10.0.0.9"}},
				"ns-groups/twin": twin("twin", "/infra/domains/default/groups/put"), "ns-groups/free": twin("free", ""),
			})
			upgraded(server, "{version: 4.2, empty_groups: true}")
			Expect(c.get(fmt.Sprintf(effective, "twin")).Body["results"]).To(BeEmpty())
			Expect(c.get(fmt.Sprintf(effective, "free")).Body["results"]).To(ConsistOf("10.0.0.9"))
			c.do("PUT", groups+"put", c.get(groups+"put").Body)
			Expect(c.get(fmt.Sprintf(effective, "twin")).Body["results"]).To(ConsistOf("10.0.0.9"))
		})

		It("is part of the saved state", func() {
			upgraded(server, "{version: 4.2, empty_groups: true}")
			loaded, err := store.Load(strings.NewReader(backup(server)))
			Expect(err).NotTo(HaveOccurred())
			Expect(members(admin(start(nsxsim.Options{Store: loaded})), "untouched")).To(BeEmpty())
		})

		It("happens only when it is asked for", func() {
			upgraded(server, "version: 4.2")
			Expect(members(c, "outer")).To(ConsistOf("10.0.0.1"))
		})
	})
})
