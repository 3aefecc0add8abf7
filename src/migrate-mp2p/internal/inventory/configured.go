package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// Configured is an object that the configuration of TKGI names.
type Configured struct {
	Key  string // in that configuration
	Type mp.Type
	Name string // name or Manager id
}

// TKGIKeys gives the type of what a key of TKGI's configuration names: fields of the tile's page Networking, and parameters
// of a network profile (TKGI docs).
func TKGIKeys() map[string]mp.Type {
	return map[string]mp.Type{
		"pods_ip_block_id":     mp.IPBlock,
		"nodes_ip_block_id":    mp.IPBlock,
		"t0_router_id":         mp.Tier0,
		"floating_ip_pool_ids": mp.IPPool,

		"pod_ip_block_ids":               mp.IPBlock,
		"node_ip_block_ids":              mp.IPBlock,
		"fip_pool_ids":                   mp.IPPool,
		"client_ssl_profile":             mp.LBClientSSLProfile,
		"master_vms_nsgroup_id":          mp.NSGroup,
		"top_firewall_section_marker":    mp.DFWSection,
		"bottom_firewall_section_marker": mp.DFWSection,
	}
}

// ConfiguredError lists what the configuration of TKGI names and cannot be migrated, each with its key.
type ConfiguredError struct{ Problems []string }

func (e *ConfiguredError) Error() string {
	return "finding what TKGI's configuration names: " + strings.Join(e.Problems, "; ")
}

// configure takes up what TKGI's configuration names. Each is looked for by itself, since several keys, and several network
// profiles, may name the same object, once by its name and once by its id.
func (n *gathering) configure(ctx context.Context, api API, configured []Configured) error {
	wrong := &ConfiguredError{}
	for _, one := range configured {
		q := n.q
		q.Spec = []Wanted{{Type: one.Type, Name: one.Name}}
		r, problems := newRetrieval(api, q), &SpecError{}
		for _, c := range collections(q.Catalog) {
			wanted := r.wantedIn(c)
			if len(wanted) == 0 {
				continue
			}
			if err := r.resolve(ctx, c, wanted, problems); err != nil {
				return fmt.Errorf("finding what TKGI's configuration names as %s: %w", one.Key, err)
			}
		}
		for _, problem := range problems.Problems {
			wrong.Problems = append(wrong.Problems, one.Key+": "+problem.Text)
		}
		for _, o := range r.objects {
			n.found[o.ID] = Outside{Ref: o.Ref, Name: o.Name, PolicyPath: o.PolicyPath}
			if !slices.Contains(n.keys[o.ID], one.Key) {
				n.keys[o.ID] = append(n.keys[o.ID], one.Key)
			}
		}
	}
	if len(wrong.Problems) > 0 {
		return wrong
	}
	return nil
}
