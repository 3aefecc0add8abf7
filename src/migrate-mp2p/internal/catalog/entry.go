package catalog

import (
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// Found says how the objects of a type are recognised as NCP's.
type Found int

// The ways of finding. Whatever the way, the user spec finds shared objects by name or id.
const (
	ByTag      Found = iota // they carry NCP's tags themselves
	WithParent              // they carry no tag of their own and go with their router
	ByReferrer              // they cannot carry tags; those who use them name them
)

// Proof says how NSX shows, when an entry is read directly, that it is Policy.
type Proof int

// The ways of proving.
const (
	// PolicyPathTag: the Manager object carries a tag with scope policyPath (vmware-nsx).
	PolicyPathTag Proof = iota
	// RouterParts: the down-link ports and static routes of the router carry that tag, or the segment behind a
	// down-link port is connected to a gateway. The router's own tag proves nothing about its ports.
	RouterParts
	// PolicyChild: the Manager object cannot carry tags, but its Policy twin exists.
	PolicyChild
	// MigratedResources: nothing of it can be read; only the coordinator's list of migrated resources tells.
	MigratedResources
)

// Principal says who owns the Policy objects of a type.
type Principal int

// The principals: that of the scope (the shared identity for shared objects, NCP's for its own), or always the shared
// one, since the object is infrastructure (vmware-nsx sends admin for a Tier-0, its ports and its configuration).
const (
	OfScope Principal = iota
	AlwaysShared
)

// Field names the place in an object's body where it refers to others.
type Field struct {
	// Path leads to the id through objects and arrays, e.g. "switching_profile_ids.value".
	Path string
	// To are the types that may stand there. With Kind, the one whose Manager type is named there is meant and other
	// kinds are no reference of ours.
	To []mp.Type
	// Kind is the sibling of the id that names the target's Manager type, e.g. "target_type"; empty when To has one type.
	Kind string
}

// Entry is everything about one resource type of the migration API.
//
// Metadata, LinkedIDs and their Part versions are templates. Placeholders: {id} Manager id, {policy_id} wanted Policy
// id, {name} display name, {parent} Manager id of the parent, {parent_policy_id}, {parent_type} the parent's resource
// type, {sequence} place in the evaluation order or rule priority, {category} firewall category; in the Part versions
// also {part} and {part_policy_id}. A pair with a placeholder that has no value for an object makes the plan fail.
type Entry struct {
	Type mp.Type
	// SpecKey is the key in the user spec under which an operator lists such objects; empty when they cannot be listed.
	SpecKey string
	// ManagerTypes are the resource_type values of the Manager objects.
	ManagerTypes []string
	// RouterType tells routers apart by their router_type; empty for everything else.
	RouterType string
	// List is the path of the list below the host, {parent} standing for the parent's id; Query are its parameters.
	List  string
	Query map[string]string
	// Ordered types are read by list even where search would do, since only the list shows their evaluation order.
	Ordered bool
	Found   Found
	// Parents are the types below which objects of this type live; empty for top-level objects.
	Parents []mp.Type
	// ParentField is the place of the parent's id in the body.
	ParentField string
	// Parts are Manager types that travel inside an entry: rules of a section, ports and routes of a router.
	Parts []string
	// PartList is the list of the parts that have one of their own; {parent} stands for the id of the entry they belong to.
	PartList string
	// Limit is the number of objects per request (vmware-nsx); a live NSX may allow more or less.
	Limit int
	// After are the types that must be Policy before this one.
	After []mp.Type
	// Together: all objects of one parent travel in one request, whatever the limit (vmware-nsx, since NSX 3.2).
	Together bool
	// Named: the request says which Policy id the object shall get.
	Named bool

	Metadata      []mp.KeyValue
	LinkedIDs     []mp.KeyValue
	PartMetadata  []mp.KeyValue
	PartLinkedIDs []mp.KeyValue

	// PolicyType is the resource_type of the Policy object, empty when there is none of its own, and PolicyPath its path,
	// with {policy_id} and {parent_path}, the Policy path of the parent.
	// An entry without PolicyPath gets its place from NSX.
	PolicyType string
	PolicyPath string

	// Refers are the places where the body names other Manager objects, PartRefers those in the bodies of parts.
	Refers     []Field
	PartRefers []Field

	Principal Principal
	Proof     Proof
	// Assumed lists what no public source states about this entry.
	Assumed []string
}

// Accepts tells whether a Manager object with these values of resource_type and router_type is of this type.
func (e *Entry) Accepts(resourceType, routerType string) bool {
	if e.RouterType != "" && !strings.EqualFold(e.RouterType, routerType) {
		return false
	}
	for _, t := range e.ManagerTypes {
		if strings.EqualFold(t, resourceType) {
			return true
		}
	}
	return false
}

// ListPath is the path of the list in which an object with this parent stands.
func (e *Entry) ListPath(parent string) string { return strings.ReplaceAll(e.List, "{parent}", parent) }

// Item is the path of one object.
func (e *Entry) Item(parent, id string) string { return e.ListPath(parent) + "/" + id }

// PerParent tells whether there is one list for each parent.
func (e *Entry) PerParent() bool { return strings.Contains(e.List, "{parent}") }

// PartPath is the path of the list of an entry's parts.
func (e *Entry) PartPath(id string) string { return strings.ReplaceAll(e.PartList, "{parent}", id) }
