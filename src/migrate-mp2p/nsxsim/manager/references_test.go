package manager

import (
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/references"
	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
)

// named are the fields by whose names VMware's models hold an id.
var named = regexp.MustCompile(`(_id|_ids|_uuid)$`)

// noReferences are fields that hold an id and yet refer to no object of the simulator, by the end of their way.
var noReferences = map[string]string{
	"ipv6_dhcp_server.server_id":   "what the server calls itself in DHCP",
	"context_profiles.target_id":   "context profiles are not simulated",
	"firewall_schedule.target_id":  "schedules are not simulated",
	"context.app_id":               "a name within its parent's interface",
	"context.parent_vif_id":        "an interface of a hypervisor",
	"context.transport_node_uuid":  "only NSX sets it, for parents",
	"context.tunnel_id":            "a number of a tunnel",
	"internal_id":                  "NSX's own note of the object itself",
	"origin_id":                    "an object of vCenter",
	"ndra_profile_id":              "IPv6 profiles are not simulated in Manager",
	"dad_profile_id":               "IPv6 profiles are not simulated in Manager",
	"vpn_session_id":               "VPN is not simulated",
	"internal_rule_id":             "NSX's own note of the rule itself",
	"expression.community_list_id": "community lists are not simulated",
	"mac_pool_id":                  "MAC pools are not simulated",
	"target_resource.target_id":    "NSX's own note of what an expression names",
	"pool_usage.allocated_ids":     "a count",
	"pool_usage.free_ids":          "a count",
	"pool_usage.total_ids":         "a count",
	"used_by.node_id":              "NSX's own note of the appliance",
	"node_id":                      "a name of the client's choice",
}

var _ = Describe("the table of references", func() {
	It("has every field of VMware's models that holds the id of another object", func() {
		types, err := schema.Manager()
		Expect(err).NotTo(HaveOccurred())
		used := map[string]bool{}
		var missing []string
		for _, k := range allKinds() {
			known := references.Fields(k.pattern())
			for _, resourceType := range k.types {
				for _, way := range types.Paths(resourceType) {
					if !named.MatchString(way) || slices.ContainsFunc(known, func(f references.Field) bool { return way == f.Path || strings.HasPrefix(way, f.Path+".") }) {
						continue
					}
					if end := exempt(way); end != "" {
						used[end] = true
						continue
					}
					missing = append(missing, k.pattern()+": "+resourceType+"."+way)
				}
			}
		}
		Expect(missing).To(BeEmpty())
		for end := range noReferences {
			Expect(used).To(HaveKey(end), "no field ends so any more")
		}
	})
})

// exempt is the end of a way that noReferences has; "" if it has none.
func exempt(way string) string {
	for end := range noReferences {
		if way == end || strings.HasSuffix(way, "."+end) {
			return end
		}
	}
	return ""
}
