package nsxsim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// TestSameSeedSameState is outside ginkgo, because a synctest bubble needs a *testing.T of its own.
func TestSameSeedSameState(t *testing.T) {
	g := NewWithT(t)
	once := stateAfterMigration(t, 7)
	g.Expect(bytes.Equal(stateAfterMigration(t, 7), once)).To(BeTrue(), "two runs of seed 7 must save the same bytes")
	g.Expect(bytes.Equal(stateAfterMigration(t, 8), once)).To(BeFalse(), "another seed must make another world")
}

// stateAfterMigration builds a world, lets a client change it and migrate its IP sets while a fault rule
// interferes, delete one of them and make a port on a switch of Policy, and saves what is left. Time is virtual, so that the same times stand in it.
func stateAfterMigration(t *testing.T, seed uint64) []byte {
	var saved bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		generated, err := model.TAS(1, int64(seed), model.Options{})
		g.Expect(err).NotTo(HaveOccurred())
		st := store.New(seed)
		g.Expect(nsxsim.LoadWorld(st, generated)).To(Succeed())
		listener := newMemoryListener()
		server, err := nsxsim.Start(nsxsim.Options{
			Store: st, Listeners: []net.Listener{listener}, ServiceStartDelay: time.Minute, Latency: 10 * time.Millisecond, PurgeDelay: time.Hour,
			Coordinator: coordinator.New(coordinator.Options{BatchTime: 3 * time.Second}),
			Faults:      []faults.Rule{{Method: "POST", Path: "/api/v1/ip-sets", Every: 3, Status: http.StatusServiceUnavailable}},
		})
		g.Expect(err).NotTo(HaveOccurred())
		transport := memoryTransport(server, listener)
		call := func(method, path, body string) string {
			request, err := http.NewRequest(method, server.URL()+path, strings.NewReader(body))
			g.Expect(err).NotTo(HaveOccurred())
			request.SetBasicAuth(nsxsim.AdminUser, server.Password())
			response, err := transport.RoundTrip(request)
			g.Expect(err).NotTo(HaveOccurred())
			raw, err := io.ReadAll(response.Body)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(response.Body.Close()).To(Succeed())
			return string(raw)
		}

		for range 6 { // the fault rule refuses two of them
			call("POST", "/api/v1/ip-sets", `{"ip_addresses":["10.0.0.1"]}`)
		}
		call("POST", "/api/v1/node/services/migration-coordinator?action=start", "")
		time.Sleep(time.Minute)
		call("POST", "/api/v1/migration/mp-to-policy/workflow?action=INITIATE", "")
		sets := found(g, call("GET", "/api/v1/search/query?query="+url.QueryEscape(unmigratedSets), ""))
		g.Expect(len(sets)).To(BeNumerically(">", 4))
		call("POST", "/api/v1/migration/mp-to-policy", allOfType("IP_SET", sets))
		for _, action := range []string{"start", "continue"} {
			call("POST", "/api/v1/migration/plan?action="+action, "")
			time.Sleep(time.Minute)
		}
		call("POST", "/api/v1/migration/mp-to-policy/workflow?action=DONE", "")
		g.Expect(found(g, call("GET", "/policy/api/v1/infra/domains/default/groups", ""))).To(ContainElements(sets))
		call("DELETE", "/policy/api/v1/infra/domains/default/groups/"+sets[0], "")
		g.Expect(found(g, call("GET", "/policy/api/v1/infra/domains/default/groups?include_mark_for_delete_objects=true", ""))).To(ContainElement(sets[0]))
		switches := found(g, call("GET", "/api/v1/search/query?query="+url.QueryEscape("resource_type:LogicalSwitch AND _create_user:nsx_policy"), ""))
		g.Expect(call("POST", "/api/v1/logical-ports", fmt.Sprintf(`{"logical_switch_id":%q,"admin_state":"UP"}`, switches[0]))).To(ContainSubstring("/ports/default:"))

		g.Expect(st.Save(&saved)).To(Succeed())
		transport.CloseIdleConnections()
		g.Expect(server.Close()).To(Succeed())
		time.Sleep(6 * time.Second) // TLS may wait 5 s for the other end's farewell
	})
	return saved.Bytes()
}

// unmigratedSets finds the IP sets that can be migrated.
const unmigratedSets = "resource_type:IPSet AND NOT tags.scope:policyPath"

// found are the ids of a list's or a search's results.
func found(g Gomega, answer string) []string {
	var list struct {
		Results []struct {
			ID string `json:"id"`
		} `json:"results"`
	}
	g.Expect(json.Unmarshal([]byte(answer), &list)).To(Succeed(), answer)
	var ids []string
	for _, o := range list.Results {
		ids = append(ids, o.ID)
	}
	return ids
}

// allOfType is a batch of one type.
func allOfType(resource string, ids []string) string {
	var entries []string
	for _, id := range ids {
		entries = append(entries, fmt.Sprintf(`{"manager_id":%q}`, id))
	}
	return fmt.Sprintf(`{"migration_data":[{"type":%q,"resource_ids":[%s]}]}`, resource, strings.Join(entries, ","))
}
