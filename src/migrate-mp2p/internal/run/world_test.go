package run_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

func (f *foundation) shared() *config.Config {
	c := f.config()
	c.Migration.Resources = "shared"
	return c
}

// changedManager lists the Manager objects that are not what they were, beyond revision and times.
func (f *foundation) changedManager(before *store.Store) []string {
	GinkgoHelper()
	old, now := managerBodies(before), managerBodies(f.state)
	var changed []string
	for key, body := range old {
		if now[key] != body {
			changed = append(changed, key)
		}
	}
	for key := range now {
		if _, known := old[key]; !known {
			changed = append(changed, "new: "+key)
		}
	}
	return changed
}

func managerBodies(st *store.Store) map[string]string {
	GinkgoHelper()
	bodies := map[string]string{}
	Expect(st.View(func(tx *store.Tx) error {
		for o := range tx.Manager().All() {
			fields, err := o.Fields()
			if err != nil {
				return err
			}
			fields = maps.Clone(fields)
			for _, volatile := range []string{"_revision", "_last_modified_time", "_last_modified_user"} {
				delete(fields, volatile)
			}
			body, err := json.Marshal(fields)
			if err != nil {
				return err
			}
			bodies[o.Key] = string(body)
		}
		return nil
	})).To(Succeed())
	return bodies
}

// leaseHeld says whether a lease is left on NSX.
func (f *foundation) leaseHeld() (held bool) {
	GinkgoHelper()
	Expect(f.state.View(func(tx *store.Tx) error {
		_, held = tx.Policy().Get("/infra/domains/default/groups/nsx-mp2p-lease")
		return nil
	})).To(Succeed())
	return held
}

// createPort is NCP in Manager mode at work: it makes one more port, like another but for its attachment, whose path it
// returns.
func (f *foundation) createPort() (path string) {
	defer GinkgoRecover()
	var body []byte
	Expect(f.state.View(func(tx *store.Tx) error {
		ports := tx.Manager().List("logical-ports")
		i := slices.IndexFunc(ports, func(o *store.Object) bool {
			_, pod := o.Tag("ncp/pod")
			return pod && o.HasTag("ncp/cluster", cluster)
		})
		fields, err := ports[i].Fields()
		if err != nil {
			return err
		}
		fields["tags"] = slices.DeleteFunc(fields["tags"].([]any), func(tag any) bool { return tag.(map[string]any)["scope"] == "policyPath" })
		delete(fields, "id")
		delete(fields, "attachment")
		body, err = json.Marshal(fields)
		return err
	})).To(Succeed())
	var made struct{ ID string }
	Expect(json.Unmarshal(f.call(http.MethodPost, "/api/v1/logical-ports", body), &made)).To(Succeed())
	return "/api/v1/logical-ports/" + made.ID
}

// call is a call of an administrator, or of NCP, which must succeed. It gives the body of the answer.
func (f *foundation) call(method, path string, body []byte) []byte {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(f.server.CA())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
	request, err := http.NewRequest(method, f.server.URL()+path, bytes.NewReader(body))
	Expect(err).NotTo(HaveOccurred())
	request.SetBasicAuth(nsxsim.AdminUser, f.server.Password())
	response, err := client.Do(request)
	Expect(err).NotTo(HaveOccurred())
	content, err := io.ReadAll(response.Body)
	Expect(errors.Join(err, response.Body.Close())).To(Succeed())
	Expect(response.StatusCode).To(BeNumerically("<", 300), string(content))
	return content
}

// patches lists the hierarchical PATCHes since a request.
func (f *foundation) patches(since int) []string {
	var all []string
	for _, w := range f.writes(since) {
		if strings.HasPrefix(w, "PATCH /policy/api/v1/infra ") {
			all = append(all, w)
		}
	}
	return all
}

// someObject is the id of the n-th object of a collection that NCP of the cluster made.
func (f *foundation) someObject(collection string, n int) (id string) {
	GinkgoHelper()
	Expect(f.state.View(func(tx *store.Tx) error {
		for _, o := range tx.Manager().List(collection) {
			if _, made := o.Tag("ncp/version"); made && o.HasTag("ncp/cluster", cluster) {
				if n--; n == 0 {
					id = o.ID
				}
			}
		}
		return nil
	})).To(Succeed())
	Expect(id).NotTo(BeEmpty())
	return id
}

