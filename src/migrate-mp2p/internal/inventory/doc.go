// Package inventory answers what is on an NSX that belongs to a run, and what refers to what.
//
// [Retrieve] reads it for planning, by the Search API, checked against the lists. [Look] and [TakeCensus] read what has
// become of it, by lists and single reads only, because the search index lags behind.
//
// # Invariants
//
//   - Nothing is ever written to NSX.
//   - NCP-created means: the tag ncp/cluster with exactly this value and a tag ncp/version. Search matches loosely, so
//     the pair is checked again here.
//   - Bodies are not kept: of each object remain its ids, name, tags, references and a hash. Strings that occur often
//     are held once.
//   - The same NSX gives the same Inventory, whatever the order of the answers.
//
// # Caveats
//
// Firewall sections and router ports are read by list even in Retrieve: only the section list shows their order, and
// ports are wanted whole, whoever made them. Rules are found in bulk by Search and read again per section where their
// number differs from the section's rule_count.
package inventory
