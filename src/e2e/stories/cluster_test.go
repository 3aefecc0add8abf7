package stories_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/apiserver"
	"nsx-mp2p/e2e/programs"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

// cluster is the real Kubernetes API of a story on TKGI or Kubernetes, with what the model says runs there.
type cluster struct {
	// Kubeconfig, the token in it, and the file of the manifests.
	Kubeconfig, Token, Manifests string

	server *apiserver.Server // nil where another process has started it
}

// clusters are those whose workloads no story changes, by the story's model. The first process runs them for all.
var clusters map[string]cluster

// manifestsOf writes what runs on the first cluster of a model into a file.
func manifestsOf(platform, dir string) string {
	GinkgoHelper()
	var text bytes.Buffer
	Expect(model.WriteManifests(&text, foundation(platform).Workloads[0])).To(Succeed())
	file := filepath.Join(dir, platform+".yaml")
	Expect(os.WriteFile(file, text.Bytes(), 0o600)).To(Succeed())
	return file
}

// startCluster starts the API with the workloads of a model; it ends with the spec or the suite.
func startCluster(ctx context.Context, platform, dir string) cluster {
	GinkgoHelper()
	manifests := manifestsOf(platform, dir)
	file, err := os.Open(manifests)
	Expect(err).NotTo(HaveOccurred())
	server, err := apiserver.Start(ctx, apiserver.Options{Manifests: file})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(server.Stop()).To(Succeed()) })
	Expect(file.Close()).To(Succeed())
	return cluster{Kubeconfig: server.Kubeconfig, Token: server.AdminToken, Manifests: manifests, server: server}
}

// clusterOf is the cluster of a story: one of its own where a step changes what runs on it, and none on TAS.
func clusterOf(ctx context.Context, s story, dir string) *cluster {
	GinkgoHelper()
	if s.Model == "" || s.Model == "tas" {
		return nil
	}
	if changesWorkloads(s.Steps) {
		own := startCluster(ctx, s.Model, dir)
		return &own
	}
	shared, known := clusters[s.Model]
	Expect(known).To(BeTrue(), "no cluster is of model %s", s.Model)
	return &shared
}

func changesWorkloads(steps []step) bool {
	return slices.ContainsFunc(steps, func(s step) bool { return s.Workloads != "" || changesWorkloads(s.Meanwhile) })
}

// config is how the errand reaches the cluster.
func (c *cluster) config() programs.Changes {
	if c == nil {
		return programs.Changes{}
	}
	return programs.Changes{"kubernetes.kubeconfig": c.Kubeconfig}
}

// judging are the flags by which nsxsim check compares all values with the workloads that the story began with.
func (c *cluster) judging() []string {
	if c == nil {
		return nil
	}
	return []string{"--workloads", c.Manifests}
}

// change sends a request, such as "DELETE /api/v1/namespaces/one", to the API.
func (c *cluster) change(ctx context.Context, request string) {
	GinkgoHelper()
	method, path, _ := strings.Cut(request, " ")
	code, body, err := c.server.Do(ctx, apiserver.Request{Method: method, Path: path})
	Expect(err).NotTo(HaveOccurred())
	Expect(code).To(Equal(http.StatusOK), "%s: %s", request, body)
}