// somebody is another client of this NSX at work.
func (f *foundation) somebody(does func(context.Context, *nsx.Client) error) {
	GinkgoHelper()
	ctx, c := context.Background(), f.config()
	client, err := nsx.New(nsx.Options{
		Managers: []nsx.Endpoint{nsx.Endpoint(c.NSX.Managers[0])}, CACertificate: c.NSX.CACertificate,
		Username: c.NSX.Username, Password: c.NSX.Password.Reveal(), RequestsPerSecond: c.NSX.RequestsPerSecond,
	})
	Expect(err).NotTo(HaveOccurred())
	defer client.Close()
	_, err = client.Connect(ctx, "")
	Expect(err).NotTo(HaveOccurred())
	Expect(does(ctx, client)).To(Succeed())
}

// matchInternal takes the firewall match BYPASS off one SNAT rule in Policy, and puts such a rule of cluster TAS1 beside it,
// which Search takes for one of tas1.
func (f *foundation) matchInternal() {
	defer GinkgoRecover()
	Expect(f.state.Update(func(tx *store.Tx) error {
		for o := range tx.Policy().All() {
			fields, err := o.Fields()
			if err != nil {
				return err
			}
			if fields["resource_type"] == "PolicyNatRule" && fields["action"] == "SNAT" {
				_, err := tx.Policy().Mutate(o.Key, func(fields map[string]any) error {
					fields["firewall_match"] = "MATCH_INTERNAL_ADDRESS"
					return nil
				})
				if err != nil {
					return err
				}
				key := o.Key + "-other"
				fields["id"], fields["path"], fields["firewall_match"] = path.Base(key), key, "MATCH_INTERNAL_ADDRESS"
				fields["unique_id"], fields["tags"] = "ffffffff-0000-4000-8000-000000000001", []any{map[string]any{"scope": "ncp/cluster", "tag": "TAS1"}}
				_, err = tx.Policy().PutFields(key, fields)
				return err
			}
		}
		return fmt.Errorf("no SNAT rule in Policy")
	})).To(Succeed())
}

// tagsComeBack gives every Manager object the tags of its Policy object, as an NSX does that realises tags. What it answers
// gives them the old ones again, by which the simulator judges.
func (f *foundation) tagsComeBack() (undo func()) {
	GinkgoHelper()
	before := map[string]any{}
	Expect(f.state.Update(func(tx *store.Tx) error {
		for o := range tx.Policy().All() {
			fields, err := o.Fields()
			if err != nil {
				return err
			}
			for m := range tx.Manager().All() {
				path, is := m.Tag("policyPath")
				if !is || path != o.Key {
					continue
				}
				tags, _ := fields["tags"].([]any)
				if _, err := tx.Manager().Mutate(m.Key, func(manager map[string]any) error {
					before[m.Key] = manager["tags"]
					manager["tags"] = append(slices.Clone(tags), map[string]any{"scope": "policyPath", "tag": path})
					return nil
				}); err != nil {
					return err
				}
			}
		}
		return nil
	})).To(Succeed())
	return func() {
		GinkgoHelper()
		Expect(f.state.Update(func(tx *store.Tx) error {
			for key, tags := range before {
				if _, err := tx.Manager().Mutate(key, func(manager map[string]any) error {
					manager["tags"] = tags
					return nil
				}); err != nil {
					return err
				}
			}
			return nil
		})).To(Succeed())
	}
}

// untagRouterPorts makes this an NSX that does not tag the ports of Tier-1 routers when it promotes them.
func (f *foundation) untagRouterPorts() {
	GinkgoHelper()
	Expect(f.state.Update(func(tx *store.Tx) error {
		for _, port := range tx.Manager().List("logical-router-ports") {
			if port.ResourceType == "LogicalRouterUpLinkPort" {
				continue
			}
			if _, err := tx.Manager().Mutate(port.Key, func(fields map[string]any) error {
				tags, _ := fields["tags"].([]any)
				fields["tags"] = slices.DeleteFunc(slices.Clone(tags), func(tag any) bool { return tag.(map[string]any)["scope"] == "policyPath" })
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})).To(Succeed())
}
