// Package faults disturbs chosen requests: it answers in NSX's place, delays, breaks the connection before or after the
// request took effect, holds it until it is told to go on, alters NSX itself (a node goes down, the coordinator crashes),
// or calls a Go function at that very moment (crash tests kill the client there).
//
// A rule counts the requests that match it, and acts on those that its counting keys choose. The first rule that acts
// wins; the counts of all matching rules go on. Rules may be replaced while the simulator runs; a rule that keeps its
// name keeps its counts and its time. The same seed and the same requests give the same choices.
//
// # Keys that match
//
// All that are given must fit. In Go each is the field of [Rule] with that name.
//
//	key              meaning                                              example
//	name             name in the hit counts                               name: lost answer
//	method           HTTP method                                          method: POST
//	path             glob over the whole path; * spans slashes            path: /api/v1/migration/*
//	path_regexp      regular expression somewhere in the path             path_regexp: ports/[0-9a-f-]+$
//	query            text in the query                                    query: action=continue
//	body             text in the request's body                           body: 8d7f3c1e
//	body_type        resource_type or migration type in the body          body_type: LOGICAL_SWITCH
//	request_headers  texts in headers of the request                      request_headers: {X-Allow-Overwrite: "true"}
//	user             name of the caller                                   user: admin
//	node             answering node                                       node: node-2
//	phase            what the migration coordinator is at: idle,          phase: migration
//	                 precheck, paused, migration, done, rollback, cancel
//	begins, ends     time since the rule was set, or since after_rule     ends: 30s
//	after_rule       only once that rule has acted                        after_rule: lost answer
//
// # Keys that choose
//
//	key              meaning                                              example
//	nth              the nth match only                                   nth: 3
//	from, to         a range of matches                                   from: 2
//	every            each n-th match of the range                         every: 25
//	probability      share of those, chosen by the seed                   probability: 0.05
//
// # Keys that act
//
//	key              meaning                                              example
//	when             before the effect (default) or after it              when: after
//	delay, jitter    wait; jitter is the most that is added by chance     delay: 2s
//	hold             wait until told to go on, see below                  hold: true
//	drop             close the connection without an answer               drop: true
//	reset            the same by a TCP reset                              reset: true
//	hang             no answer, and the connection stays open             hang: true
//	answer           a well-known answer, see [Answers]                   answer: disk-full
//	status           HTTP status, with error_code, module, message,       status: 409
//	                 details for NSX's error form; error_code is
//	                 600 for 404, else the status, unless given
//	raw_body         body that is not NSX's                               raw_body: "<html>"
//	empty            no body                                              empty: true
//	headers          more headers of the answer                           headers: {Retry-After: "2"}
//	truncate         only so many bytes of the body; with drop or reset   truncate: 40
//	                 the connection breaks there
//	bytes_per_second a slow body                                          bytes_per_second: 100
//	change           alters NSX from now on, see below                    change: {failover: node-2}
//
// # Keys of a change
//
//	key              meaning                                              example
//	nodes            up, down (refused) or silent (accepted, never        nodes: {node-1: down}
//	                 answered), by address
//	certificates     good, other-authority, wrong-name or expired         certificates: {virtual: expired}
//	failover         node that the virtual address goes to                failover: node-2
//	coordinator      crash (restart) or stop; hold (nothing that it is    coordinator: crash
//	                 at, such as a batch, comes to its end) or go-on
//	end_sessions     all login sessions end                               end_sessions: true
//	search_lag       how far the search index runs behind                 search_lag: 10s
//	for              nodes, certificates and search_lag go back to        for: 20s
//	                 normal after that time
//
// # Holding
//
// What shall happen in the middle of something is not hoped for by a delay: the moment is held. A rule with hold keeps
// its requests after the delay and before everything else that it does: before their effect, or with when: after before
// their answer. [Set.HeldBy] waits for such a request, and [Set.Release] lets it go; outside of Go these are GET and POST
// of /_nsxsim/holds/{rule}.
//
//   - A request stays held when its client gives up or dies. Let go, it is carried out, as one that was late in the
//     network, and the journal has it then with the name of the rule. It is refused or not by the login of its arrival.
//   - Each held request counts as one in flight. It sees neither the ends of its rule nor a restored backup.
//   - Release lets later requests of the rule pass as well, unless told to hold them. A rule that is taken out, or put
//     anew without hold, lets go what it held. One that keeps its name keeps what it holds, and whether it does.
//   - When the simulator ends, what is held breaks off: without effect, if it was held before that.
//
// The coordinator itself is held by the change coordinator: hold. A batch, a pre-check, DONE, a rollback or a cancellation
// then does not end before coordinator: go-on. Abort, crash and stop end it all the same; a restored backup takes the hold
// away.
//
// # Well-known answers
//
//	answer                 status, error_code   who gives it
//	rate-limit             429, 102             NSX, above 100 requests a second of one user
//	concurrency-limit      429, 102             NSX, above 40 requests in flight of one user
//	overload               503, 102             NSX, above 199 requests in flight of all users
//	unavailable            503, 98              NSX that is starting or overloaded
//	backend-missing        404, 202             NSX's proxy, when the service behind it is not there yet
//	cannot-connect         500, 98              NSX's proxy, when it cannot connect to the service
//	reconfiguring          500, 607             NSX, while its persistence is reconfigured
//	bad-credentials        403, 403             NSX, after a session was lost or a password changed
//	bad-xsrf-token         403, 98              NSX, to a session's request without its token
//	no-licence             403, 505             NSX, when its licence does not cover the request
//	certificate-untrusted  500, 99              NSX, to a client certificate that it does not know
//	conflict               409, 409 (ASSUMED)   NSX, to concurrent changes
//	stale-revision         412, 604             NSX, to an old _revision
//	stale-500087           400, 500087          Policy, when what a request depends on was changed meanwhile
//	stale-500232           400, 500232          the same
//	stale-100148           400, 100148          the same
//	stale-500090           404, 500090          the same
//	delete-pending         400, 500045          Policy, to a path whose former object is not purged yet
//	atomic-request         400, 202 (ASSUMED)   Policy, when two writes meet; the same request succeeds soon
//	search-indexing        400, 60508           NSX's search, while the index is built
//	search-timeout         400, 60514           NSX's search
//	search-out-of-sync     400, 60515           NSX's search, until it was resynchronized
//	search-page-too-large  400, 255             NSX's search
//	coordinator-busy       400, 30722           the migration coordinator
//	disk-full              500, 99              NSX (ASSUMED)
//	proxy-error            502, HTML            a load balancer before NSX
//	wrong-json             200, broken JSON     nobody should
//
// # Caveats
//
// An address that is down cannot be asked over HTTP to come back: use for, another address, or Server.Change.
//
// # Example
//
// A storm of a while, a crash in the middle of a batch, and a node that is away for a minute after it:
//
//	# rules.yaml
//	- {name: storm, path: "*", begins: 10s, ends: 15s, probability: 0.5, answer: rate-limit, headers: {Retry-After: "1"}}
//	- {name: crash, path: "*/status-summary", phase: migration, nth: 3, change: {coordinator: crash}}
//	- {name: away, after_rule: crash, nth: 5, change: {nodes: {node-1: down}, for: 1m}}
//
// The third batch is at work for as long as somebody wants, and the first poll that sees it tells when that is:
//
//	# rules.yaml
//	- {name: third, path: "*/migration/plan", query: action=continue, nth: 3, change: {coordinator: hold}}
//	- {name: middle, after_rule: third, path: "*/status-summary", phase: migration, hold: true}
package faults
