package apiserver_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/apiserver"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

func TestAPIServer(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(time.Minute)
	EnforceDefaultTimeoutsWhenUsingContexts()
	RunSpecs(t, "A real API server")
}

// shop is the cluster of most specs: what the simulator's model of Kubernetes says runs on it.
var (
	shop      *apiserver.Server
	manifests []byte
)

var _ = BeforeSuite(func(ctx SpecContext) {
	manifests = manifestsOf(1)
	shop = started(ctx, apiserver.Options{Manifests: bytes.NewReader(manifests), ControllerManager: true})
})

// manifestsOf are the manifests of a modelled cluster of a size.
func manifestsOf(scale int) []byte {
	world, err := model.Kubernetes(scale, 1, model.Options{})
	Expect(err).NotTo(HaveOccurred())
	var text bytes.Buffer
	Expect(model.WriteManifests(&text, world.Workloads[0])).To(Succeed())
	return text.Bytes()
}

// started starts a server that ends with the spec or the suite.
func started(ctx SpecContext, options apiserver.Options) *apiserver.Server {
	server, err := apiserver.Start(ctx, options)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(server.Stop()).To(Succeed()) })
	return server
}

// item is an object in a list.
type item struct {
	Metadata struct {
		Name              string `json:"name"`
		Namespace         string `json:"namespace"`
		UID               string `json:"uid"`
		ResourceVersion   string `json:"resourceVersion"`
		CreationTimestamp string `json:"creationTimestamp"`
	} `json:"metadata"`
	Status struct {
		Phase string `json:"phase"`
	} `json:"status"`
}

type list struct {
	Metadata struct {
		Continue           string `json:"continue"`
		RemainingItemCount int    `json:"remainingItemCount"`
	} `json:"metadata"`
	Items []item `json:"items"`
}

// get asks as the administrator and decodes a success.
func get(ctx SpecContext, server *apiserver.Server, path string, into any) {
	GinkgoHelper()
	code, body, err := server.Do(ctx, apiserver.Request{Path: path})
	Expect(err).NotTo(HaveOccurred())
	Expect(code).To(Equal(http.StatusOK), "%s: %s", path, body)
	Expect(json.Unmarshal(body, into)).To(Succeed())
}

// codeOf is the status code of the answer, and its message.
func codeOf(ctx SpecContext, server *apiserver.Server, request apiserver.Request) (int, string) {
	GinkgoHelper()
	code, body, err := server.Do(ctx, request)
	Expect(err).NotTo(HaveOccurred())
	var status struct {
		Message string `json:"message"`
	}
	Expect(json.Unmarshal(body, &status)).To(Succeed())
	return code, status.Message
}

// apply applies manifests for good.
func apply(ctx SpecContext, server *apiserver.Server, text string) {
	GinkgoHelper()
	Expect(server.Apply(ctx, bytes.NewBufferString(text), false)).To(Succeed())
}
