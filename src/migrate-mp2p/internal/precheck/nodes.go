package precheck

import (
	"context"
	"fmt"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// withNodes is the platform whose clusters have a network of nodes that migrates with them (TKGI docs).
const withNodes = "tkgi"

const noNodes = "no network of nodes migrates with a cluster of this platform"

// nodesOf gives the objects of the nodes' network, those that are Policy already included.
func nodesOf(in *Input) []*inventory.Object {
	all := slices.Concat(in.Inventory.Objects, in.Inventory.Policy)
	return slices.DeleteFunc(all, func(o *inventory.Object) bool { return !o.Nodes })
}

// nodeNetwork finds what stays behind although TKGI's tags connect it with the cluster, and what keeps a switch of the
// nodes from moving. By which tags such objects are told is ASSUMED, so that finding none at all is worth a word.
func nodeNetwork(_ context.Context, in *Input) (Verdict, string, error) {
	if in.Platform != withNodes {
		return OK, noNodes, nil
	}
	if in.Scope != mp.NCP {
		return Skipped, "it concerns what moves with scope ncp", nil
	}
	var behind []string
	for _, s := range in.Inventory.Strays {
		if in.Moving != nil && in.Moving(s.ID) {
			continue
		}
		behind = append(behind, fmt.Sprintf("%s %s (%s): %s", s.ResourceType, s.ID, s.Name, s.Why))
	}
	nodes := nodesOf(in)
	switch {
	case len(behind) > 0:
		return Fail, "these do not move with the cluster: " + some(behind), nil
	case len(nodes) == 0:
		return Warn, "no object carries both ncp/cluster and pks/cluster of this cluster without ncp/version, so that none of its nodes' network moves", nil
	}
	return OK, fmt.Sprintf("%d objects move with the cluster", len(nodes)), nil
}

// nodePorts names the ports that go with a switch of the nodes only because they are on it.
func nodePorts(_ context.Context, in *Input) (Verdict, string, error) {
	if in.Platform != withNodes {
		return OK, noNodes, nil
	}
	var untagged []string
	ports := 0
	for _, o := range in.Inventory.Objects {
		if o.Type != mp.LogicalPort || !o.Nodes {
			continue
		}
		ports++
		if len(o.Tags) == 0 {
			untagged = append(untagged, fmt.Sprintf("%s (%s)", o.Name, o.ID))
		}
	}
	if len(untagged) > 0 {
		return Warn, "without any tag, and moving along with their switch, are " + some(untagged), nil
	}
	return OK, fmt.Sprintf("%d ports looked at", ports), nil
}
