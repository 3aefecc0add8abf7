package nsx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// meetAttempts is how often a candidate is asked before the next one is tried.
const meetAttempts = 3

// Connect pins the first manager that is healthy, or, when wantNodeID is given, the one that is this node, and reads
// who it is. Managers that cannot be reached are skipped with a warning. A refused login and a failed TLS handshake
// end the search at once: the first would count against the account on every further manager, the second is for the
// operator to judge.
func (c *Client) Connect(ctx context.Context, wantNodeID string) (Node, error) {
	var reasons []error
	for _, m := range c.options.Managers {
		link, err := c.newLink(m)
		if err != nil {
			return Node{}, err
		}
		node, err := c.meet(ctx, link)
		if err == nil && wantNodeID != "" && node.ID != wantNodeID {
			err = &Error{Kind: KindOtherNode, Method: http.MethodGet, Path: nodePath, Message: "this is node " + node.ID}
		}
		if err == nil {
			c.pin(link)
			return node, nil
		}
		link.close()
		err = fmt.Errorf("connecting with NSX Manager %s: %w", link.address, err)
		if IsKind(err, KindAuth) || IsKind(err, KindTLS) || IsKind(err, KindCanceled) {
			return Node{}, err
		}
		c.log.WithField("op", "connect").Warnf("skipping a manager: %v", err)
		reasons = append(reasons, err)
	}
	if wantNodeID != "" {
		return Node{}, &Error{
			Kind: KindOtherNode, Method: http.MethodGet, Path: nodePath,
			Message: fmt.Sprintf("none of nsx.managers can be used as node %s, to which the run is pinned", wantNodeID),
			Cause:   errors.Join(reasons...),
		}
	}
	return Node{}, fmt.Errorf("finding a healthy NSX Manager among %s: %w", strings.Join(c.addresses(), ", "), errors.Join(reasons...))
}

func (c *Client) addresses() []string {
	var all []string
	for _, m := range c.options.Managers {
		all = append(all, m.hostPort())
	}
	return all
}

// meet asks a manager for its health and its names, all on the lane's connection.
func (c *Client) meet(ctx context.Context, link *link) (Node, error) {
	var health struct {
		Healthy bool `json:"healthy"`
	}
	var properties, again nodeProperties
	var version struct {
		Product string `json:"product_version"`
	}
	var cluster struct {
		ID string `json:"cluster_id"`
	}
	for _, ask := range []struct {
		path string
		out  any
	}{
		{"/api/v1/reverse-proxy/node/health", &health},
		{nodePath, &properties},
		{nodePath, &again}, // a load balancer without persistence leads the second one elsewhere
		{"/api/v1/node/version", &version},
		{"/api/v1/cluster", &cluster},
	} {
		quick := manner{lane: true, attempts: meetAttempts}
		if err := c.sendOver(ctx, link, request{method: http.MethodGet, path: ask.path, out: ask.out, manner: quick}); err != nil {
			return Node{}, err
		}
		if ask.out == &health && !health.Healthy {
			return Node{}, &Error{Kind: KindUnavailable, Method: http.MethodGet, Path: ask.path, Message: "the manager says that it is not healthy"}
		}
	}
	if properties.UUID == "" || cluster.ID == "" {
		return Node{}, &Error{Kind: KindServer, Method: http.MethodGet, Path: nodePath, Message: "the manager does not say which node and cluster it is"}
	}
	link.nodeID = properties.UUID
	if again.UUID != link.nodeID {
		return Node{}, link.otherNode(again.UUID)
	}
	return Node{ID: properties.UUID, Address: link.address, Version: version.Product, ClusterID: cluster.ID}, nil
}
