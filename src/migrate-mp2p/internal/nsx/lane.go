package nsx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

const (
	nodePath      = "/api/v1/node"
	maxReconnects = 5               // connections that may end right after the node was read, for one call
	checkLasts    = 5 * time.Second // how old the last check may be at a write
)

// errNewConnection says that the checked connection is gone and that nothing was sent.
var errNewConnection = errors.New("the connection on which the node was read has ended")

// lane is the one connection over which the coordinator is spoken to. A virtual address in front of the managers may
// lead each connection to another node, but the coordinator runs on one of them only; so the node id is read on a
// connection before anything else, and a pinned request fails rather than open a new one.
type lane struct {
	mu        sync.Mutex // one call at a time; guards checkedAt
	transport *http.Transport
	checked   atomic.Bool // the open connection leads to the pinned node
	checkedAt time.Time
}

// trusted says whether a request may go out without reading the node first. A connection that has idled may be dead
// without our knowing, and a write to it would count as lost; so before a write the last check must be recent.
func (l *lane) trusted(method string) bool {
	return l.checked.Load() && (method == http.MethodGet || time.Since(l.checkedAt) < checkLasts)
}

func newLane(t *http.Transport) *lane {
	l := &lane{transport: t}
	t.MaxConnsPerHost, t.MaxIdleConnsPerHost = 1, 1
	dial := t.DialContext
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if mannerOf(ctx).pinned {
			return nil, errNewConnection
		}
		l.checked.Store(false)
		return dial(ctx, network, address)
	}
	return l
}

// coordinate sends a request to the coordinator of the pinned node, and to no other. After a write the node is read
// again, which also serves as the check before the next one while it is recent and the connection lasts.
func (c *Client) coordinate(ctx context.Context, r request) error {
	link := c.pinned()
	if link == nil {
		return c.send(ctx, r)
	}
	link.lane.mu.Lock()
	defer link.lane.mu.Unlock()
	r.manner.lane, r.manner.pinned = true, true
	lost := false // an attempt over an earlier connection may have been carried out
	for range maxReconnects {
		if !link.lane.trusted(r.method) {
			if err := c.checkNode(ctx, link); err != nil {
				if lost {
					err = &Error{Kind: mp.KindLost, Method: r.method, Path: r.path, Cause: err, Message: "its answer was lost, and the node cannot be read afterwards"}
				}
				return err
			}
		}
		err := afterAttempt(c.sendOver(ctx, link, r), lost)
		lost = lost || mp.IsKind(err, mp.KindLost)
		if errors.Is(err, errNewConnection) && (r.manner.repeatable || !lost) {
			link.lane.checked.Store(false)
			continue
		}
		if r.method == http.MethodGet || !answered(err) {
			return err
		}
		if after := c.checkAfter(ctx, link, r, err); after != nil {
			return after
		}
		return err
	}
	e := &Error{
		Kind: mp.KindUnreachable, Method: r.method, Path: r.path, Cause: errNewConnection,
		Message: "every connection ends after one request, so no node can be relied on; nothing was sent",
		Hint:    "give the manager's own address in nsx.managers, or let the load balancer keep connections",
	}
	if lost {
		e.Kind, e.Message = mp.KindLost, "every connection ends after one request, so no node can be relied on; NSX may have carried it out"
	}
	return e
}

// answered says whether NSX answered a request, well or badly.
func answered(err error) bool {
	var e *Error
	return err == nil || errors.As(err, &e) && e.Status != 0
}

// checkAfter reads the node after a write that ended in outcome. If another node answers, or nobody can be asked, the
// outcome says little: the write may have gone anywhere.
func (c *Client) checkAfter(ctx context.Context, link *link, r request, outcome error) error {
	err := c.checkNode(ctx, link)
	if err == nil {
		return nil
	}
	var other *Error
	if errors.As(err, &other) && other.Kind == mp.KindOtherNode {
		other.Method, other.Path, other.Cause = r.method, r.path, outcome
		return other
	}
	return &Error{
		Kind: mp.KindLost, Method: r.method, Path: r.path, Cause: errors.Join(err, outcome),
		Message: "it was answered, but the node could not be read afterwards",
	}
}

// checkNode reads the node id on the lane's connection, opening one if need be.
func (c *Client) checkNode(ctx context.Context, link *link) error {
	var properties nodeProperties
	err := c.sendOver(ctx, link, request{method: http.MethodGet, path: nodePath, out: status{&properties}, manner: manner{lane: true}})
	if err != nil {
		return err
	}
	if properties.UUID != link.nodeID {
		link.lane.checked.Store(false)
		return link.otherNode(properties.UUID)
	}
	link.lane.checked.Store(true)
	link.lane.checkedAt = time.Now()
	return nil
}

func (l *link) otherNode(id string) *Error {
	return &Error{
		Kind: mp.KindOtherNode, Method: http.MethodGet, Path: nodePath,
		Message: fmt.Sprintf("node %s answered at %s, where node %s is expected", id, l.address, l.nodeID),
		Hint: "a load balancer in front of the managers needs source-IP persistence during a migration, " +
			"or nsx.managers must name one manager by its own address",
	}
}
