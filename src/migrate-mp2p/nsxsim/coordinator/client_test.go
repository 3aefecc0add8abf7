package coordinator_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

type object = map[string]any

// The request body, written down here once more so that the tests do not share the
// coordinator's idea of it.
type (
	pair     struct{ Key, Value string }
	resource struct {
		ManagerID string
		PolicyID  string
		Metadata  []pair
		LinkedIDs []pair
	}
	batch struct {
		kind      string
		resources []resource
	}
)

func (p pair) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"key": p.Key, "value": p.Value})
}

func (r resource) MarshalJSON() ([]byte, error) {
	body := object{"manager_id": r.ManagerID}
	if r.PolicyID != "" {
		body["policy_id"] = r.PolicyID
	}
	if r.Metadata != nil {
		body["metadata"] = r.Metadata
	}
	if r.LinkedIDs != nil {
		body["linked_ids"] = r.LinkedIDs
	}
	return json.Marshal(body)
}

func (b batch) body() object {
	return object{"migration_data": []any{object{"type": b.kind, "resource_ids": b.resources}}, "setup_details": object{"principal_identity": "tas1-ncp"}}
}

// nsx is a simulator with a coordinator whose service runs, and an administrator
// logged in to it.
type nsx struct {
	server *nsxsim.Server
	http   *http.Client
	// base is the address of the node that is called.
	base string
}

// serve starts a simulator over a state. A change may alter the server's options.
func serve(st *store.Store, options coordinator.Options, changes ...func(*nsxsim.Options)) *nsx {
	GinkgoHelper()
	o := nsxsim.Options{Store: st, Coordinator: coordinator.New(options)}
	for _, change := range changes {
		change(&o)
	}
	server, err := nsxsim.Start(o)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(server.Close()).To(Succeed()) })
	pool := x509.NewCertPool()
	Expect(pool.AppendCertsFromPEM(server.CA())).To(BeTrue())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	if o.Clock != nil {
		transport.TLSClientConfig.Time = o.Clock.Now
	}
	DeferCleanup(transport.CloseIdleConnections)
	n := &nsx{server: server, http: &http.Client{Transport: transport}, base: server.URL()}
	n.startService()
	return n
}

// startService starts the coordinator's service and waits for it.
func (n *nsx) startService() {
	GinkgoHelper()
	n.ok("POST", "/api/v1/node/services/migration-coordinator?action=start", nil)
	Eventually(func() any {
		return n.ok("GET", "/api/v1/node/services/migration-coordinator/status", nil)["runtime_state"]
	}).Should(Equal("running"))
}

// coordinator is the coordinator behind the server.
func (n *nsx) coordinator() *coordinator.Coordinator {
	return n.server.Coordinator().(*coordinator.Coordinator)
}

// small is the foundation of all tests; it is made once, and copied.
var small = sync.OnceValues(func() (*model.World, error) { return model.TAS(1, 1, model.Options{}) })

// tas is the state of a small foundation, changed by the test if it wants to.
func tas(changes ...func(*model.World)) (*store.Store, *model.World) {
	GinkgoHelper()
	made, err := small()
	Expect(err).NotTo(HaveOccurred())
	world := *made
	world.Manager = slices.Clone(made.Manager)
	for _, change := range changes {
		change(&world)
	}
	st := store.New(1)
	Expect(nsxsim.LoadWorld(st, &world)).To(Succeed())
	return st, &world
}

// bare is an NSX with nothing but these Manager objects, by key.
func bare(objects map[string]object) *store.Store {
	GinkgoHelper()
	st := store.New(1)
	put(st, objects)
	return st
}

// put adds objects to a state, Policy ones by their paths; their id is the end of their key.
func put(st *store.Store, objects map[string]object) {
	GinkgoHelper()
	Expect(st.Update(func(tx *store.Tx) error {
		for key, body := range objects {
			body["id"] = path.Base(key)
			space := tx.Manager()
			if path.IsAbs(key) {
				space = tx.Policy()
			}
			if _, err := space.PutFields(key, body); err != nil {
				return err
			}
		}
		return nil
	})).To(Succeed())
}

// call sends a request and returns status and decoded body.
func (n *nsx) call(method, path string, body any) (int, object) {
	GinkgoHelper()
	return n.exchange(method, path, body, http.Header{})
}

// send is call with headers, for those who only want the status.
func (n *nsx) send(method, path string, body any, header http.Header) int {
	GinkgoHelper()
	status, _ := n.exchange(method, path, body, header)
	return status
}

