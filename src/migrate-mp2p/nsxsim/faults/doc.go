// Package faults disturbs chosen requests: it answers in NSX's place, delays, drops the connection before or after the
// request took effect, or calls a Go function at that very moment (crash tests kill the client there).
//
// A rule counts the requests that match it, and acts on those that its From, To and Every choose. The first rule that
// acts wins; the counts of all matching rules go on. Rules may be replaced while the simulator runs; a rule that keeps
// its name keeps its counts.
package faults
