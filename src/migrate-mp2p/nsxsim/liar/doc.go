// Package liar stands between a client and an NSX as load balancers, proxies and login pages do, passes everything on,
// and answers chosen requests in NSX's place. Fault rules of the simulator disturb NSX itself; a liar disturbs what lies
// before it: NSX may go on with what the client believes refused, and may never hear of what the client believes done.
//
// A [Lie] says which requests it is about (Method, Path, Query, Body, Match; all that are given must fit), which of
// those it chooses (Nth and Times), and then, in this order:
//
//  1. Hold: nothing happens until [Proxy.Release]. [Proxy.WaitHeld] waits for that moment.
//  2. First and Second: whether, when and how often NSX gets the request, see [Delivery]. What is kept for later is sent
//     by [Proxy.Deliver], also when the client is long gone.
//  3. Hook: a Go function, which may block; the client is still waiting.
//  4. The client's answer: Cut closes the connection, Answer takes NSX's place, and without both it is NSX's own.
//
// Must hold:
//  1. A request that no lie chooses passes unchanged, and so does its answer; a connection that NSX breaks is broken.
//  2. Each connection of a client has one connection to NSX of its own, as through a load balancer at the level of TCP,
//     so that a client may rely on talking to one node.
//  3. Nothing depends on time: whatever waits, waits to be told.
//
// Caveats: HTTP/1.1 only. A client's certificate does not get through, so clients log in with a password. The liar has a
// certificate authority of its own, [Proxy.CA].
package liar
