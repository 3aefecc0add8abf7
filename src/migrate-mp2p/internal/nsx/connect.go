package nsx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// meetAttempts is how often a candidate is asked before the next one is tried.
const meetAttempts = 3

// Connect pins the first manager that is healthy, or, when wantNodeID is given, the one that is this node, and reads
// who it is. Managers that cannot be reached are skipped with a warning. A refused login and a failed TLS handshake
// end the search at once: the first would count against the account on every further manager, the second is for the
// operator to judge.
func (c *Client) Connect(ctx context.Context, wantNodeID string) (mp.Node, error) {
	var reasons []error
	for _, m := range c.options.Managers {
		link, err := c.newLink(m)
		if err != nil {
			return mp.Node{}, err
		}
		node, err := c.meet(ctx, link)
		if err == nil && wantNodeID != "" && node.ID != wantNodeID {
			err = &Error{Kind: mp.KindOtherNode, Method: http.MethodGet, Path: nodePath, Message: "this is node " + node.ID}
		}
		if err == nil {
			c.pin(link)
			return node, nil
		}
		link.close()
		err = fmt.Errorf("connecting with NSX Manager %s: %w", link.address, err)
		if mp.IsKind(err, mp.KindAuth) || mp.IsKind(err, mp.KindTLS) || mp.IsKind(err, mp.KindCanceled) {
			return mp.Node{}, err
		}
		c.log.WithField("op", "connect").Warnf("skipping a manager: %v", err)
		reasons = append(reasons, err)
	}
	if wantNodeID != "" {
		return mp.Node{}, &Error{
			Kind: mp.KindOtherNode, Method: http.MethodGet, Path: nodePath,
			Message: fmt.Sprintf("none of nsx.managers can be used as node %s, to which the run is pinned", wantNodeID),
			Cause:   errors.Join(reasons...),
		}
	}
	return mp.Node{}, fmt.Errorf("finding a healthy NSX Manager among %s: %w", strings.Join(c.addresses(), ", "), errors.Join(reasons...))
}

func (c *Client) addresses() []string {
	var all []string
	for _, m := range c.options.Managers {
		all = append(all, m.hostPort())
	}
	return all
}

// meet asks a manager for its health and its names, all on the lane's connection.
func (c *Client) meet(ctx context.Context, link *link) (mp.Node, error) {
	var health nodeHealth
	var properties, again nodeProperties
	var version nodeVersion
	var cluster clusterProperties
	for _, ask := range []struct {
		path string
		out  Answer
	}{
		{"/api/v1/reverse-proxy/node/health", &health},
		{nodePath, &properties},
		{nodePath, &again}, // a load balancer without persistence leads the second one elsewhere
		{"/api/v1/node/version", &version},
		{"/api/v1/cluster", &cluster},
	} {
		quick := manner{lane: true, attempts: meetAttempts}
		if err := c.sendOver(ctx, link, request{method: http.MethodGet, path: ask.path, out: status{ask.out}, manner: quick}); err != nil {
			return mp.Node{}, err
		}
		if ask.out == Answer(&health) && !*health.Healthy {
			return mp.Node{}, &Error{Kind: mp.KindUnavailable, Method: http.MethodGet, Path: ask.path, Message: "the manager says that it is not healthy"}
		}
	}
	link.nodeID = properties.UUID
	if again.UUID != link.nodeID {
		return mp.Node{}, link.otherNode(again.UUID)
	}
	return mp.Node{ID: properties.UUID, Address: link.address, Version: version.Product, ClusterID: cluster.ID}, nil
}

// nodeHealth is GET /api/v1/reverse-proxy/node/health.
type nodeHealth struct {
	Healthy *bool `json:"healthy"`
}

// Whole says whether the health was told.
func (h nodeHealth) Whole() bool { return h.Healthy != nil }

// nodeProperties is what we need of GET /api/v1/node.
type nodeProperties struct {
	UUID string `json:"node_uuid"`
}

// Whole says whether the node named itself.
func (p nodeProperties) Whole() bool { return p.UUID != "" }

// nodeVersion is what we need of GET /api/v1/node/version.
type nodeVersion struct {
	Product string `json:"product_version"`
}

// Whole says whether the node named its version.
func (v nodeVersion) Whole() bool { return v.Product != "" }

// clusterProperties is what we need of GET /api/v1/cluster.
type clusterProperties struct {
	ID string `json:"cluster_id"`
}

// Whole says whether the cluster named itself.
func (p clusterProperties) Whole() bool { return p.ID != "" }
