package sdk_test

import (
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
	"github.com/vmware/vsphere-automation-sdk-go/runtime/core"
	"github.com/vmware/vsphere-automation-sdk-go/runtime/protocol/client"
	"github.com/vmware/vsphere-automation-sdk-go/runtime/security"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// startNSX starts an NSX with a small foundation.
func startNSX() *nsxsim.Server {
	GinkgoHelper()
	return start(foundation())
}

// foundation is a small TAS foundation.
func foundation() *model.World {
	GinkgoHelper()
	w, err := model.TAS(1, 1, model.Options{})
	Expect(err).NotTo(HaveOccurred())
	return w
}

// empty is an NSX as it comes out of the box.
func empty() *model.World {
	GinkgoHelper()
	w, err := model.Empty(1, model.Options{})
	Expect(err).NotTo(HaveOccurred())
	return w
}

// start starts an NSX that holds a world.
func start(w *model.World) *nsxsim.Server {
	GinkgoHelper()
	st := store.New(1)
	Expect(nsxsim.LoadWorld(st, w)).To(Succeed())
	server, err := nsxsim.Start(nsxsim.Options{Store: st, Coordinator: coordinator.New(coordinator.Options{}), KeepBodies: true})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(server.Close()).To(Succeed()) })
	return server
}

// login connects as the administrator, with name and password in every request.
func login(server *nsxsim.Server) *session {
	s := connect(server, &tls.Config{}, password(nsxsim.AdminUser, server.Password()))
	s.sign = func(r *http.Request) { r.SetBasicAuth(nsxsim.AdminUser, server.Password()) }
	return s
}

// password makes the SDK send a name and a password with every request.
func password(user, secret string) client.ConnectorOption {
	ctx := core.NewSecurityContextImpl()
	ctx.SetProperty(security.AUTHENTICATION_SCHEME_ID, security.USER_PASSWORD_SCHEME_ID)
	ctx.SetProperty(security.USER_KEY, user)
	ctx.SetProperty(security.PASSWORD_KEY, secret)
	return client.WithSecurityContext(ctx)
}

// runTime bounds the runs of migrate-mp2p.
const runTime = 30 * time.Minute

// patience bounds what NSX does in the background. It only ends what hangs.
const patience = 10 * time.Minute

// certificate is a self-signed one in PEM.
func certificate(commonName string) string {
	GinkgoHelper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: commonName}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	Expect(err).NotTo(HaveOccurred())
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
