package nsxsim_test

import (
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

// odd is a world in which every writing endpoint of the Manager API has something to write to, and some of it is broken.
func odd() map[string]object {
	return with(connected(), map[string]object{
		"trust-management/certificates/odd": {"id": "odd", "resource_type": "certificate_signed", "pem_encoded": "x"},
		"trust-management/certificates/der": {"id": "der", "resource_type": "certificate_signed",
			"pem_encoded": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
		"trust-management/principal-identities/p": {"id": "p", "resource_type": "PrincipalIdentity", "name": "tas1-ncp"},
	})
}

// path has "{id}" where the id of the object goes; a body of nil means that the endpoint reads none.
var _ = DescribeTable("an endpoint answers 404/600 for what does not exist, and 400/220 for a body that is no JSON object:",
	func(method, path, existing string, body object) {
		c := admin(start(nsxsim.Options{Store: world(odd())}))
		missing := "/api/v1/" + strings.Replace(path, "{id}", "none", 1)
		Expect(refused(c.do(method, missing, body), http.StatusNotFound)).To(ContainSubstring(`"error_code":600`))
		if body == nil {
			return
		}
		for _, broken := range []string{"{", "[]", "null", ""} {
			answer := c.do(method, "/api/v1/"+strings.Replace(path, "{id}", existing, 1), broken)
			Expect(refused(answer, http.StatusBadRequest)).To(ContainSubstring(`"error_code":220`), broken)
		}
	},
	Entry("PUT", "PUT", "ip-sets/{id}", "set", object{}),
	Entry("DELETE", "DELETE", "ip-sets/{id}", "", nil),
	Entry("a new section", "POST", "firewall/sections?operation=insert_after&id={id}", "fw", section("new", nil)),
	Entry("a section with rules", "POST", "firewall/sections/{id}?action=update_with_rules", "fw", section("x", object{"rules": []any{}})),
	Entry("a section that moves", "POST", "firewall/sections/{id}?action=revise", "fw", section("x", nil)),
	Entry("a lock", "POST", "firewall/sections/{id}?action=lock", "fw", object{}),
	Entry("the rules of a section", "POST", "firewall/sections/{id}?action=list_with_rules", "", nil),
	Entry("a new rule", "POST", "firewall/sections/{id}/rules", "fw", object{"action": "ALLOW"}),
	Entry("several rules", "POST", "firewall/sections/{id}/rules?action=create_multiple", "fw", object{"rules": []any{}}),
	Entry("a rule that moves", "POST", "firewall/sections/fw/rules/{id}?action=revise", "7", object{"action": "ALLOW"}),
	Entry("a firewall's status", "PUT", "firewall/status/{id}", "transport_nodes", object{}),
	Entry("counters of a section", "GET", "firewall/sections/{id}/rules/stats", "", nil),
	Entry("counters of a rule", "GET", "firewall/sections/fw/rules/{id}/stats", "", nil),
	Entry("an allocation", "POST", "pools/ip-pools/{id}?action=ALLOCATE", "p", object{}),
	Entry("a release", "POST", "pools/ip-subnets/{id}?action=RELEASE", "n", object{}),
	Entry("members", "POST", "ns-groups/{id}?action=ADD_MEMBERS", "ruled", object{"members": []any{byID("LogicalSwitch", "s")}}),
	Entry("several NAT rules", "POST", "logical-routers/{id}/nat/rules?action=create_multiple", "t1", object{"rules": []any{}}),
	Entry("a virtual server with rules", "PUT", "loadbalancer/virtual-servers/{id}?action=update_with_rules", "vs",
		object{"virtual_server": object{"ip_address": "10.0.0.1", "application_profile_id": "x"}, "rules": []any{}}),
	Entry("a principal's certificate", "POST", "trust-management/principal-identities?action=update_certificate", "", object{
		"principal_identity_id": "none", "certificate_id": "odd"}),
)

var _ = DescribeTable("an endpoint answers 400/220 for a body that is no JSON object:", func(method, path string) {
	c := admin(start(nsxsim.Options{Store: world(odd())}))
	Expect(refused(c.do(method, "/api/v1/"+path, "["), http.StatusBadRequest)).To(ContainSubstring(`"error_code":220`))
},
	Entry("POST", "POST", "ip-sets"),
	Entry("the exclude list", "POST", "firewall/excludelist?action=add_member"),
	Entry("backups", "PUT", "cluster/backups/config"),
	Entry("thresholds", "PUT", "capacity/threshold"),
	Entry("limits", "PUT", "node/services/http"),
	Entry("a certificate", "POST", "trust-management/certificates?action=import"),
	Entry("a revocation list", "POST", "trust-management/crls?action=import"),
	Entry("a principal identity", "POST", "trust-management/principal-identities/with-certificate"),
	Entry("a new virtual server with rules", "POST", "loadbalancer/virtual-servers?action=create_with_rules"),
)

var _ = DescribeTable("what a client wants of an odd certificate is refused:", func(method, path string, body object) {
	c := admin(start(nsxsim.Options{Store: world(odd())}))
	refused(c.do(method, "/api/v1/trust-management/"+path, body), http.StatusBadRequest)
},
	Entry("its details", "GET", "certificates/odd?details=true", nil),
	Entry("a flag that is none", "GET", "certificates/odd?details=maybe", nil),
	Entry("that it is judged", "GET", "certificates/der?action=validate", nil),
	Entry("that it lets somebody in", "POST", "principal-identities", object{"name": "x", "node_id": "x", "role": "auditor", "certificate_id": "odd"}),
	Entry("a revocation list that is not PEM", "POST", "crls?action=import", object{"pem_encoded": "x"}),
)

var _ = Describe("the simulator", func() {
	It("does not start with a principal identity whose certificate cannot be read", func() {
		objects := odd()
		objects["trust-management/principal-identities/p"]["certificate_id"] = "odd"
		_, err := nsxsim.Start(nsxsim.Options{Store: world(objects)})
		Expect(err).To(MatchError(ContainSubstring("principal identity p")))
	})
})
