package nsxsim_test

import (
	"fmt"
	"net/http"
	"net/url"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

const infra = "/policy/api/v1/infra"

// infraBody is the body of a hierarchical PATCH.
func infraBody(children ...object) object {
	return object{"resource_type": "Infra", "children": children}
}

// child wraps an object for a hierarchical PATCH.
func child(kind string, body object) object {
	return object{"resource_type": "Child" + kind, kind: body}
}

// below is a reference to an existing object with children of its own.
func below(kind, id string, children ...object) object {
	return object{"resource_type": "ChildResourceReference", "id": id, "target_type": kind, "children": children}
}

var _ = Describe("Policy objects", func() {
	var server *nsxsim.Server
	var c *client

	BeforeEach(func() {
		server = start(nsxsim.Options{})
		c = admin(server)
	})

	It("are created by PUT, completed by NSX, and changed by PUT with the current _revision only", func() {
		created := c.do("PUT", infra+"/tier-1s/t", object{"display_name": "gateway", "tags": tags("a", "b")})
		Expect(created.Status).To(Equal(http.StatusOK))
		Expect(created.Body).To(And(
			HaveKeyWithValue("id", "t"), HaveKeyWithValue("path", "/infra/tier-1s/t"), HaveKeyWithValue("parent_path", "/infra"),
			HaveKeyWithValue("relative_path", "t"), HaveKeyWithValue("resource_type", "Tier1"), HaveKeyWithValue("marked_for_delete", false),
			HaveKeyWithValue("_revision", BeEquivalentTo(0)), HaveKeyWithValue("_create_user", "admin")))
		Expect(created.Body["unique_id"]).To(Equal(created.Body["realization_id"]))

		body := created.Body
		body["display_name"] = "renamed"
		Expect(c.do("PUT", infra+"/tier-1s/t", body).Body).To(And(
			HaveKeyWithValue("display_name", "renamed"), HaveKeyWithValue("_revision", BeEquivalentTo(1)),
			HaveKeyWithValue("unique_id", created.Body["unique_id"])))

		stale := c.do("PUT", infra+"/tier-1s/t", body)
		Expect(stale.Status).To(Equal(http.StatusPreconditionFailed))
		Expect(stale.Body["error_message"]).To(ContainSubstring("latest"))
		delete(body, "_revision")
		Expect(c.do("PUT", infra+"/tier-1s/t", body).Status).To(Equal(http.StatusPreconditionFailed))
	})

	It("are created and replaced by PATCH, which ignores the revision and answers nothing", func() {
		patched := c.do("PATCH", infra+"/segments/s", object{"display_name": "one", "tags": tags("a", "b", "c", "d"), "vlan_ids": []any{"5"}})
		Expect(patched.Status).To(Equal(http.StatusOK))
		Expect(patched.Raw).To(BeEmpty())
		Expect(c.do("PATCH", infra+"/segments/s", object{"tags": tags("e", "f"), "_revision": 77}).Status).To(Equal(http.StatusOK))
		segment := c.get(infra + "/segments/s").Body
		Expect(segment["tags"]).To(Equal(tags("e", "f")))
		Expect(segment).To(And(HaveKeyWithValue("_revision", BeEquivalentTo(1)), Not(HaveKey("vlan_ids"))))
	})

	It("honour enforce_revision_check on PATCH", func() {
		c.do("PATCH", infra+"/segments/s", object{})
		path := infra + "/segments/s?enforce_revision_check=true"
		Expect(c.do("PATCH", path, object{"_revision": 5}).Status).To(Equal(http.StatusPreconditionFailed))
		Expect(c.do("PATCH", path, object{"_revision": 0}).Status).To(Equal(http.StatusOK))
	})

	It("keep unnamed fields on PATCH when partial patch is switched on", func() {
		c = admin(start(nsxsim.Options{PartialPatch: true}))
		c.do("PATCH", infra+"/segments/s", object{"vlan_ids": []any{"5"}})
		c.do("PATCH", infra+"/segments/s", object{"tags": tags("e", "f")})
		Expect(c.get(infra + "/segments/s").Body).To(And(HaveKey("vlan_ids"), HaveKey("tags")))
	})

	It("answer 404/600 when missing, and 400/500012 with the path below a missing parent", func() {
		missing := c.get(infra + "/tier-1s/none")
		Expect(missing.Status).To(Equal(http.StatusNotFound))
		Expect(missing.Body).To(And(HaveKeyWithValue("error_code", BeEquivalentTo(600)), HaveKeyWithValue("module_name", "common-services")))
		for _, refused := range []reply{
			c.get(infra + "/tier-1s/none/static-routes"),
			c.do("PUT", infra+"/tier-1s/none/static-routes/r", object{}),
			c.do("PATCH", infra+"/tier-1s/none/nat/USER/nat-rules/r", object{}),
		} {
			Expect(refused.Status).To(Equal(http.StatusBadRequest))
			Expect(refused.Body).To(And(HaveKeyWithValue("error_code", BeEquivalentTo(500012)), HaveKeyWithValue("module_name", "Policy")))
			Expect(refused.Body["error_message"]).To(ContainSubstring("[/infra/tier-1s/none"))
		}
	})

	It("stand below implicit ones: the NAT sections of a gateway and the default domain", func() {
		c.do("PUT", infra+"/tier-1s/t", object{})
		Expect(c.do("PUT", infra+"/tier-1s/t/nat/USER/nat-rules/r", object{"action": "SNAT"}).Status).To(Equal(http.StatusOK))
		Expect(c.do("PUT", infra+"/domains/default/groups/g", object{}).Status).To(Equal(http.StatusOK))
		Expect(c.do("PUT", infra+"/domains/other/groups/g", object{}).Status).To(Equal(http.StatusBadRequest))
		Expect(c.get(infra + "/tier-1s/t/nat/USER/nat-rules").ids()).To(Equal([]string{"r"}))
	})

	It("refuse a resource_type or an id that does not belong to the path", func() {
		Expect(c.do("PUT", infra+"/tier-1s/t", object{"resource_type": "Tier0"}).Status).To(Equal(http.StatusBadRequest))
		Expect(c.do("PUT", infra+"/tier-1s/t", object{"id": "x"}).Status).To(Equal(http.StatusBadRequest))
		Expect(c.get(infra + "/tier-1s/t").Status).To(Equal(http.StatusNotFound))
	})

	It("are listed by display name with opaque cursors", func() {
		for i := range 3 {
			c.do("PUT", fmt.Sprintf("%s/segments/s%d", infra, i), object{"display_name": fmt.Sprint("n", 9-i)})
		}
		first := c.get(infra + "/segments?page_size=2")
		Expect(first.ids()).To(Equal([]string{"s2", "s1"}))
		Expect(first.Body).To(HaveKeyWithValue("sort_by", "display_name"))
		last := c.get(infra + "/segments?page_size=2&cursor=" + url.QueryEscape(first.Body["cursor"].(string)))
		Expect(last.ids()).To(Equal([]string{"s0"}))
		Expect(last.Body).NotTo(HaveKey("cursor"))
	})

	It("with rules carry them in their order, as objects of their own", func() {
		policy := infra + "/domains/default/security-policies/p"
		Expect(c.do("PUT", policy, object{"rules": []any{object{"id": "b", "sequence_number": 2}, object{"id": "a", "sequence_number": 1}}}).Status).To(Equal(http.StatusOK))
		Expect(c.get(policy).Body["rules"]).To(HaveExactElements(HaveKeyWithValue("id", "a"), HaveKeyWithValue("id", "b")))
		Expect(c.get(policy + "/rules/b").Body).To(HaveKeyWithValue("parent_path", "/infra/domains/default/security-policies/p"))
	})

	It("are deleted with what lies below, but not while another object names them", func() {
		c.do("PUT", infra+"/tier-1s/t", object{})
		c.do("PUT", infra+"/tier-1s/t/static-routes/r", object{})
		c.do("PUT", infra+"/segments/s", object{"connectivity_path": "/infra/tier-1s/t"})
		refused := c.do("DELETE", infra+"/tier-1s/t", nil)
		Expect(refused.Status).To(Equal(http.StatusBadRequest))
		Expect(refused.Body).To(HaveKeyWithValue("error_code", BeEquivalentTo(500030)))
		Expect(refused.Body["error_message"]).To(ContainSubstring("[/infra/segments/s]"))
		Expect(c.do("DELETE", infra+"/segments/s", nil).Status).To(Equal(http.StatusOK))
		Expect(c.do("DELETE", infra+"/tier-1s/t", nil).Status).To(Equal(http.StatusOK))
		Expect(c.get(infra + "/tier-1s/t/static-routes/r").Status).To(Equal(http.StatusNotFound))
		Expect(c.do("DELETE", infra+"/tier-1s/t", nil).Status).To(Equal(http.StatusNotFound))
	})

	Describe("of another principal", func() {
		BeforeEach(func() {
			put(server.Store(), map[string]object{"/infra/segments/s": {"id": "s", "resource_type": "Segment", "_create_user": "tas1-ncp", "_revision": 3}})
		})

		It("are refused with 400/289 unless an enterprise admin insists; the owner stays", func() {
			refused := c.do("PATCH", infra+"/segments/s", object{"display_name": "mine"})
			Expect(refused.Status).To(Equal(http.StatusBadRequest))
			Expect(refused.Body).To(HaveKeyWithValue("error_code", BeEquivalentTo(289)))
			Expect(refused.Body["error_message"]).To(ContainSubstring("createUser=tas1-ncp"))

			insisting := c.with("X-Allow-Overwrite", "true")
			Expect(insisting.do("PATCH", infra+"/segments/s", object{"display_name": "mine"}).Status).To(Equal(http.StatusOK))
			Expect(c.get(infra + "/segments/s").Body).To(And(
				HaveKeyWithValue("display_name", "mine"), HaveKeyWithValue("_create_user", "tas1-ncp"), HaveKeyWithValue("_last_modified_user", "admin")))
		})

		It("stay closed to an auditor who insists", func() {
			auditor := as(server, nsxsim.AuditorUser).with("X-Allow-Overwrite", "true")
			Expect(auditor.do("PATCH", infra+"/segments/s", object{}).Status).To(Equal(http.StatusForbidden))
		})
	})
})

var _ = Describe("the hierarchical API", func() {
	var server *nsxsim.Server
	var c *client

	BeforeEach(func() {
		server = start(nsxsim.Options{})
		c = admin(server)
	})

	It("writes objects at every depth in one call without an answer's body", func() {
		patched := c.do("PATCH", infra, infraBody(
			child("Tier1", object{"id": "t", "resource_type": "Tier1", "children": []any{
				child("StaticRoutes", object{"id": "r", "network": "10.0.0.0/8", "next_hops": []any{object{"ip_address": "10.1.0.1"}}}),
				below("PolicyNat", "USER", child("PolicyNatRule", object{"id": "n", "action": "SNAT"})),
			}}),
			below("Domain", "default", child("Group", object{"id": "g"})),
			below("Site", "default", below("EnforcementPoint", "default", child("PolicyTransportZone", object{"id": "z"}))),
		))
		Expect(patched.Status).To(Equal(http.StatusOK), patched.Raw)
		Expect(patched.Raw).To(BeEmpty())
		for _, path := range []string{"/tier-1s/t", "/tier-1s/t/static-routes/r", "/tier-1s/t/nat/USER/nat-rules/n", "/domains/default/groups/g",
			"/sites/default/enforcement-points/default/transport-zones/z"} {
			Expect(c.get(infra+path).Status).To(Equal(http.StatusOK), path)
		}
		Expect(c.get(infra + "/tier-1s/t").Body).NotTo(HaveKey("children"))
	})

	DescribeTable("does nothing at all when one part is wrong", func(code int, wrong object) {
		refused := c.do("PATCH", infra, infraBody(child("Segment", object{"id": "s"}), wrong))
		Expect(refused.Status).To(Equal(http.StatusBadRequest))
		Expect(refused.Body).To(HaveKeyWithValue("error_code", BeEquivalentTo(code)))
		Expect(c.get(infra + "/segments").results()).To(BeEmpty())
	},
		Entry("a missing parent", 500012, below("Tier1", "none", child("StaticRoutes", object{"id": "r"}))),
		Entry("an unknown type", 500127, child("Nonsense", object{"id": "x"})),
		Entry("a type at the wrong place", 500127, child("PolicyNatRule", object{"id": "x"})),
		Entry("no id", 500127, child("Tier1", object{})),
		Entry("no Child wrapper", 500127, object{"resource_type": "Tier1", "id": "x"}),
		Entry("an empty wrapper", 500127, object{"resource_type": "ChildTier1"}),
	)

	It("refuses unknown keys in Infra and a body that is none", func() {
		body := infraBody()
		body["childs"] = []any{}
		Expect(c.do("PATCH", infra, body).Status).To(Equal(http.StatusBadRequest))
		Expect(c.do("PATCH", infra, object{}).Status).To(Equal(http.StatusBadRequest))
	})

	It("keeps to ownership, all or nothing", func() {
		put(server.Store(), map[string]object{"/infra/segments/s": {"id": "s", "resource_type": "Segment", "_create_user": "tas1-ncp"}})
		body := infraBody(child("Tier1", object{"id": "t"}), child("Segment", object{"id": "s"}))
		Expect(c.do("PATCH", infra, body).Body).To(HaveKeyWithValue("error_code", BeEquivalentTo(289)))
		Expect(c.get(infra + "/tier-1s/t").Status).To(Equal(http.StatusNotFound))
		Expect(c.with("X-Allow-Overwrite", "true").do("PATCH", infra, body).Status).To(Equal(http.StatusOK))
	})

	It("deletes what is marked for deletion", func() {
		c.do("PUT", infra+"/segments/s", object{})
		gone := child("Segment", object{"id": "s", "resource_type": "Segment"})
		gone["marked_for_delete"] = true
		Expect(c.do("PATCH", infra, infraBody(gone)).Status).To(Equal(http.StatusOK))
		Expect(c.get(infra + "/segments/s").Status).To(Equal(http.StatusNotFound))
	})

	It("checks revisions when asked to", func() {
		c.do("PUT", infra+"/segments/s", object{})
		stale := infraBody(child("Segment", object{"id": "s", "_revision": 9}))
		Expect(c.do("PATCH", infra+"?enforce_revision_check=true", stale).Status).To(Equal(http.StatusPreconditionFailed))
		Expect(c.do("PATCH", infra, stale).Status).To(Equal(http.StatusOK))
	})

	It("takes up to 5000 intents", func() {
		var children []object
		for i := range 5000 {
			children = append(children, child("Segment", object{"id": fmt.Sprint("s", i)}))
		}
		tooMany := append(children, below("Domain", "default", child("Group", object{"id": "g"})))
		Expect(c.do("PATCH", infra, infraBody(tooMany...)).Status).To(Equal(http.StatusBadRequest))
		Expect(c.do("PATCH", infra, infraBody(append(children, below("Domain", "default"))...)).Status).To(Equal(http.StatusOK))
		Expect(c.get(infra + "/segments?page_size=1").Body).To(HaveKeyWithValue("result_count", BeEquivalentTo(5000)))
	})

	It("is read with a type filter, inside the ancestors", func() {
		c.do("PUT", infra+"/segments/s", object{})
		c.do("PUT", infra+"/domains/default/groups/g", object{})
		body := c.get(infra + "?type_filter=Segment;Group").Body
		Expect(body).To(HaveKeyWithValue("resource_type", "Infra"))
		Expect(body["children"]).To(HaveExactElements(
			HaveKeyWithValue("Segment", HaveKeyWithValue("id", "s")),
			HaveKeyWithValue("Domain", HaveKeyWithValue("children", HaveExactElements(HaveKeyWithValue("Group", HaveKeyWithValue("id", "g")))))))
		Expect(c.get(infra).Body).NotTo(HaveKey("children"))
	})
})

var _ = Describe("realization", func() {
	// verdict answers for promoted objects in the coordinator's place.
	verdict := func(status string, promoted bool) api.NewCoordinator {
		return func(api.Env) (api.Coordinator, error) { return judge{status: status, promoted: promoted}, nil }
	}

	DescribeTable("of an object is", func(coordinator api.NewCoordinator, wanted string) {
		c := admin(start(nsxsim.Options{Coordinator: coordinator}))
		c.do("PUT", infra+"/segments/s", object{})
		status := c.get(infra + "/realized-state/status?intent_path=/infra/segments/s")
		Expect(status.Body["consolidated_status"]).To(HaveKeyWithValue("consolidated_status", wanted))
	},
		Entry("success when it is native", verdict("", false), "SUCCESS"),
		Entry("success without a coordinator", nil, "SUCCESS"),
		Entry("what the coordinator says when it is promoted", verdict("UNINITIALIZED", true), "UNINITIALIZED"),
	)

	It("is refused for a path that does not exist", func() {
		refused := admin(start(nsxsim.Options{})).get(infra + "/realized-state/status?intent_path=/infra/segments/s")
		Expect(refused.Body).To(HaveKeyWithValue("error_code", BeEquivalentTo(500012)))
	})
})
