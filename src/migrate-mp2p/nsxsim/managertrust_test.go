package nsxsim_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// identity is a self-signed certificate with its key, and a revocation list of it, as PEM.
type identity struct{ certificate, key, crl string }

func newIdentity(name string) identity {
	GinkgoHelper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCRLSign, SubjectKeyId: []byte{1}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	Expect(err).NotTo(HaveOccurred())
	parsed, err := x509.ParseCertificate(certificate)
	Expect(err).NotTo(HaveOccurred())
	list, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: template.NotBefore, NextUpdate: template.NotAfter,
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: template.SerialNumber, RevocationTime: template.NotBefore}}}, parsed, private)
	Expect(err).NotTo(HaveOccurred())
	key, err := x509.MarshalPKCS8PrivateKey(private)
	Expect(err).NotTo(HaveOccurred())
	encode := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return identity{encode("CERTIFICATE", certificate), encode("PRIVATE KEY", key), encode("X509 CRL", list)}
}

// showing is a client that shows a certificate and sends no password.
func showing(server *nsxsim.Server, who identity) *client {
	GinkgoHelper()
	pair, err := tls.X509KeyPair([]byte(who.certificate), []byte(who.key))
	Expect(err).NotTo(HaveOccurred())
	c := as(server, "")
	c.http.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{pair}
	return c
}

var _ = Describe("certificates", func() {
	const path = "/api/v1/trust-management/certificates"
	var (
		server *nsxsim.Server
		c      *client
		who    identity
	)

	BeforeEach(func() {
		server = start(nsxsim.Options{})
		c, who = admin(server), newIdentity("web")
	})

	It("are imported, and the private key never comes back", func() {
		imported := c.do("POST", path+"?action=import", object{"pem_encoded": who.certificate, "private_key": who.key, "display_name": "web", "tags": tags("a", "b")})
		Expect(imported.Status).To(Equal(http.StatusOK), imported.Raw)
		Expect(imported.Body["results"]).To(ConsistOf(And(HaveKeyWithValue("has_private_key", true), HaveKeyWithValue("resource_type", "certificate_self_signed"),
			HaveKeyWithValue("display_name", "web"), HaveKey("tags"))))
		id := imported.Body["results"].([]any)[0].(object)["id"].(string)
		var saved bytes.Buffer
		Expect(server.Store().Save(&saved)).To(Succeed())
		for _, text := range []string{imported.Raw, c.get(path + "/" + id + "?details=true").Raw, c.search("id:"+id, "").Raw, saved.String()} {
			Expect(text).NotTo(ContainSubstring("PRIVATE KEY"))
			Expect(text).NotTo(ContainSubstring("private_key\":\""))
		}
		without := c.do("POST", path+"?action=import", object{"pem_encoded": who.certificate})
		Expect(without.Body["results"]).To(ConsistOf(HaveKeyWithValue("has_private_key", false)))
	})

	It("show what is in them when a client asks for it", func() {
		id := c.do("POST", path+"?action=import", object{"pem_encoded": who.certificate}).Body["results"].([]any)[0].(object)["id"].(string)
		Expect(c.get(path + "/" + id).Body).NotTo(HaveKey("details"))
		Expect(c.get(path + "/" + id + "?details=true").Body["details"]).To(ConsistOf(And(
			HaveKeyWithValue("subject_cn", "web"), HaveKeyWithValue("serial_number", "7"), HaveKey("not_after"))))
		Expect(c.get(path + "?details=true").results()[0]).To(HaveKey("details"))
		Expect(c.get(path + "?type=self_signed_certificate").results()).To(HaveLen(1))
		Expect(c.get(path + "?type=ca_certificate").results()).To(BeEmpty())
		refused(c.get(path+"?type=x"), http.StatusBadRequest)
	})

	DescribeTable("are refused", func(body object) {
		refused(c.do("POST", path+"?action=import", body), http.StatusBadRequest)
		Expect(c.get(path).results()).To(BeEmpty())
	},
		Entry("without PEM", object{"pem_encoded": "x"}),
		Entry("with something else in the PEM", object{"pem_encoded": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}),
		Entry("without the field", object{}),
		Entry("with an unknown field", object{"pem_encoded": "x", "colour": "red"}),
	)

	It("keep their purpose, and are refused with a key that is none", func() {
		imported := c.do("POST", path+"?action=import", object{"pem_encoded": who.certificate, "purpose": "signing-ca"})
		Expect(imported.Body["results"]).To(ConsistOf(HaveKeyWithValue("purpose", "signing-ca")))
		refused(c.do("POST", path+"?action=import", object{"pem_encoded": who.certificate, "private_key": "x"}), http.StatusBadRequest)
	})

	It("are validated by the clock", func() {
		clock := &manualClock{now: time.Now()}
		c := admin(start(nsxsim.Options{Clock: clock}))
		id := c.do("POST", path+"?action=import", object{"pem_encoded": who.certificate}).Body["results"].([]any)[0].(object)["id"].(string)
		Expect(c.get(path + "/" + id + "?action=validate").Body).To(HaveKeyWithValue("status", "OK"))
		clock.now = clock.now.Add(2 * time.Hour)
		Expect(c.get(path + "/" + id + "?action=validate").Body).To(HaveKeyWithValue("status", "REJECTED"))
		refused(c.get(path+"/none?action=validate"), http.StatusNotFound)
	})

	It("are not replaced or made without an import", func() {
		Expect(c.do("POST", path, object{}).Status).To(Equal(http.StatusMethodNotAllowed))
		id := c.do("POST", path+"?action=import", object{"pem_encoded": who.certificate}).Body["results"].([]any)[0].(object)["id"].(string)
		Expect(c.do("PUT", path+"/"+id, object{}).Status).To(Equal(http.StatusMethodNotAllowed))
		Expect(c.do("DELETE", path+"/"+id, nil).Status).To(Equal(http.StatusOK))
	})

	It("have revocation lists beside them", func() {
		const crls = "/api/v1/trust-management/crls"
		imported := c.do("POST", crls+"?action=import", object{"pem_encoded": who.crl, "display_name": "list"})
		Expect(imported.Status).To(Equal(http.StatusOK), imported.Raw)
		Expect(c.get(crls).results()).To(ConsistOf(And(HaveKeyWithValue("resource_type", "Crl"), HaveKeyWithValue("display_name", "list"))))
		refused(c.do("POST", crls+"?action=import", object{"pem_encoded": who.certificate}), http.StatusBadRequest)
	})
})

