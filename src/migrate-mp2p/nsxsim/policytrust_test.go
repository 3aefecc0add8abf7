package nsxsim_test

import (
	"bytes"
	"net/http"
	"net/url"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

var _ = Describe("certificates of Policy", func() {
	const path = infra + "/certificates/web"
	var (
		server *nsxsim.Server
		c      *client
		who    identity
	)

	BeforeEach(func() {
		server = start(nsxsim.Options{})
		c, who = admin(server), newIdentity("web")
	})

	trustData := func(more object) object {
		body := object{"resource_type": "TlsTrustData", "pem_encoded": who.certificate, "private_key": who.key, "passphrase": "secret-word"}
		for name, value := range more {
			body[name] = value
		}
		return body
	}
	// keepsSecrets looks for what was sent with a certificate in everything that a client may read, and in the saved state.
	keepsSecrets := func(answers ...reply) {
		GinkgoHelper()
		var saved bytes.Buffer
		Expect(server.Store().Save(&saved)).To(Succeed())
		texts := []string{saved.String(), c.get(path).Raw, c.get(infra + "/certificates").Raw, c.get(infra + "?type_filter=TlsCertificate").Raw,
			c.get("/policy/api/v1/search/query?query=" + url.QueryEscape("id:web")).Raw}
		for _, answer := range answers {
			texts = append(texts, answer.Raw)
		}
		for _, text := range texts {
			Expect(text).NotTo(Or(ContainSubstring("PRIVATE KEY"), ContainSubstring(`"private_key"`), ContainSubstring("secret-word")))
		}
	}

	It("are sent as TlsTrustData and read as TlsCertificate, without the private key", func() {
		made := c.do("PUT", path, trustData(object{"display_name": "web", "tags": tags("a", "b"), "purpose": "signing-ca", "key_algo": "RSA"}))
		Expect(made).To(works())
		Expect(made.Body).To(And(HaveKeyWithValue("resource_type", "TlsCertificate"), HaveKeyWithValue("has_private_key", true), HaveKeyWithValue("pem_encoded", who.certificate),
			HaveKeyWithValue("purpose", "signing-ca"), HaveKeyWithValue("tls_certificate_type", "CERTIFICATE_SELF_SIGNED"), HaveKeyWithValue("tags", tags("a", "b")),
			HaveKeyWithValue("path", "/infra/certificates/web"), Not(HaveKey("key_algo"))))
		keepsSecrets(made)
	})

	It("need not name the type of their body, and may have no key", func() {
		body := trustData(nil)
		delete(body, "resource_type")
		Expect(c.do("PATCH", path, body)).To(works())
		Expect(c.get(path).Body).To(And(HaveKeyWithValue("resource_type", "TlsCertificate"), HaveKeyWithValue("has_private_key", true)))
		keepsSecrets()
		Expect(c.do("PATCH", infra+"/certificates/ca", object{"pem_encoded": who.certificate})).To(works())
		Expect(c.get(infra + "/certificates/ca").Body).To(HaveKeyWithValue("has_private_key", false))
	})

	DescribeTable("come in a hierarchical body in both forms", func(name string, key bool) {
		body := object{"id": "web", "resource_type": name, "pem_encoded": who.certificate}
		if key {
			body["private_key"] = who.key
		}
		Expect(c.do("PATCH", infra, infraBody(child(name, body)))).To(works())
		Expect(c.get(path).Body).To(And(HaveKeyWithValue("resource_type", "TlsCertificate"), HaveKeyWithValue("has_private_key", key)))
		keepsSecrets()
		Expect(c.do("PATCH", infra, infraBody(object{"resource_type": "Child" + name, name: body, "marked_for_delete": true}))).To(works())
		Expect(c.get(path).Status).To(Equal(http.StatusNotFound))
	},
		Entry("as it is sent", "TlsTrustData", true),
		Entry("as it is read", "TlsCertificate", false),
	)

	It("keep their key when a body is sent back as it was read, and when a PATCH merges", func() {
		Expect(c.do("PUT", path, trustData(nil))).To(works())
		read := c.get(path).Body
		read["tags"] = tags("c", "d")
		Expect(c.do("PUT", path, read).Body).To(And(HaveKeyWithValue("has_private_key", true), HaveKeyWithValue("tags", tags("c", "d"))))
		Expect(merging(c).do("PATCH", path, object{"resource_type": "TlsTrustData", "description": "merged"})).To(works())
		Expect(c.get(path).Body).To(And(HaveKeyWithValue("has_private_key", true), HaveKeyWithValue("description", "merged"), HaveKeyWithValue("pem_encoded", who.certificate)))
	})

	It("lose their key with their certificate, and cannot claim one", func() {
		Expect(c.do("PUT", path, trustData(nil))).To(works())
		Expect(c.do("PATCH", path, object{"resource_type": "TlsCertificate", "pem_encoded": newIdentity("other").certificate, "has_private_key": true})).To(works())
		Expect(c.get(path).Body).To(HaveKeyWithValue("has_private_key", false))
	})

	DescribeTable("are refused", func(more object, text string) {
		for _, refused := range []reply{c.do("PUT", path, trustData(more)), c.do("PATCH", path, trustData(more))} {
			Expect(refused).To(refusedWith(255, text))
			Expect(refused.Raw).NotTo(ContainSubstring("secret-word"))
		}
		Expect(c.get(path).Status).To(Equal(http.StatusNotFound))
	},
		Entry("without a certificate", object{"pem_encoded": nil}, "pem_encoded is required"),
		Entry("with a certificate that is none", object{"pem_encoded": "x"}, "it is not PEM"),
		Entry("with a key that is none", object{"private_key": "x"}, "private_key"),
		Entry("with another purpose", object{"purpose": "fun"}, "purpose must be one of signing-ca"),
		Entry("with an unknown field", object{"colour": "red"}, "colour is not a field of TlsTrustData"),
		Entry("with a field of the other form", object{"has_private_key": true}, "has_private_key is not a field of TlsTrustData"),
	)
})

var _ = Describe("revocation lists of Policy", func() {
	const path = infra + "/crls/list"
	var c *client
	var who identity

	BeforeEach(func() { c, who = admin(start(nsxsim.Options{})), newIdentity("web") })

	It("tell their type by what they hold", func() {
		Expect(c.do("PUT", path, object{"pem_encoded": who.crl}).Body).To(HaveKeyWithValue("crl_type", "X509"))
		Expect(c.do("PUT", infra+"/crls/one", object{"one_crl": `{"data":[]}`}).Body).To(HaveKeyWithValue("crl_type", "OneCRL"))
		Expect(c.do("PUT", path, object{"pem_encoded": who.certificate, "_revision": 0})).To(refusedWith(255, "it is no revocation list"))
	})

	It("are imported", func() {
		imported := c.do("POST", path+"?action=import", object{"pem_encoded": who.crl, "display_name": "list"})
		Expect(imported.results()).To(ConsistOf(And(HaveKeyWithValue("path", "/infra/crls/list"), HaveKeyWithValue("crl_type", "X509"))))
		Expect(c.get(path).Body).To(HaveKeyWithValue("display_name", "list"))
		Expect(c.do("POST", path+"?action=import", object{"pem_encoded": who.crl})).To(works())
		Expect(c.do("POST", path, object{"pem_encoded": who.crl}).Status).To(Equal(http.StatusMethodNotAllowed))
	})
})
