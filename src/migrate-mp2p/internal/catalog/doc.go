// Package catalog says what kinds of object a migration moves and how each kind does it: one value per resource type of
// the migration API, in one file per family.
//
// # Invariants
//
//   - Nothing about a type is written anywhere else: who searches, plans, settles or prints asks the catalog.
//   - The order of the types follows from what each must come after; it is the same in every run.
//   - A Catalog never changes once New has returned it.
//
// # Caveats
//
// VMware publishes names of types and shapes of bodies, but few of the keys that metadata and linked ids may hold. What
// no public source states is marked in [Entry.Assumed], printed in the documentation, and can be overridden per type
// ([Override]), because a live NSX has the last word. Sources: the vSphere Automation SDK for Go ("NSX Go SDK"),
// OpenStack's nsx-migrate-t2p ("vmware-nsx"), SAP's networking-nsx-t and the NCP documentation.
package catalog