func (n *nsx) exchange(method, path string, body any, header http.Header) (int, object) {
	GinkgoHelper()
	var sent io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		Expect(err).NotTo(HaveOccurred())
		sent = bytes.NewReader(encoded)
	}
	request, err := http.NewRequest(method, n.base+path, sent)
	Expect(err).NotTo(HaveOccurred())
	request.Header = header
	request.SetBasicAuth(nsxsim.AdminUser, n.server.Password())
	response, err := n.http.Do(request)
	Expect(err).NotTo(HaveOccurred())
	raw, err := io.ReadAll(response.Body)
	Expect(err).NotTo(HaveOccurred())
	Expect(response.Body.Close()).To(Succeed())
	var decoded object
	if len(raw) > 0 {
		Expect(json.Unmarshal(raw, &decoded)).To(Succeed(), string(raw))
	}
	return response.StatusCode, decoded
}

// ok is call for requests that must succeed.
func (n *nsx) ok(method, path string, body any) object {
	GinkgoHelper()
	status, answer := n.call(method, path, body)
	Expect(status).To(Equal(http.StatusOK), "%s %s: %v", method, path, answer)
	return answer
}

// refused is call for requests that must fail; it returns the error's text.
func (n *nsx) refused(status int, method, path string, body any) string {
	GinkgoHelper()
	got, answer := n.call(method, path, body)
	Expect(got).To(Equal(status), "%s %s: %v", method, path, answer)
	text, _ := answer["error_message"].(string)
	details, _ := answer["details"].(string)
	return text + " " + details
}

const migration = "/api/v1/migration/"

func (n *nsx) initiate() {
	GinkgoHelper()
	n.ok("POST", migration+"mp-to-policy/workflow?action=INITIATE", nil)
}

func (n *nsx) done() {
	GinkgoHelper()
	n.ok("POST", migration+"mp-to-policy/workflow?action=DONE", nil)
}

func (n *nsx) plan(action string) {
	GinkgoHelper()
	n.ok("POST", migration+"plan?action="+action, nil)
}

// component is one component of the status.
type component struct{ Status, Details string }

// status returns the overall status and the two components.
func (n *nsx) status() (overall string, precheck, migrate component) {
	GinkgoHelper()
	answer := n.ok("GET", migration+"status-summary", nil)
	for _, one := range answer["component_status"].([]any) {
		body := one.(object)
		read := component{Status: body["status"].(string), Details: body["details"].(string)}
		if body["component_type"] == "MP_TO_POLICY_PRECHECK" {
			precheck = read
		} else {
			migrate = read
		}
	}
	return answer["overall_migration_status"].(string), precheck, migrate
}

// settle waits until no component runs.
func (n *nsx) settle() (precheck, migrate component) {
	GinkgoHelper()
	Eventually(func() bool {
		_, precheck, migrate = n.status()
		return precheck.Status != "IN_PROGRESS" && migrate.Status != "IN_PROGRESS"
	}).WithTimeout(30 * time.Second).WithPolling(time.Millisecond).Should(BeTrue())
	return precheck, migrate
}

// check posts a batch and runs the pre-check.
func (n *nsx) check(b batch) component {
	GinkgoHelper()
	n.ok("POST", migration+"mp-to-policy", b.body())
	n.plan("start")
	precheck, _ := n.settle()
	return precheck
}

// migrate runs a whole batch and returns how component 1 ended.
func (n *nsx) migrate(b batch) component {
	GinkgoHelper()
	precheck := n.check(b)
	Expect(precheck.Status).To(Equal("SUCCESS"), "%s: %s", b.kind, precheck.Details)
	n.plan("continue")
	_, migrated := n.settle()
	return migrated
}

// promote migrates batches that must succeed.
func (n *nsx) promote(batches ...batch) {
	GinkgoHelper()
	for _, b := range batches {
		migrated := n.migrate(b)
		Expect(migrated.Status).To(Equal("SUCCESS"), "%s: %s", b.kind, migrated.Details)
	}
}

// rollback brings batches back, newest first.
func (n *nsx) rollback(batches ...batch) {
	GinkgoHelper()
	for i := len(batches) - 1; i >= 0; i-- {
		body := batches[i].body()
		delete(body, "setup_details")
		n.ok("POST", migration+"mp-to-policy/rollback", body)
	}
}

// manager reads a Manager object, policy a Policy object.
func (n *nsx) manager(path string) object { GinkgoHelper(); return n.ok("GET", "/api/v1/"+path, nil) }

func (n *nsx) policy(path string) object {
	GinkgoHelper()
	return n.ok("GET", "/policy/api/v1"+path, nil)
}

// tag returns the value of an object's tag.
func tag(body object, scope string) string {
	tags, _ := body["tags"].([]any)
	for _, one := range tags {
		if pair := one.(object); pair["scope"] == scope {
			return pair["tag"].(string)
		}
	}
	return ""
}
