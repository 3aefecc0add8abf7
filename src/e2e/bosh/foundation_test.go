package bosh_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// foundation is one simulated NSX with a foundation or cluster, and the deployment of its errand.
type foundation struct {
	name      string // of the deployment
	dir       string // of the simulator
	nsx       struct{ URL, Username, Password, Cluster string }
	http      *http.Client
	workloads string // file with the manifests of what runs on a cluster; empty in TAS
	// shipped keeps the pace of requests that the release has unless told otherwise, at which a run mostly waits.
	shipped bool
}

// unpaced is the property of an errand that does not wait between its requests, for an NSX without limits.
const unpaced = "nsx/requests_per_second"

// newFoundation starts a simulator, with a small TAS foundation unless the flags, nsxsim's, say otherwise.
func newFoundation(name string, flags ...string) *foundation {
	f := &foundation{name: name, dir: GinkgoT().TempDir()}
	flags = append([]string{"start", f.dir, "--model", "tas", "--seed", "7", "--requests-per-second", "0"}, flags...)
	output, err := exec.Command(filepath.Join(scripts, "sim"), flags...).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(output))
	DeferCleanup(f.stop)
	Expect(json.Unmarshal(f.read("nsx.json"), &f.nsx)).To(Succeed())
	pool := x509.NewCertPool()
	Expect(pool.AppendCertsFromPEM(f.read("ca.pem"))).To(BeTrue())
	f.http = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	return f
}

// stop ends the simulator; a second call does nothing.
func (f *foundation) stop() {
	if _, err := os.Stat(filepath.Join(f.dir, "pid")); os.IsNotExist(err) {
		return
	}
	output, err := exec.Command(filepath.Join(scripts, "sim"), "stop", f.dir).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(output))
}

func (f *foundation) read(file string) []byte {
	content, err := os.ReadFile(filepath.Join(f.dir, file))
	Expect(err).NotTo(HaveOccurred())
	return content
}

// deploy deploys the manifest as it stands in src/manifests with some of its operations; changes are further properties,
// such as "records/require_mount=false".
func (f *foundation) deploy(ops []string, changes ...string) {
	variables, err := json.Marshal(map[string]any{
		"deployment_name": f.name, "network": "default", "vm_type": "default",
		"cluster": f.nsx.Cluster, "user_spec": string(f.read("user-spec.yaml")),
		"nsx_managers": []string{strings.TrimPrefix(f.nsx.URL, "https://")},
		"nsx_username": f.nsx.Username, "nsx_password": f.nsx.Password, "nsx_ca_certificate": string(f.read("ca.pem")),
	})
	Expect(err).NotTo(HaveOccurred())
	file := filepath.Join(f.dir, "vars.json")
	Expect(os.WriteFile(file, variables, 0o600)).To(Succeed())
	arguments := []string{"-d", f.name, "deploy", filepath.Join(manifests, "migrate-mp2p.yml"), "-l", file}
	for _, op := range ops {
		arguments = append(arguments, "-o", filepath.Join(manifests, "operations", op+".yml"))
	}
	if !f.shipped {
		changes = append(changes, unpaced+"=1000")
	}
	if len(changes) > 0 {
		arguments = append(arguments, "-o", f.propertyFile(changes))
	}
	expectBOSH(arguments...)
}

// propertyFile writes an operations file that sets properties.
func (f *foundation) propertyFile(changes []string) string {
	var operations []map[string]any
	for _, change := range changes {
		path, value, _ := strings.Cut(change, "=")
		operations = append(operations, map[string]any{
			"type": "replace", "value": json.RawMessage(value),
			"path": "/instance_groups/name=migrate-mp2p/jobs/name=migrate-mp2p/properties/" + strings.ReplaceAll(path, "/", "?/") + "?",
		})
	}
	text, err := json.Marshal(operations)
	Expect(err).NotTo(HaveOccurred())
	file := filepath.Join(f.dir, "properties.json")
	Expect(os.WriteFile(file, text, 0o600)).To(Succeed())
	return file
}

// outcome is a run of the errand as the bosh CLI shows it.
type outcome struct {
	Code   int    // the errand's exit code; -1 when there is none
	Stdout string // of the errand
	Text   string // the CLI's closing lines
}

// table is what the CLI prints of an errand with --json: a row for each instance.
type table struct {
	Tables []struct {
		Rows []struct {
			Instance string
			ExitCode string `json:"exit_code"`
			Stdout   string
		}
	}
	Lines []string
}

// command is the CLI about to run this foundation's errand.
func (f *foundation) command() *exec.Cmd {
	return command("-d", f.name, "run-errand", "migrate-mp2p", "--json", "--download-logs", "--logs-dir", f.dir)
}

// run runs the errand and waits for it.
func (f *foundation) run() outcome {
	output, err := f.command().Output()
	result := parseOutcome(output, err)
	if result.Code == 0 && strings.Contains(result.Stdout, "exit code 0: all of the NCP-created objects") {
		f.expectReady()
	}
	return result
}

