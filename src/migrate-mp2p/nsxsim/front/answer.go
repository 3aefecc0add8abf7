package front

import (
	"context"
	"maps"
	"net/http"
	"strconv"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// cut is how an answer breaks off.
type cut int

const (
	whole   cut = iota
	dropped     // the connection is closed in the orderly way
	reset       // it is closed by a TCP reset
	hung        // nothing comes until the client gives up
)

// answer is what goes out. One that is cut and has no status does not even begin.
type answer struct {
	status  int
	body    []byte
	headers map[string]string
	cut     cut
	// length is the promised length of a body that breaks off; 0 means that the body is whole.
	length int
	// pace is the number of bytes per second; 0 means as fast as possible.
	pace int
}

// call is the request as fault rules see it.
func (x *exchange) call() faults.Call {
	return faults.Call{
		Method: x.r.Method, Path: x.r.URL.Path, Query: x.r.URL.RawQuery, User: x.entry.User, Node: x.entry.Node,
		Header: x.r.Header, Body: x.body,
	}
}

// disturb applies the exchange's fault rule if it acts at that moment. nil means that NSX answers itself.
func (s *Front) disturb(x *exchange, when string) *answer {
	if x.rule != nil && x.rule.When == when {
		s.wait(x.r.Context(), time.Duration(x.rule.Delay))
		if x.rule.Hook != nil {
			x.rule.Hook(x.call())
		}
		if !s.hold(x) {
			return &answer{cut: dropped}
		}
		if x.rule.Change != nil {
			if err := s.site.Change(*x.rule.Change); err != nil {
				out := failure(&api.Error{Status: http.StatusInternalServerError, Module: ModuleSimulator, Message: err.Error()})
				return &out
			}
		}
	}
	if cut := s.unreachable(x); cut != whole {
		return &answer{cut: cut}
	}
	if x.rule == nil || x.rule.When != when {
		return nil
	}
	return ruled(*x.rule)
}

// hold keeps the request for as long as its rule does, whether its client still waits or not. It is false when the
// simulator ends before; the journal then still gets to know of the request before Close returns.
func (s *Front) hold(x *exchange) bool {
	if !x.rule.Hold {
		return true
	}
	s.mu.Lock()
	ended := s.closed.Load()
	if !ended {
		s.holding.Add(1)
	}
	s.mu.Unlock()
	if ended {
		return false
	}
	if err := s.faults.Hold(s.ending, x.rule.Name, x.call()); err != nil {
		x.journaled = s.holding.Done
		return false
	}
	s.holding.Done()
	return true
}

// lasting is the context of what the request does. A client that goes away ends it, but for a request that is held:
// such a one is on its way through the network, and arrives although nobody waits for it any more.
func (x *exchange) lasting() context.Context {
	if x.rule != nil && x.rule.Hold {
		return context.WithoutCancel(x.r.Context())
	}
	return x.r.Context()
}

// ruled is the answer of a rule in NSX's place; nil means that NSX answers itself.
func ruled(rule faults.Rule) *answer {
	switch {
	case rule.Cuts() && rule.Truncate == 0:
		return &answer{cut: cutOf(rule)}
	case rule.RawBody != "":
		status := rule.Status
		if status == 0 {
			status = http.StatusOK
		}
		return &answer{status: status, body: []byte(rule.RawBody), headers: rule.Headers}
	case rule.Status != 0:
		out := failure(&api.Error{
			Status: rule.Status, Code: rule.ErrorCode, Module: rule.Module, Message: rule.Message, Details: rule.Details,
		})
		out.headers = rule.Headers
		return &out
	}
	return nil
}

func cutOf(rule faults.Rule) cut {
	switch {
	case rule.Drop:
		return dropped
	case rule.Reset:
		return reset
	case rule.Hang:
		return hung
	}
	return whole
}

// shaped gives the answer the form that the exchange's rule demands: its headers, a shorter body, a slow one.
func (x *exchange) shaped(out answer) answer {
	rule := x.rule
	if rule == nil || out.status == 0 {
		return out
	}
	headers := maps.Clone(rule.Headers)
	if headers == nil {
		headers = map[string]string{}
	}
	maps.Copy(headers, out.headers)
	out.headers, out.pace = headers, rule.BytesPerSecond
	if rule.Empty {
		out.body = nil
	}
	if rule.Truncate > 0 && rule.Truncate < len(out.body) {
		if out.cut = cutOf(*rule); out.cut != whole {
			out.length = len(out.body)
		}
		out.body = out.body[:rule.Truncate]
	}
	return out
}

// unreachable tells how the request breaks off because its address, or the node behind it, is not up any more.
func (s *Front) unreachable(x *exchange) cut {
	for _, at := range []*Address{x.via, s.nodes[x.node]} {
		switch at.listener.reached() {
		case faults.Down:
			return dropped
		case faults.Silent:
			return hung
		}
	}
	return whole
}

// send writes the answer, or breaks off, and closes the journal entry. The entry is written before the answer leaves,
// so that whoever has the answer finds the entry.
func (s *Front) send(x *exchange, out answer) {
	x.entry.Status = out.status
	s.journal.add(x.entry)
	if x.journaled != nil {
		x.journaled()
	}
	// A client that has just gone away might still see the answer as one to a request that it gave up.
	gone := x.r.Context().Err() != nil
	if out.status != 0 && !gone {
		s.transmit(x, out)
	}
	switch {
	case out.cut == hung:
		<-x.r.Context().Done()
		x.breakOff(false)
	case out.cut != whole || gone:
		x.breakOff(out.cut == reset)
	}
}

// transmit sends status, headers and body, or what there is of it.
func (s *Front) transmit(x *exchange, out answer) {
	header := x.w.Header()
	for name, value := range out.headers {
		header.Set(name, value)
	}
	if len(out.body) > 0 {
		header.Set("Content-Length", strconv.Itoa(max(out.length, len(out.body))))
		if header.Get("Content-Type") == "" {
			header.Set("Content-Type", "application/json")
		}
	}
	if c := x.connection(); c != nil && c.retired.Load() {
		header.Set("Connection", "close")
	}
	x.w.WriteHeader(out.status)
	for rest := out.body; len(rest) > 0; {
		n := len(rest)
		if out.pace > 0 {
			// Ten pieces a second are slow enough for any client, and quick enough to end with it.
			n = min(n, max(1, out.pace/10))
			s.wait(x.r.Context(), time.Duration(n)*time.Second/time.Duration(out.pace))
		}
		// A client that went away needs no answer.
		if _, err := x.w.Write(rest[:n]); err != nil {
			return
		}
		if rest = rest[n:]; out.pace > 0 || out.cut != whole {
			_ = http.NewResponseController(x.w).Flush()
		}
	}
}

// connection is the one that the request came by.
func (x *exchange) connection() *connection {
	c, _ := x.r.Context().Value(connectionKey{}).(*connection)
	return c
}

// breakOff ends the connection without a further word.
func (x *exchange) breakOff(byReset bool) {
	if c := x.connection(); byReset && c != nil {
		c.reset()
		return
	}
	if hijacker, ok := x.w.(http.Hijacker); ok {
		if connection, _, err := hijacker.Hijack(); err == nil {
			// The client sees a broken connection either way.
			_ = connection.Close()
		}
	}
}

// wait sleeps in the server's time.
func (s *Front) wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	done := make(chan struct{})
	timer := s.clock.AfterFunc(d, func() { close(done) })
	select {
	case <-done:
	case <-ctx.Done():
		timer.Stop()
	}
}
