// Package references knows which fields of Manager objects name other Manager objects, and where those are.
//
// There is one table (table.go). The simulator refuses writes and deletions by it, and the check of generated worlds
// walks it, so that a model and the server cannot disagree about what a complete world is.
//
//	for _, r := range references.Of("logical-ports/p1", body) {
//		// r.Field is "logical_switch_id", r.ID its value, r.Keys are the places where such an object may be
//	}
//
// # Caveats
//
// Fields and targets are those of the NSX Go SDK's models. Interfaces (an attachment's id, parent_vif_id) are no
// objects and therefore not in the table. Tags that hold ids are NCP's habit, not NSX's: see OfTags.
package references
