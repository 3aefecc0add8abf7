// Package policy knows the shape of the Policy tree: which object types stand where, what their Child wrappers in a
// hierarchical PATCH are called, which fields NSX adds to an intent, which of its strings are paths of other objects,
// what the expressions of a group may look like, and how a port of the Manager API looks in Policy.
//
// It holds no objects; those are in the store.
package policy
