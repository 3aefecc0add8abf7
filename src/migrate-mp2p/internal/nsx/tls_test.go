package nsx

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"net/http/httptest"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

var _ = Describe("trusting a manager", func() {
	ctx := context.Background()

	connect := func(o Options) error {
		c, err := New(o)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(c.Close)
		_, err = c.Connect(ctx, "")
		return err
	}

	It("names the unknown authority and the property that cures it, and tries no other manager", func() {
		first, second := newManager(), newManager()
		o := options(GinkgoWriter, first, second)
		o.CACertificate = ""
		err := connect(o)
		Expect(err).To(beKind(mp.KindTLS))
		Expect(err).To(MatchError(And(ContainSubstring("unknown authority"), ContainSubstring("nsx.ca_certificate"), ContainSubstring("Acme Co"))))
		Expect(first.asked()).To(BeEmpty())
		Expect(second.asked()).To(BeEmpty())
	})

	It("prints the names in a certificate that was made for others", func() {
		m := newManager()
		o := options(GinkgoWriter, m)
		o.Managers[0].ServerName = "nsx.elsewhere.org"
		err := connect(o)
		Expect(err).To(beKind(mp.KindTLS))
		Expect(err).To(MatchError(And(ContainSubstring("example.com, *.example.com, 127.0.0.1"), ContainSubstring(`"nsx.elsewhere.org"`), ContainSubstring("server_name"))))
	})

	It("accepts another name in the certificate when it is told that name", func() {
		m := newManager()
		o := options(GinkgoWriter, m)
		o.Managers[0].ServerName = "nsx.example.com"
		Expect(connect(o)).To(Succeed())
	})

	It("accepts a certificate by its thumbprint alone, and says which one came instead", func() {
		m := newManager()
		o := options(GinkgoWriter, m)
		o.CACertificate = ""
		sum := sha256.Sum256(m.Certificate().Raw)
		o.Managers[0].Thumbprint = strings.ToUpper(hex.EncodeToString(sum[:]))
		Expect(connect(o)).To(Succeed())

		o.Managers[0].Thumbprint = strings.Repeat("ab:", 31) + "ab"
		err := connect(o)
		Expect(err).To(beKind(mp.KindTLS))
		Expect(err).To(MatchError(And(ContainSubstring(hex.EncodeToString(sum[:])), ContainSubstring(strings.Repeat("ab", 32)))))
	})

	It("connects with anybody when told to be insecure, and is loud about it", func() {
		m := newManager()
		log := gbytes.NewBuffer()
		o := options(log, m)
		o.CACertificate, o.Insecure = "", true
		Expect(connect(o)).To(Succeed())
		Expect(log).To(gbytes.Say("level=warning.*NOT VERIFIED"))
	})

	It("says that a plain server does not speak TLS", func() {
		plain := httptest.NewServer(nil)
		DeferCleanup(plain.Close)
		o := options(GinkgoWriter, newManager())
		o.Managers = []Endpoint{{Address: plain.Listener.Addr().String()}}
		err := connect(o)
		Expect(err).To(beKind(mp.KindTLS))
		Expect(err).To(MatchError(ContainSubstring("does not speak TLS")))
	})

	Context("with a client certificate", func() {
		var certificate, key string

		BeforeEach(func() {
			private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			Expect(err).NotTo(HaveOccurred())
			template := &x509.Certificate{
				SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "pas-1-ncp"},
				NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
			}
			der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
			Expect(err).NotTo(HaveOccurred())
			encoded, err := x509.MarshalECPrivateKey(private)
			Expect(err).NotTo(HaveOccurred())
			certificate, key = pemFile("CERTIFICATE", der), pemFile("EC PRIVATE KEY", encoded)
		})

		byCertificate := func(m *manager) Options {
			o := options(GinkgoWriter, m)
			o.Username, o.Password, o.ClientCertificate, o.ClientKey = "", "", certificate, key
			return o
		}

		It("makes no session and goes by the certificate's common name", func() {
			m := newManager()
			m.TLS.ClientAuth = tls.RequireAnyClientCert
			o := byCertificate(m)
			c, err := New(o)
			Expect(err).NotTo(HaveOccurred())
			Expect(c.Identity()).To(Equal("pas-1-ncp"))
			DeferCleanup(c.Close)
			_, err = c.Connect(ctx, "")
			Expect(err).NotTo(HaveOccurred())
			Expect(m.count("POST /api/session/create")).To(BeZero())
		})

		It("says so when the manager refuses the certificate", func() {
			m := newManager()
			m.TLS.ClientAuth = tls.RequireAndVerifyClientCert
			m.TLS.ClientCAs = x509.NewCertPool()
			err := connect(byCertificate(m))
			Expect(err).To(beKind(mp.KindTLS))
			Expect(err).To(MatchError(ContainSubstring("nsx.client_certificate")))
		})

		It("refuses a key that does not belong to it", func() {
			o := byCertificate(newManager())
			o.ClientKey = certificate
			_, err := New(o)
			Expect(err).To(MatchError(ContainSubstring("nsx.client_key")))
		})
	})
})