var _ = Describe("principal identities", func() {
	const path = "/api/v1/trust-management/principal-identities"
	var who identity

	BeforeEach(func() { who = newIdentity("tas1") })

	body := func(role string) object {
		return object{"name": "tas1-ncp", "node_id": "node-1", "role": role, "is_protected": true, "certificate_pem": who.certificate}
	}

	It("are registered with their certificate, which then lets them in, also after a restart", func() {
		st := store.New(1)
		server := start(nsxsim.Options{Store: st})
		Expect(showing(server, who).get("/api/v1/node").Status).To(Equal(http.StatusForbidden))
		created := admin(server).do("POST", path+"/with-certificate", body("enterprise_admin"))
		Expect(created.Status).To(Equal(http.StatusCreated), created.Raw)
		Expect(created.Body).To(And(HaveKeyWithValue("name", "tas1-ncp"), HaveKey("certificate_id"), Not(HaveKey("certificate_pem"))))
		set := showing(server, who).do("POST", "/api/v1/ip-sets", object{})
		Expect(set.Body).To(HaveKeyWithValue("_create_user", "tas1-ncp"))

		Expect(server.Close()).To(Succeed())
		server = start(nsxsim.Options{Store: st})
		Expect(showing(server, who).get("/api/v1/aaa/user-info").Body).To(HaveKeyWithValue("user_name", "tas1-ncp"))

		c := admin(server)
		Expect(c.do("DELETE", "/api/v1/trust-management/certificates/"+created.Body["certificate_id"].(string), nil).Body["error_message"]).
			To(ContainSubstring("PrincipalIdentity/"))
		Expect(c.do("DELETE", path+"/"+created.Body["id"].(string), nil).Status).To(Equal(http.StatusOK))
		Expect(showing(server, who).get("/api/v1/node").Status).To(Equal(http.StatusForbidden))
	})

	It("may name a certificate that was imported", func() {
		server := start(nsxsim.Options{})
		c := admin(server)
		imported := c.do("POST", "/api/v1/trust-management/certificates?action=import", object{"pem_encoded": who.certificate})
		registered := body("auditor")
		delete(registered, "certificate_pem")
		registered["certificate_id"] = imported.Body["results"].([]any)[0].(object)["id"]
		Expect(c.do("POST", path, registered).Status).To(Equal(http.StatusCreated))
		Expect(showing(server, who).get("/api/v1/node").Status).To(Equal(http.StatusOK))
		Expect(showing(server, who).do("POST", "/api/v1/ip-sets", object{}).Status).To(Equal(http.StatusForbidden))
		registered["certificate_id"] = "none"
		refused(c.do("POST", path, registered), http.StatusNotFound)
	})

	It("take another certificate, and the old one lets them in no more", func() {
		server := start(nsxsim.Options{})
		c, next := admin(server), newIdentity("tas1-next")
		id := c.do("POST", path+"/with-certificate", body("enterprise_admin")).Body["id"]
		imported := c.do("POST", "/api/v1/trust-management/certificates?action=import", object{"pem_encoded": next.certificate})
		changed := c.do("POST", path+"?action=update_certificate", object{
			"principal_identity_id": id, "certificate_id": imported.Body["results"].([]any)[0].(object)["id"]})
		Expect(changed.Status).To(Equal(http.StatusOK), changed.Raw)
		Expect(showing(server, who).get("/api/v1/node").Status).To(Equal(http.StatusForbidden))
		Expect(showing(server, next).get("/api/v1/aaa/user-info").Body).To(HaveKeyWithValue("user_name", "tas1-ncp"))
		refused(c.do("POST", path+"?action=update_certificate", object{"principal_identity_id": "none", "certificate_id": "x"}), http.StatusNotFound)
	})

	DescribeTable("are refused", func(change object) {
		server := start(nsxsim.Options{})
		refusedBody := body("enterprise_admin")
		for name, value := range change {
			refusedBody[name] = value
		}
		refused(admin(server).do("POST", path+"/with-certificate", refusedBody), http.StatusBadRequest)
		Expect(admin(server).get(path).results()).To(BeEmpty())
		Expect(admin(server).get("/api/v1/trust-management/certificates").results()).To(BeEmpty())
	},
		Entry("with the name of a local user", object{"name": "admin"}),
		Entry("with a role that is not known", object{"role": "king"}),
		Entry("with a broken certificate", object{"certificate_pem": "x"}),
		Entry("with an unknown field", object{"colour": "red"}),
	)
})
