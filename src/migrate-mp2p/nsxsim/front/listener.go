package front

import (
	"io"
	"net"
	"sync"
	"sync/atomic"

	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// listener is one that can be taken down and come back, and that can cut everything it accepted. A plain
// http.Server.Close says farewell on each TLS connection while it holds a lock; over an in-memory connection that nobody
// reads, this would wait for ever in virtual time.
type listener struct {
	address net.Addr
	// reopens is true for TCP: while the address is down its listener is closed, so that the system refuses connections.
	// Other listeners stay open, and what they accept is closed.
	reopens bool

	mu       sync.Mutex
	listener net.Listener // nil while it is closed
	open     map[*connection]struct{}
	reach    faults.Reach
	changed  chan struct{} // closed when the listener comes back or everything is cut
	cut      bool
}

func newListener(l net.Listener) *listener {
	_, tcp := l.(*net.TCPListener)
	return &listener{
		address: l.Addr(), reopens: tcp, listener: l, open: map[*connection]struct{}{}, reach: faults.Up, changed: make(chan struct{}),
	}
}

// Addr is the address, also while it is down.
func (c *listener) Addr() net.Addr { return c.address }

// Accept returns the next connection that shall be served. It remembers each until it is closed.
func (c *listener) Accept() (net.Conn, error) {
	for {
		listener, changed, cut := c.current()
		switch {
		case cut:
			return nil, net.ErrClosed
		case listener == nil:
			<-changed
			continue
		}
		accepted, err := listener.Accept()
		if err != nil {
			if now, _, _ := c.current(); now != listener {
				continue
			}
			return nil, err
		}
		if served := c.admit(accepted); served != nil {
			return served, nil
		}
	}
}

func (c *listener) current() (net.Listener, <-chan struct{}, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.listener, c.changed, c.cut
}

// admit returns the connection if it shall be served.
func (c *listener) admit(accepted net.Conn) *connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	admitted := &connection{Conn: accepted, of: c}
	switch {
	case c.cut || c.reach == faults.Down:
		// The client sees a broken connection either way.
		_ = accepted.Close()
		return nil
	case c.reach == faults.Silent:
		c.open[admitted] = struct{}{}
		go admitted.swallow()
		return nil
	}
	c.open[admitted] = struct{}{}
	return admitted
}

// set changes how the address answers from now on. Going down cuts what is open; connections that were accepted in
// silence stay silent for ever.
func (c *listener) set(reach faults.Reach) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut {
		return nil
	}
	if reach == faults.Down {
		c.reach = reach
		if c.reopens && c.listener != nil {
			// It was open; what it still had to accept is refused as wanted.
			_ = c.listener.Close()
			c.listener = nil
		}
		c.cutOpen()
		return nil
	}
	if c.listener == nil {
		l, err := net.Listen(c.address.Network(), c.address.String())
		if err != nil {
			return err
		}
		c.listener = l
		c.wake()
	}
	c.reach = reach
	return nil
}

// reached tells how the address answers.
func (c *listener) reached() faults.Reach {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reach
}

// retire makes the connections that are open now end with their next answer.
func (c *listener) retire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for open := range c.open {
		open.retired.Store(true)
	}
}

// Close closes the listener alone.
func (c *listener) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listener == nil {
		return nil
	}
	return c.listener.Close()
}

// cutAll closes the listener and every open connection, for ever.
func (c *listener) cutAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = true
	if c.listener != nil {
		// Closing a second time is the only failure, and harmless.
		_ = c.listener.Close()
	}
	c.cutOpen()
	c.wake()
}

func (c *listener) cutOpen() {
	for open := range c.open {
		_ = open.Conn.Close()
	}
}

func (c *listener) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// connection tells its listener when it is closed.
type connection struct {
	net.Conn
	of      *listener
	retired atomic.Bool
}

// Close closes the connection and forgets it.
func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// reset closes the connection with a TCP reset; in-memory connections know no other way than the usual one.
func (c *connection) reset() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the close is an orderly one, and the client sees a break all the same
	}
	_ = c.Close()
}

// swallow reads and never answers, until the other end gives up or everything is cut.
func (c *connection) swallow() {
	_, _ = io.Copy(io.Discard, c.Conn)
	_ = c.Close()
}
