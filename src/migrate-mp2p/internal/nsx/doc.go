// Package nsx speaks with one NSX Manager: it pins a node, logs in, keeps to the rate that NSX tolerates,
// retries what may be retried, and turns every answer that is not a success into an [Error] with a [Kind].
// Nobody outside this package sees an HTTP status.
//
// Must hold:
//  1. One manager per client: the first healthy candidate is pinned by [Client.Connect], and nothing is sent
//     anywhere else afterwards.
//  2. A login that NSX refused is never tried again, on no manager, so that no account gets locked.
//  3. A client with ReadOnly sends GET and the login, nothing else.
//  4. A write is sent again only when NSX is known not to have carried it out, or when carrying it out twice does
//     no harm. A write whose answer was lost is a [KindLost]: it may have taken effect, and only reading tells.
//  5. Every request of the migration coordinator goes over a connection on which the node's id was read before,
//     and every write to it is followed by reading the id again.
//  6. No credential is part of an error or of a log line.
//  7. Waiting always ends with the context; attempts and elapsed time are bounded.
//
// Requests pass a chain of http.RoundTrippers, from the outside in:
//
//	readOnly -> retry -> session -> limiter -> exchange -> endpoint (pinned manager, one of two transports)
//
// exchange reads the whole answer and classifies it by the table in codes.go, so that each of the others decides
// by kind.
//
// Caveats: answers above 64 MiB are refused; HTTP/2 is not used, since "the same connection" has to mean one node.
package nsx