// expectReady demands of the simulator's own judge that NCP in Policy mode could start.
func (f *foundation) expectReady() {
	response, err := f.http.Get(f.nsx.URL + "/_nsxsim/state")
	Expect(err).NotTo(HaveOccurred())
	state, err := io.ReadAll(response.Body)
	Expect(errors.Join(err, response.Body.Close())).To(Succeed())
	file := filepath.Join(f.dir, "state-now")
	Expect(os.WriteFile(file, state, 0o600)).To(Succeed())
	arguments := []string{"check", "--load", file, "--cluster", f.nsx.Cluster, "--ready"}
	if f.workloads != "" {
		arguments = append(arguments, "--workloads", f.workloads)
	}
	output, err := exec.Command(filepath.Join(f.dir, "nsxsim"), arguments...).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(output))
}

func parseOutcome(output []byte, err error) outcome {
	var printed table
	Expect(json.Unmarshal(output, &printed)).To(Succeed(), string(output))
	result := outcome{Code: -1, Text: strings.Join(printed.Lines, "\n")}
	if len(printed.Tables) > 0 {
		row := printed.Tables[0].Rows[0]
		code, convErr := strconv.Atoi(row.ExitCode)
		Expect(convErr).NotTo(HaveOccurred())
		result.Code, result.Stdout = code, row.Stdout
	}
	// The CLI has a status of its own: 0 for the errand's 0, and 1 for everything else.
	Expect(err == nil).To(Equal(result.Code == 0), result.Text)
	return result
}

// logs are the files that --download-logs brought home from the last run, by name.
func (f *foundation) logs() map[string]string {
	archives, err := filepath.Glob(filepath.Join(f.dir, "migrate-mp2p-*.tgz"))
	Expect(err).NotTo(HaveOccurred())
	Expect(archives).NotTo(BeEmpty())
	folder := GinkgoT().TempDir()
	output, err := exec.Command("tar", "-C", folder, "-xzf", slices.Max(archives)).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(output))
	return readTree(folder)
}

// disk are the files on the errand's persistent disk, by path.
func (f *foundation) disk() map[string]string {
	return readTree(theDirector.DiskDir(f.name, "migrate-mp2p", 0))
}

func readTree(folder string) map[string]string {
	files := map[string]string{}
	Expect(filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, folder+"/")] = string(content)
		return err
	})).To(Succeed())
	return files
}

// request asks NSX, or the simulator's own control address, and returns the answer's body.
func (f *foundation) request(method, path string, body []byte) []byte {
	request, err := http.NewRequest(method, f.nsx.URL+path, bytes.NewReader(body))
	Expect(err).NotTo(HaveOccurred())
	request.SetBasicAuth(f.nsx.Username, f.nsx.Password)
	response, err := f.http.Do(request)
	Expect(err).NotTo(HaveOccurred())
	content, err := io.ReadAll(response.Body)
	Expect(err).NotTo(HaveOccurred())
	Expect(response.Body.Close()).To(Succeed())
	Expect(response.StatusCode).To(BeNumerically("<", 300), string(content))
	return content
}

// faults replaces the simulator's fault rules (YAML).
func (f *foundation) faults(rules string) {
	f.request(http.MethodPut, "/_nsxsim/faults", []byte(rules))
}

// writes are the requests so far that could have changed NSX, logins aside.
func (f *foundation) writes() []string {
	var requests []struct{ Method, Path string }
	Expect(json.Unmarshal(f.request(http.MethodGet, "/_nsxsim/requests", nil), &requests)).To(Succeed())
	var writes []string
	for _, r := range requests {
		if r.Method != http.MethodGet && !strings.HasPrefix(r.Path, "/api/session/") {
			writes = append(writes, r.Method+" "+r.Path)
		}
	}
	return writes
}

// counts asks NSX how many of the NCP-created objects (they carry ncp/cluster and ncp/version) are in which mode.
func (f *foundation) counts() (manager, promoted int) {
	return f.countAll(`tags.scope:ncp\/cluster AND tags.tag:`+quoted(f.nsx.Cluster), func(scopes map[string]bool) bool { return scopes["ncp/version"] })
}

// countAll asks NSX in which mode those of the objects found are whose tag scopes count. A promoted object stays visible in
// the Manager API, where it carries the tag policyPath.
func (f *foundation) countAll(query string, counts func(scopes map[string]bool) bool) (manager, promoted int) {
	for cursor := ""; ; {
		var page struct {
			Results []struct {
				Tags []struct{ Scope string }
			}
			Cursor string
		}
		answer := f.request(http.MethodGet, "/api/v1/search/query?page_size=1000&query="+url.QueryEscape(query)+"&cursor="+cursor, nil)
		Expect(json.Unmarshal(answer, &page)).To(Succeed())
		for _, object := range page.Results {
			scopes := map[string]bool{}
			for _, tag := range object.Tags {
				scopes[tag.Scope] = true
			}
			switch {
			case !counts(scopes):
			case scopes["policyPath"]:
				promoted++
			default:
				manager++
			}
		}
		if cursor = page.Cursor; cursor == "" || len(page.Results) == 0 {
			return manager, promoted
		}
	}
}

// quoted is a value in a search in which every character stands for itself.
func quoted(value string) string { return strings.ReplaceAll(value, "-", `\-`) }
