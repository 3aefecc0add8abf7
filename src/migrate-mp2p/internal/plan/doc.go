// Package plan decides what shall be sent to NSX, in which order. It is pure: no clock, network or disk, not even
// through what it imports for its work; the same inventory gives the same plan, byte for byte.
//
// # Invariants
//
//   - Every object of the inventory is in exactly one batch, after everything that it needs.
//   - No batch holds more than its type's limit, except one that a single parent's ports fill alone.
//   - Whatever cannot be planned is reported, all at once, and then there is no plan.
package plan
