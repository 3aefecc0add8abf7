// Package inventory answers what is on an NSX that belongs to a run, and what refers to what.
//
// [Retrieve] reads it for planning: the Search API finds, and lists and single reads prove, since the search index may
// show objects as they were. What it skips as Policy is always proved; what it plans is where the list is not far longer
// than what is ours. [Look] and [TakeCensus] read what has become of it, by lists and single reads only: they are the
// proof on which others close records. [FindUnrealised] searches, and is for the report alone.
//
// # Invariants
//
//   - Nothing is ever written to NSX.
//   - NCP-created means: the tag ncp/cluster with exactly this value and a tag ncp/version. Search matches loosely, so
//     the pair is checked again here, and no query leaves other clusters out by the name. No object at all is an error.
//   - Bodies are not kept: of each object remain its ids, name, tags, references and a hash. Strings that occur often
//     are held once.
//   - The same NSX gives the same Inventory, whatever the order of the answers.
//   - What NSX does not show is Undecided, never guessed. Absent is what a whole list does not hold, or NSX says does not
//     exist; whoever closes a record on that asks for the object's other side, too.
//   - Many objects of a type are read by list, a thousand in one request; few are read one by one.
//
// # Caveats
//
// Firewall sections and router ports are read by list even in Retrieve: only the section list shows their order, and
// ports are wanted whole, whoever made them. Rules are found in bulk by Search and read again per section where their
// number differs from the section's rule_count. What these rules refer to is not proved.
package inventory
