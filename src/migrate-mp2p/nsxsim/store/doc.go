// Package store holds the whole state of one simulated NSX Manager cluster: the Manager objects, the Policy tree and
// named sections of other state (the migration coordinator keeps its own there).
//
// # Keys
//
// A Manager object is addressed by its collection path below /api/v1 and its id, for example
// "logical-switches/<id>", "logical-routers/<id>/nat/rules/<id>" or "pools/ip-pools/<id>/allocations/<ip>".
// A Policy object is addressed by its path, for example "/infra/segments/<id>". The collection of a key is everything
// before its last slash, on both sides.
//
// # Invariants
//
//   - All reading and writing happens inside View or Update. View gives a consistent picture; Update is atomic: when
//     its function returns an error, nothing of it remains.
//   - An Object never changes once stored. A write puts a new Object in its place, so a pointer or a Body taken out of
//     a View may be used for ever, but must not be modified.
//   - Every order that the store hands out is fixed (by id, then by key), whatever the order of the writes was.
//   - Save writes the same bytes for the same state, and Load(Save(s)) gives that state again.
//   - Restore puts a backup (Clone, Load) in place of everything in one step, under readers and writers.
//
// # Caveats
//
// The lists by type and by tag, which stand for NSX's search index, hold objects with a resource type only. A body's
// indexed fields are found by their plain names: a name written with \u escapes is kept, but not seen.
//
// View and Update take one lock and must not be nested. The function given to them must not wait for the network.
package store
