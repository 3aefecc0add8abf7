// Package nsx speaks with one NSX Manager: it pins a node, logs in, keeps to the rate that NSX tolerates,
// retries what may be retried, and turns every answer that is not a success into an [Error] with an [mp.Kind].
// Nobody outside this package sees an HTTP status.
//
// Must hold:
//  1. One manager per client: the first healthy candidate is pinned by [Client.Connect], and nothing is sent
//     anywhere else afterwards.
//  2. A login that was refused, in any form, is never tried again, on no manager, so that no account gets locked; after
//     three logins without a clear answer there is no further one.
//  3. A client with ReadOnly sends GET and the login, nothing else.
//  4. A write is sent again only when NSX is known not to have carried it out, or when carrying it out twice does
//     no harm. A write whose answer was lost is an [mp.KindLost]: it may have taken effect, and only reading tells. So is
//     a POST or PUT that NSX answered with a failure of its own (status 500 and above), unless its limiter refused it.
//  5. Every request of the migration coordinator goes over a connection on which the node's id was read before,
//     and every write to it is followed by reading the id again.
//  6. No credential is part of an error or of a log line.
//  7. Waiting always ends with the context; attempts and elapsed time are bounded.
//  8. An answer is NSX's own only in NSX's form, whatever its status. A success is the documented JSON, each kind of
//     answer with what NSX always sends ([Answer]), or no body where none is documented; an error is NSX's error body
//     with its error code. Everything else came from something in between (HTML of load balancers, proxies and login
//     pages, empty bodies, redirections, which are never followed): a read is repeated and then an [mp.KindUnclear], a write
//     is an mp.KindLost.
//  9. [mp.KindNotFound] is NSX's own word that an object does not exist: a 404 with a code that means absence.
//  10. A list holds what NSX told at its beginning, with each object once, or it is read again, three times in all, and
//     then an error that says who writes. Three readings that agree in everything but that number are taken.
//
// Requests pass a chain of http.RoundTrippers, from the outside in:
//
//	readOnly -> retry -> session -> limiter -> exchange -> endpoint (pinned manager, one of two transports)
//
// exchange reads the whole answer, checks its form (form.go) and classifies errors by the table in codes.go, so that each
// of the others decides by kind.
//
// Caveats: answers above 64 MiB are refused; HTTP/2 is not used, since "the same connection" has to mean one node.
package nsx
