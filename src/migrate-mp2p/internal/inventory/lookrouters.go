package inventory

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// atRouters reads what became of the ports of Tier-1 routers. The router's own tag proves nothing, since it is moved
// before; but a router that is Manager has no Policy ports.
func (l *look) atRouters(ctx context.Context, e *catalog.Entry, refs []mp.Ref) error {
	routers, err := l.routers(ctx, refs)
	if err != nil {
		return err
	}
	ports, err := l.portsOf(ctx, e, refs)
	if err != nil {
		return err
	}
	var untagged []mp.Ref
	for _, ref := range refs {
		router := routers[ref.ID]
		if router.Evidence != catalog.IsPolicy {
			f := router
			f.Hash = portsHash(only(e, ports[ref.ID]))
			l.found[ref] = f
			continue
		}
		f := Finding{PolicyPath: router.PolicyPath, Name: router.Name, Hash: portsHash(only(e, ports[ref.ID]))}
		f.Evidence = tagged(e, ports[ref.ID])
		if f.Evidence != catalog.IsPolicy && len(only(e, ports[ref.ID])) > 0 {
			untagged = append(untagged, ref)
		} else if f.Evidence != catalog.IsPolicy {
			if f.Evidence, err = l.remembered(ctx, ref, mp.Tier1); err != nil {
				return err
			}
		}
		l.found[ref] = l.orAsFound(ref, f)
	}
	return l.byConnectivity(ctx, e, untagged, ports)
}

// routers reads the routers themselves.
func (l *look) routers(ctx context.Context, refs []mp.Ref) (map[string]Finding, error) {
	e, _ := l.q.Catalog.Entry(mp.Tier1)
	inner := &look{source: l.source, found: map[mp.Ref]Finding{}}
	asked := make([]mp.Ref, len(refs))
	for i, ref := range refs {
		asked[i] = mp.Ref{Type: mp.Tier1, ID: ref.ID}
	}
	if err := inner.atObjects(ctx, e, "", asked); err != nil {
		return nil, err
	}
	found := make(map[string]Finding, len(refs))
	for ref, f := range inner.found {
		found[ref.ID] = f
	}
	return found, nil
}

// portsOf reads the ports of routers, sorted by id.
func (l *look) portsOf(ctx context.Context, e *catalog.Entry, refs []mp.Ref) (map[string][]*routerPort, error) {
	found := make(map[string][]*routerPort, len(refs))
	for _, ref := range refs {
		found[ref.ID] = nil
	}
	take := func(b body) error {
		p := readRouterPort(b)
		if _, asked := found[p.router]; asked {
			found[p.router] = append(found[p.router], p)
		}
		return nil
	}
	filters := []url.Values{nil}
	if len(refs) <= few {
		filters = nil
		for _, ref := range refs {
			filters = append(filters, url.Values{e.ParentField: {ref.ID}})
		}
	}
	for _, filter := range filters {
		if _, err := l.list(ctx, e.List, filter, take); err != nil {
			return nil, fmt.Errorf("listing %s: %w", e.List, err)
		}
	}
	for _, of := range found {
		slices.SortFunc(of, func(x, y *routerPort) int { return cmp.Compare(x.id, y.id) })
	}
	return found, nil
}

// only gives the ports that move by name.
func only(e *catalog.Entry, ports []*routerPort) []*routerPort {
	return slices.DeleteFunc(slices.Clone(ports), func(p *routerPort) bool { return !movable(e, p.kind) })
}

// tagged tells what the policyPath tags of the ports prove: those that move by name, or else the link to the Tier-0.
// Not every NSX tags them, so that a missing tag proves nothing.
func tagged(e *catalog.Entry, ports []*routerPort) catalog.Evidence {
	moving := only(e, ports)
	if len(moving) == 0 && linkPath(ports) != "" {
		return catalog.IsPolicy
	}
	if len(moving) > 0 && !slices.ContainsFunc(moving, func(p *routerPort) bool { return p.policyPath == "" }) {
		return catalog.IsPolicy
	}
	return catalog.Undecided
}

// byConnectivity decides by the segments behind the ports: they are connected to a gateway once the ports are Policy,
// and not before.
func (l *look) byConnectivity(ctx context.Context, e *catalog.Entry, refs []mp.Ref, ports map[string][]*routerPort) error {
	if len(refs) == 0 {
		return nil
	}
	connected, err := l.connectedPorts(ctx)
	if err != nil {
		return err
	}
	for _, ref := range refs {
		yes, no := 0, 0
		for _, p := range only(e, ports[ref.ID]) {
			switch {
			case p.policyPath != "" || connected[p.switchPort]:
				yes++
			default:
				no++
			}
		}
		f := l.found[ref]
		switch {
		case no == 0:
			f.Evidence = catalog.IsPolicy
		case yes == 0:
			f.Evidence = catalog.IsManager
		}
		l.found[ref] = f
	}
	return nil
}

// connectedPorts gives the logical ports between a router and a segment that is connected to a gateway.
func (l *look) connectedPorts(ctx context.Context) (map[string]bool, error) {
	segments := map[string]bool{}
	const segmentList = policyAPI + "/infra/segments"
	if _, err := l.list(ctx, segmentList, nil, func(b body) error {
		if b.text("connectivity_path") != "" {
			segments[b.text("path")] = true
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("listing %s: %w", segmentList, err)
	}
	e, _ := l.q.Catalog.Entry(mp.LogicalSwitch)
	switches := map[string]bool{}
	if _, err := l.list(ctx, e.List, nil, func(b body) error {
		if _, policyPath := b.tags(); segments[policyPath] {
			switches[b.text("id")] = true
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("listing %s: %w", e.List, err)
	}
	port, _ := l.q.Catalog.Entry(mp.LogicalPort)
	connected := map[string]bool{}
	if _, err := l.list(ctx, port.List, url.Values{"attachment_type": {"LOGICALROUTER"}}, func(b body) error {
		if switches[b.text(port.ParentField)] {
			connected[b.text("id")] = true
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("listing %s: %w", port.List, err)
	}
	return connected, nil
}
