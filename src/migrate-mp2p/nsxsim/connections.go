package nsxsim

import (
	"errors"
	"net"
	"sync"
)

// connections is a listener that can cut everything it accepted. A plain http.Server.Close says farewell on each TLS
// connection while it holds a lock; over an in-memory connection that nobody reads, this would wait for ever in
// virtual time.
type connections struct {
	net.Listener

	mu   sync.Mutex
	open map[net.Conn]struct{}
	cut  bool
}

func newConnections(l net.Listener) *connections {
	return &connections{Listener: l, open: map[net.Conn]struct{}{}}
}

// Accept remembers the connection until it is closed.
func (c *connections) Accept() (net.Conn, error) {
	accepted, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut {
		return nil, errors.Join(net.ErrClosed, accepted.Close())
	}
	c.open[accepted] = struct{}{}
	return &connection{Conn: accepted, of: c}, nil
}

// cutAll closes the listener and every open connection.
func (c *connections) cutAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = true
	// Closing a second time is the only failure, and harmless.
	_ = c.Close()
	for open := range c.open {
		_ = open.Close()
	}
}

// connection tells its listener when it is closed.
type connection struct {
	net.Conn
	of *connections
}

// Close closes the connection and forgets it.
func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c.Conn)
	c.of.mu.Unlock()
	return c.Conn.Close()
}
