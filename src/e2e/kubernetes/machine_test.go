package kubernetes_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/apiserver"
	"nsx-mp2p/e2e/programs"
)

// site is an NSX with the objects of a cluster, and the errand's machine.
type site struct {
	nsx     *programs.NSX
	machine *programs.Machine
	dir     string // of the machine
}

func newSite(platform string) *site {
	GinkgoHelper()
	folder := GinkgoT().TempDir()
	s := &site{dir: filepath.Join(folder, "machine")}
	nsx := filepath.Join(folder, "nsx")
	Expect(os.Mkdir(nsx, 0o700)).To(Succeed())
	Expect(os.Mkdir(s.dir, 0o700)).To(Succeed())
	var err error
	s.nsx, err = built.StartNSX(nsx, "--model", platform, "--scale", "1", "--seed", "1")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(s.nsx.Stop()).To(Succeed()) })
	s.machine = built.NewMachine(s.dir, s.nsx)
	return s
}

// file writes a file of the machine's.
func (s *site) file(name string, content []byte) string {
	GinkgoHelper()
	path := filepath.Join(s.dir, name)
	Expect(os.WriteFile(path, content, 0o600)).To(Succeed())
	return path
}

// run runs the errand with the configuration changed so, and with further arguments.
func (s *site) run(ctx context.Context, command string, changes programs.Changes, arguments ...string) programs.Result {
	GinkgoHelper()
	Expect(s.machine.Configure(changes)).To(Succeed())
	result, err := s.machine.Run(ctx, command, arguments...)
	Expect(err).NotTo(HaveOccurred())
	AddReportEntry("migrate-mp2p "+command, result.Output, ReportEntryVisibilityFailureOrVerbose)
	return result
}

// expectNothingWritten looks at what NSX was asked for: only to show things, and to log in.
func (s *site) expectNothingWritten() {
	GinkgoHelper()
	requests, err := s.nsx.Requests()
	Expect(err).NotTo(HaveOccurred())
	Expect(requests).NotTo(BeEmpty())
	for _, r := range requests {
		if !strings.HasPrefix(r.Path, "/api/session/") && !strings.HasPrefix(r.Path, "/_nsxsim/") {
			Expect(r.Method).To(Equal(http.MethodGet), "%s %s", r.Method, r.Path)
		}
	}
}

// expectNo looks for a secret in what was printed and in all that was left, but for the files that the operator gave.
func (s *site) expectNo(secret string, result programs.Result, given ...string) {
	GinkgoHelper()
	Expect(result.Output).NotTo(ContainSubstring(secret))
	Expect(filepath.WalkDir(s.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		for _, name := range append(given, s.machine.ConfigFile()) {
			if path == name {
				return nil
			}
		}
		content, err := os.ReadFile(path)
		Expect(bytes.Contains(content, []byte(secret))).To(BeFalse(), "%s holds a secret", path)
		return err
	})).To(Succeed())
}

// byToken are the keys that lead to a server with a token.
func byToken(server *apiserver.Server, token string) programs.Changes {
	return programs.Changes{"kubernetes.api_server": server.URL, "kubernetes.ca_certificate": server.CAFile, "kubernetes.token": token}
}

// allow lets a group list resources, the API group "" and networking.k8s.io apart, and waits until the server knows it.
func allow(ctx context.Context, server *apiserver.Server, group, core, networking string) {
	GinkgoHelper()
	Expect(server.Apply(ctx, strings.NewReader(fmt.Sprintf(`
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: %[1]s
rules:
  - {apiGroups: [""], resources: [%[2]s], verbs: [list]}
  - {apiGroups: [networking.k8s.io], resources: [%[3]s], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: %[1]s
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %[1]s}
subjects:
  - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: %[1]s}
`, group, core, networking)), false)).To(Succeed())
	token := server.AddToken("waiting", group)
	Eventually(func(g Gomega) { // the authorizer hears of roles by a watch
		first, _, _ := strings.Cut(core, ",")
		code, body, err := server.Do(ctx, apiserver.Request{Path: "/api/v1/" + first + "?limit=1", Token: token})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(code).To(Equal(http.StatusOK), "%s", body)
	}).WithContext(ctx).Should(Succeed())
}
