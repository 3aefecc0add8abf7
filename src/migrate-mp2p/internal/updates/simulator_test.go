package updates

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/nsxsim"
)

// simulator serves a simulated NSX and connects a client to it.
func simulator(options nsxsim.Options) (*nsxsim.Server, *nsx.Client) {
	GinkgoHelper()
	server, err := nsxsim.Start(options)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(server.Close)
	ca := filepath.Join(GinkgoT().TempDir(), "ca.pem")
	Expect(os.WriteFile(ca, server.CA(), 0o600)).To(Succeed())
	address, err := url.Parse(server.URL())
	Expect(err).NotTo(HaveOccurred())
	client, err := nsx.New(nsx.Options{
		Managers: []nsx.Endpoint{{Address: address.Host}}, Username: "admin", Password: server.Password(), CACertificate: ca,
		RequestsPerSecond: 10_000, AllowOverwrite: true,
	})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(client.Close)
	_, err = client.Connect(context.Background(), "")
	Expect(err).NotTo(HaveOccurred())
	return server, client
}

var _ = Describe("Apply against the simulator", func() {
	It("changes tags of objects at every place in the Policy tree, and nothing else [I6]", func() {
		ctx := context.Background()
		_, client := simulator(nsxsim.Options{Version: "4.1.2"})

		store := &fakeRecords{}
		before := map[string]map[string]any{}
		add := func(path string, members map[string]any) {
			k, err := kindOf(path)
			Expect(err).NotTo(HaveOccurred())
			body := map[string]any{"resource_type": k.resourceTypes()[0], "description": "kept", "tags": tags("ncp/cluster=cf")}
			for name, value := range members {
				body[name] = value
			}
			Expect(client.PutPolicy(ctx, path, body, nil)).To(Succeed(), path)
			var stored map[string]any
			Expect(client.GetPolicy(ctx, path, &stored)).To(Succeed())
			before[path] = stored
			store.update(path)
		}
		for _, path := range []string{
			"/infra/tier-0s/x", "/infra/tier-0s/x/locale-services/x", "/infra/tier-1s/x", "/infra/tier-1s/x/segments/x",
			"/infra/tier-1s/x/segments/x/ports/x",
			"/infra/segments/x", "/infra/domains/default/groups/x", "/infra/ip-blocks/x", "/infra/ip-pools/x",
			"/infra/ip-pools/x/ip-allocations/x", "/infra/lb-services/x", "/infra/lb-pools/x", "/infra/lb-monitor-profiles/x", "/infra/lb-app-profiles/x",
			"/infra/lb-persistence-profiles/x", "/infra/lb-client-ssl-profiles/x", "/infra/crls/x", "/infra/spoofguard-profiles/x", "/infra/qos-profiles/x",
			"/infra/segment-security-profiles/x", "/infra/ip-discovery-profiles/x",
		} {
			add(path, nil)
		}
		add("/infra/tier-0s/x/locale-services/x/interfaces/x", map[string]any{
			"subnets": []any{map[string]any{"ip_addresses": []any{"192.0.2.2"}, "prefix_len": 24}},
		})
		add("/infra/tier-1s/x/static-routes/x", map[string]any{"network": "10.0.0.0/8", "next_hops": []any{map[string]any{"ip_address": "192.0.2.1"}}})
		add("/infra/tier-1s/x/nat/USER/nat-rules/x", map[string]any{"action": "SNAT"})
		add("/infra/ip-pools/x/ip-subnets/x", map[string]any{"ip_block_path": "/infra/ip-blocks/x", "size": 16})
		add("/infra/mac-discovery-profiles/x", map[string]any{"mac_learning_enabled": false})
		add("/infra/lb-virtual-servers/x", map[string]any{
			"ip_address": "192.0.2.9", "ports": []any{"80"}, "application_profile_path": "/infra/lb-app-profiles/x",
			"rules": []any{map[string]any{"display_name": "r1", "phase": "HTTP_FORWARDING", "actions": []any{}}},
		})
		add("/infra/domains/default/security-policies/x", map[string]any{"rules": []any{map[string]any{"id": "r", "action": "ALLOW"}}})
		for i := range 30 { // more segments than one lists, so that the ports are searched for
			add(fmt.Sprintf("/infra/segments/s%d", i), nil)
			add(fmt.Sprintf("/infra/segments/s%d/ports/p", i), nil)
		}

		result, err := Apply(ctx, ApplyInput{API: client, Records: store, Scope: mp.NCP, Cluster: "cf", Events: &fakeEvents{}})
		Expect(err).NotTo(HaveOccurred())
		for _, u := range store.updates {
			Expect(u.State).To(Equal(records.UpdateApplied), u.Path+": "+u.Answer)
		}
		Expect(result).To(Equal(ApplyResult{Applied: len(before)}))
		for path, was := range before {
			var is map[string]any
			Expect(client.GetPolicy(ctx, path, &is)).To(Succeed())
			was["tags"] = append(was["tags"].([]any), map[string]any{"scope": "new", "tag": "1"})
			for _, volatile := range []string{"_revision", "_last_modified_time"} {
				delete(was, volatile)
				delete(is, volatile)
			}
			if strings.Contains(path, "security-policies") {
				Expect(is["rules"]).To(HaveLen(1))
			}
			Expect(is).To(Equal(was), path)
		}
	})
})
