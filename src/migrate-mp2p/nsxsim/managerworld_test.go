package nsxsim_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/references"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// fabric is a small consistent world: a zone, a switch in it, a router with a port, and a profile.
func fabric() map[string]object {
	return map[string]object{
		"transport-zones/tz":     {"id": "tz", "resource_type": "TransportZone", "transport_type": "OVERLAY"},
		"transport-zones/vlan":   {"id": "vlan", "resource_type": "TransportZone", "transport_type": "VLAN"},
		"edge-clusters/ec":       {"id": "ec", "resource_type": "EdgeCluster"},
		"switching-profiles/sg":  {"id": "sg", "resource_type": "SpoofGuardSwitchingProfile", "white_list_providers": []any{}},
		"logical-switches/s":     {"id": "s", "resource_type": "LogicalSwitch", "display_name": "s", "admin_state": "UP", "transport_zone_id": "tz", "_revision": 0},
		"logical-switches/v":     {"id": "v", "resource_type": "LogicalSwitch", "display_name": "v", "admin_state": "UP", "transport_zone_id": "vlan", "_revision": 0},
		"logical-routers/t1":     {"id": "t1", "resource_type": "LogicalRouter", "display_name": "t1", "router_type": "TIER1", "_revision": 0},
		"pools/ip-blocks/b":      {"id": "b", "resource_type": "IpBlock", "cidr": "10.0.0.0/22", "_revision": 0},
		"loadbalancer/pools/web": {"id": "web", "resource_type": "LbPool", "display_name": "web", "_revision": 0},
	}
}

var _ = DescribeTable("every Manager object is taken back as it was read, in a world of the model", func(build func() (*model.World, error)) {
	generated, err := build()
	Expect(err).NotTo(HaveOccurred())
	st := store.New(1)
	Expect(nsxsim.LoadWorld(st, generated)).To(Succeed())
	c := admin(start(nsxsim.Options{Store: st})).with("X-Allow-Overwrite", "true")
	seen := map[string]int{}
	for _, o := range generated.Manager {
		key := o.Collection + "/" + o.ID
		pattern := references.Pattern(key)
		if seen[pattern]++; seen[pattern] > 25 {
			continue // of each sort some are enough
		}
		body := c.get("/api/v1/" + key)
		Expect(body.Status).To(Equal(http.StatusOK), key)
		answer := c.do("PUT", "/api/v1/"+key, body.Body)
		Expect(answer.Status).To(BeElementOf(http.StatusOK, http.StatusMethodNotAllowed), key+" "+answer.Raw)
		if answer.Status == http.StatusMethodNotAllowed {
			Expect(pattern).To(BeElementOf(cannotChange), key)
		}
	}
	Expect(len(seen)).To(BeNumerically(">", 20))
},
	Entry("tas", func() (*model.World, error) { return model.TAS(1, 1, model.Options{}) }),
	Entry("tkgi", func() (*model.World, error) { return model.TKGI(1, 1, model.Options{}) }),
	Entry("kubernetes", func() (*model.World, error) { return model.Kubernetes(1, 1, model.Options{}) }),
)

// cannotChange are the collections whose objects NSX has no PUT for, or the simulator only shows.
var cannotChange = []any{
	"transport-zones", "edge-clusters", "transport-nodes", "pools/ip-subnets", "pools/ip-pools/{parent}/allocations",
	"trust-management/certificates", "trust-management/principal-identities",
}
