// Package schema knows which fields the bodies of the Manager and the Policy API may hold, and checks bodies against
// that knowledge: unknown fields, missing required ones, values of the wrong kind and values outside of an enumeration.
//
// The facts come from VMware's Go SDK for NSX (github.com/vmware/vsphere-automation-sdk-go, modules services/nsxt-mp and
// services/nsxt, BSD-2-Clause): src/e2e/cmd/schema reads them from its sources and writes manager.txt and policy.txt.
// What these versions of the SDK lack stands in manager-more.txt and policy-more.txt, which are written by hand and
// name the source of each line. No code and no text of the SDK is taken over.
//
// # The form of the tables
//
//	# a comment
//	choice Expression by resource_type     several types, told apart by that field
//	  Condition
//	  PathExpression
//	type Condition : PolicyConfigResource  a type with all fields of another one, and its own:
//	  key required string Tag|Name         must be there; one of these values
//	  operator string
//	  tags []Tag                           a list of another type
//	more Segment                           further fields of a type that stands in another table
//	  new_field object                     any JSON object
//	name certificate_ca Certificate        another resource_type for a type
//	require LogicalSwitch admin_state      fields that must be there, which the SDK does not say
//
// The kinds are string, integer, number, boolean, object and the names of types and choices.
//
// # Caveats
//
// Lengths, ranges, formats (IP addresses) and defaults are not known here. What only the server sets (_create_user,
// path, unique_id, ...) is known and may be sent, since clients send back what they have read. NSX turns some values of
// another kind into the right one: Texts does so with numbers for strings.
package schema
