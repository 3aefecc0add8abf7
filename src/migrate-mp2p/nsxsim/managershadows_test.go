package nsxsim_test

import (
	"crypto/tls"
	"maps"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

const (
	logicalPorts = "/api/v1/logical-ports"
	shadows      = infra + "/segments/ops/ports"
)

// onPolicy is a world with the switch "ops" of the segment ops, and the switch "s" that is no Policy object.
func onPolicy() *store.Store {
	return world(with(fabric(), map[string]object{
		"logical-switches/ops": {"id": "ops", "resource_type": "LogicalSwitch", "display_name": "ops", "admin_state": "UP", "transport_zone_id": "tz",
			"tags": tags("policyPath", "/infra/segments/ops"), "_create_user": store.PolicyUser, "_revision": 0},
		"/infra/segments/ops": {"id": "ops", "resource_type": "Segment", "display_name": "ops", "path": "/infra/segments/ops", "parent_path": "/infra",
			"unique_id": "ops", "_create_user": "admin", "_revision": 0},
		"logical-ports/old": {"id": "old", "resource_type": "LogicalPort", "display_name": "old", "admin_state": "UP", "logical_switch_id": "ops", "_revision": 0},
	}))
}

// vm is the body of a port on a switch.
func vm(on string, more object) object {
	body := object{"id": "vm", "display_name": "a machine", "logical_switch_id": on, "admin_state": "UP"}
	maps.Copy(body, more)
	return body
}

// principal is a client with the certificate of a new principal identity.
func principal(server *nsxsim.Server, name string) *client {
	GinkgoHelper()
	identity, err := server.NewPrincipal(name, api.EnterpriseAdmin)
	Expect(err).NotTo(HaveOccurred())
	pair, err := tls.X509KeyPair([]byte(identity.Certificate), []byte(identity.Key))
	Expect(err).NotTo(HaveOccurred())
	c := as(server, "")
	c.http.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{pair}
	return c
}

var _ = Describe("a port that a Manager client makes on a switch of Policy", func() {
	const at = "/infra/segments/ops/ports/default:vm"
	var server *nsxsim.Server
	var ncp, c *client
	var made object

	BeforeEach(func() {
		server = start(nsxsim.Options{Store: onPolicy(), Coordinator: coordinator.New(coordinator.Options{})})
		c = admin(server)
		ncp = principal(server, "tas1-ncp")
		answer := ncp.do("POST", logicalPorts, vm("ops", object{
			"description": "words", "tags": tags("app", "web"), "attachment": object{"id": "vif", "attachment_type": "VIF", "context": object{"resource_type": "VifAttachmentContext", "vif_type": "PARENT"}},
			"address_bindings": []any{object{"ip_address": "10.0.0.7"}},
		}))
		Expect(answer.Status).To(Equal(http.StatusCreated), answer.Raw)
		made = answer.Body
	})

	It("gets a shadow below the segment, and the tag that leads there", func() {
		Expect(made).To(And(HaveKeyWithValue("tags", tags("app", "web", "policyPath", at)), HaveKeyWithValue("_create_user", "tas1-ncp"),
			HaveKeyWithValue("_revision", BeEquivalentTo(0))))
		Expect(c.get(logicalPorts + "/vm").Body).To(Equal(made))
		Expect(c.get(infra + "/segments/ops/ports").ids()).To(Equal([]string{"default:vm"}))
		Expect(c.get(shadows + "/default:vm").Body).To(And(
			HaveKeyWithValue("path", at), HaveKeyWithValue("parent_path", "/infra/segments/ops"), HaveKeyWithValue("resource_type", "SegmentPort"),
			HaveKeyWithValue("display_name", "a machine"), HaveKeyWithValue("description", "words"), HaveKeyWithValue("tags", tags("app", "web")),
			HaveKeyWithValue("unique_id", "vm"), HaveKeyWithValue("attachment", object{"id": "vif", "type": "PARENT"}),
			HaveKeyWithValue("address_bindings", []any{object{"ip_address": "10.0.0.7"}})))
	})

	It("stays its maker's, and takes the shadow along when it changes", func() {
		made["display_name"], made["tags"], made["address_bindings"] = "renamed", tags("app", "db"), nil
		delete(made, "attachment")
		changed := ncp.do("PUT", logicalPorts+"/vm", made)
		Expect(changed.Status).To(Equal(http.StatusOK), changed.Raw)
		Expect(changed.Body).To(HaveKeyWithValue("tags", tags("app", "db", "policyPath", at)))
		Expect(c.get(shadows + "/default:vm").Body).To(And(HaveKeyWithValue("display_name", "renamed"), HaveKeyWithValue("tags", tags("app", "db")),
			HaveKeyWithValue("unique_id", "vm"), HaveKeyWithValue("_revision", BeEquivalentTo(1)), Not(HaveKey("attachment")), Not(HaveKey("address_bindings"))))
	})

	It("takes the shadow along to another segment, and loses it on a switch that is not Policy", func() {
		put(server.Store(), map[string]object{
			"logical-switches/two": {"id": "two", "resource_type": "LogicalSwitch", "tags": tags("policyPath", "/infra/tier-1s/t/segments/two"), "_create_user": store.PolicyUser},
			"/infra/tier-1s/t":     {"id": "t", "resource_type": "Tier1"}, "/infra/tier-1s/t/segments/two": {"id": "two", "resource_type": "Segment"},
		})
		move := func(to string) {
			body := c.get(logicalPorts + "/vm").Body
			body["logical_switch_id"] = to
			Expect(ncp.do("PUT", logicalPorts+"/vm", body).Status).To(Equal(http.StatusOK))
		}
		move("two")
		Expect(c.get(infra + "/tier-1s/t/segments/two/ports").ids()).To(Equal([]string{"default:vm"}))
		Expect(c.get(shadows).results()).To(BeEmpty())
		move("s")
		Expect(c.get(infra + "/tier-1s/t/segments/two/ports").results()).To(BeEmpty())
		Expect(c.get(logicalPorts + "/vm").Body).To(HaveKeyWithValue("tags", tags("app", "web")))
	})

	It("lets the shadow show what NSX itself attaches and takes off", func() {
		Expect(ncp.do("POST", logicalPorts, object{"id": "gw", "logical_switch_id": "ops", "admin_state": "UP"}).Status).To(Equal(http.StatusCreated))
		Expect(ncp.do("POST", "/api/v1/logical-router-ports", object{"id": "down", "resource_type": "LogicalRouterDownLinkPort", "logical_router_id": "t1",
			"subnets": []any{}, "linked_logical_switch_port_id": object{"target_type": "LogicalPort", "target_id": "gw"}}).Status).To(Equal(http.StatusCreated))
		Expect(c.get(shadows + "/default:gw").Body).To(HaveKeyWithValue("attachment", object{"id": "down"}))
		Expect(ncp.do("DELETE", "/api/v1/logical-router-ports/down", nil).Status).To(Equal(http.StatusOK))
		Expect(c.get(shadows + "/default:gw").Body).NotTo(HaveKey("attachment"))
	})

	It("takes the shadow along when it is deleted, with what lies below it", func() {
		put(server.Store(), map[string]object{at + "/port-qos-profile-binding-maps/m": {"id": "m", "resource_type": "PortQoSProfileBindingMap"}})
		Expect(ncp.do("DELETE", logicalPorts+"/vm?detach=true", nil).Status).To(Equal(http.StatusOK))
		Expect(c.get(shadows).results()).To(BeEmpty())
		Expect(c.get(shadows + "/default:vm/port-qos-profile-binding-maps/m").Status).To(Equal(http.StatusNotFound))
	})

	It("cannot be deleted while a Policy group names the shadow", func() {
		Expect(c.do("PUT", groups+"/g", object{"expression": []any{object{"resource_type": "PathExpression", "paths": []any{at}}}})).To(works())
		Expect(ncp.do("DELETE", logicalPorts+"/vm?detach=true", nil)).To(refusedWith(500030, groups[len("/policy/api/v1"):]+"/g"))
		Expect(c.get(logicalPorts + "/vm").Status).To(Equal(http.StatusOK))
	})

	It("keeps its shadow from being deleted through Policy, not from being changed", func() {
		gone := child("SegmentPort", object{"id": "default:vm"})
		gone["marked_for_delete"] = true
		Expect(c.do("DELETE", shadows+"/default:vm", nil)).To(refusedWith(500030, "LogicalPort/vm"))
		Expect(c.do("PATCH", infra, infraBody(below("Segment", "ops", gone)))).To(refusedWith(500030, "LogicalPort/vm"))
		Expect(c.do("PATCH", shadows+"/default:vm", object{"tags": tags("seen", "yes")})).To(works())
		Expect(c.get(shadows + "/default:vm").Body).To(And(HaveKeyWithValue("tags", tags("seen", "yes")), HaveKeyWithValue("unique_id", "vm")))
	})

	It("is Policy already for the migration coordinator", func() {
		Expect(c.do("POST", "/api/v1/node/services/migration-coordinator?action=start", nil).Status).To(Equal(http.StatusOK))
		Expect(c.get("/api/v1/mppolicy/migration/object-ids?resource_type=LOGICAL_PORT").Raw).To(And(ContainSubstring("old"), Not(ContainSubstring("vm"))))
		Expect(c.do("POST", "/api/v1/migration/mp-to-policy/workflow?action=INITIATE", nil).Status).To(Equal(http.StatusOK))
		c.do("POST", "/api/v1/migration/mp-to-policy", object{"migration_data": []any{object{"type": "LOGICAL_PORT", "resource_ids": []any{object{"manager_id": "vm"}}}}})
		c.do("POST", "/api/v1/migration/plan?action=start", nil)
		Eventually(func() string {
			return c.get("/api/v1/migration/status-summary?component_type=MP_TO_POLICY_PRECHECK").Raw
		}).
			Should(ContainSubstring("resource vm is duplicate or already migrated"))
	})

	It("is an ordinary one again when its switch is rolled back", func() {
		const migration = "/api/v1/migration/"
		act := func(path, until string) {
			Expect(c.do("POST", migration+path, nil).Status).To(Equal(http.StatusOK))
			Eventually(func() string { return c.get(migration + "status-summary").Raw }).Should(ContainSubstring(`"overall_migration_status":"` + until + `"`))
		}
		batch := object{"migration_data": []any{object{"type": "LOGICAL_SWITCH", "resource_ids": []any{object{"manager_id": "s"}}}}}
		Expect(c.do("POST", "/api/v1/node/services/migration-coordinator?action=start", nil).Status).To(Equal(http.StatusOK))
		act("mp-to-policy/workflow?action=INITIATE", "NOT_STARTED")
		Expect(c.do("POST", migration+"mp-to-policy", batch).Status).To(Equal(http.StatusOK))
		act("plan?action=start", "PAUSED")
		act("plan?action=continue", "SUCCESS")
		late := ncp.do("POST", logicalPorts, object{"id": "late", "logical_switch_id": "s", "admin_state": "UP", "tags": tags("app", "web")})
		Expect(late.Body["tags"]).To(ContainElement(HaveKeyWithValue("tag", "/infra/segments/s/ports/default:late")))

		rolledBack := c.do("POST", migration+"mp-to-policy/rollback", batch)
		Expect(rolledBack.Status).To(Equal(http.StatusOK), rolledBack.Raw)
		Expect(c.get("/policy/api/v1/infra/segments/s").Status).To(Equal(http.StatusNotFound))
		Expect(c.get("/policy/api/v1/infra/segments/s/ports/default:late").Status).To(Equal(http.StatusNotFound))
		Expect(c.get(logicalPorts + "/late").Body).To(And(HaveKeyWithValue("tags", tags("app", "web")), HaveKeyWithValue("_create_user", "tas1-ncp")))
		Expect(c.get(logicalPorts + "/vm").Body["tags"]).To(HaveLen(2), "its switch was not rolled back")
	})

	It("leaves a world that agrees with itself, also when it is saved and served again", func() {
		report, err := check.Inspect(server.Store(), "tas1")
		Expect(err).NotTo(HaveOccurred())
		Expect(report.Inconsistencies).To(BeEmpty())
		saved := backup(server)
		Expect(server.Restore(strings.NewReader(saved))).To(Succeed())
		Expect(ncp.do("DELETE", logicalPorts+"/vm?detach=true", nil).Status).To(Equal(http.StatusOK))
		Expect(c.get(shadows).results()).To(BeEmpty())
	})
})

var _ = Describe("no shadow", func() {
	var server *nsxsim.Server
	var c *client

	BeforeEach(func() {
		server = start(nsxsim.Options{Store: onPolicy()})
		c = admin(server)
	})

	It("is cast by a port on a switch of the Manager API", func() {
		Expect(c.do("POST", logicalPorts, vm("s", nil)).Body).NotTo(HaveKey("tags"))
	})

	It("is cast by a port that was there before its switch was promoted", func() {
		body := c.get(logicalPorts + "/old").Body
		body["description"] = "still no shadow"
		Expect(c.do("PUT", logicalPorts+"/old", body).Body).NotTo(HaveKey("tags"))
		Expect(c.get(shadows).results()).To(BeEmpty())
	})

	It("is cast by a port on a switch that only says to be Policy", func() {
		put(server.Store(), map[string]object{"logical-switches/mine": {"id": "mine", "resource_type": "LogicalSwitch", "_create_user": "admin",
			"tags": tags("policyPath", "/infra/segments/ops")}})
		Expect(c.do("POST", logicalPorts, vm("mine", nil)).Body).NotTo(HaveKey("tags"))
	})

	It("is what a promoted port has in Policy, even where it is called default", func() {
		put(server.Store(), map[string]object{
			"logical-ports/p": {"id": "p", "resource_type": "LogicalPort", "display_name": "p", "admin_state": "UP", "logical_switch_id": "ops",
				"tags": tags("policyPath", "/infra/segments/ops/ports/default:p"), "_create_user": store.PolicyUser, "_revision": 0},
			"/infra/segments/ops/ports/default:p": {"id": "default:p", "resource_type": "SegmentPort", "display_name": "of Policy", "_create_user": "tas1-ncp"},
		})
		body := c.get(logicalPorts + "/p").Body
		body["display_name"] = "renamed"
		insisting := c.with("X-Allow-Overwrite", "true")
		Expect(insisting.do("PUT", logicalPorts+"/p", body).Status).To(Equal(http.StatusOK))
		Expect(c.get(shadows + "/default:p").Body).To(HaveKeyWithValue("display_name", "of Policy"))
		Expect(insisting.do("DELETE", shadows+"/default:p", nil)).To(works())
	})

	It("finds room beside 30 tags", func() {
		Expect(c.do("POST", logicalPorts, vm("ops", object{"tags": manyTags(30)}))).To(refusedWith(255, "31"))
		Expect(c.do("POST", logicalPorts, vm("ops", object{"tags": manyTags(29)})).Status).To(Equal(http.StatusCreated))
	})
})
