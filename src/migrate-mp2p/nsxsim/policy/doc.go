// Package policy knows the shape of the Policy tree: which object types stand where, what their Child wrappers in a
// hierarchical PATCH are called, and which fields NSX adds to an intent.
//
// It holds no objects; those are in the store.
package policy
