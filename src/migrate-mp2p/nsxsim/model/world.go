package model

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Object is one object of the Manager API.
type Object struct {
	// Collection is the list path below /api/v1 without slashes at its ends, for
	// example "logical-switches" or "logical-routers/<id>/nat/rules". An object of
	// which a router has just one (BGP, advertisement) is stored under the path
	// above it, with the last element of its URL as ID.
	Collection string
	// ID is the last element of the object's URL. It is the body's id, except for
	// single objects and for allocations, which have no id but their address.
	ID string
	// Body is compact JSON.
	Body json.RawMessage
}

// PolicyObject is one object of the Policy API.
type PolicyObject struct {
	// Path begins with /infra.
	Path string
	// Body is compact JSON.
	Body json.RawMessage
}

// World is everything a simulated NSX holds at the start.
type World struct {
	Manager []Object
	Policy  []PolicyObject
	// Foundations lists who uses this NSX; the first is the one to be migrated.
	Foundations []Foundation
	// Shared lists what an operator would write into the user spec for the first
	// foundation.
	Shared []Shared
	// Workloads lists what runs on each Kubernetes or TKGI cluster.
	Workloads []*Workloads
}

// Foundation is one TAS foundation or one cluster.
type Foundation struct {
	// Name is the value of its ncp/cluster tags.
	Name string
	// Platform is "tas", "tkgi" or "kubernetes".
	Platform string
	// Identity is the NSX user as which its NCP writes.
	Identity string
}

// Shared is one admin-made object that NCP's configuration refers to.
type Shared struct {
	// Kind is the migration API's name of the type, for example "TIER0".
	Kind string `json:"kind"`
	// List is the list of a user spec in which the object belongs, for example "tier0_routers".
	List        string `json:"list"`
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
	// Allocations are the addresses of an IP pool that NCP did not allocate.
	Allocations []string `json:"allocations,omitempty"`
	// StaticRoutes and Ports are the ids of a router's static routes and of the
	// ports that have to be migrated with it.
	StaticRoutes []string `json:"static_routes,omitempty"`
	Ports        []string `json:"ports,omitempty"`
}

// Options refines a model. The zero value is fine.
type Options struct {
	// Cluster is the name of the foundation or cluster to migrate; each model has a
	// default.
	Cluster string
	// Identity is the NSX user of its NCP; default "<Cluster>-ncp".
	Identity string
	// BuiltAt is the latest _create_time in the world, to the second; default
	// 2023-11-01 UTC. Tests in virtual time set it to before their clock's start.
	BuiltAt time.Time
	// Further use this NSX too, each as large as the first. A Platform left out is the
	// first's, an Identity left out is "<Name>-ncp".
	Further []Foundation
	// SectionBetween puts a section of the administrator between those that NCP of
	// the first foundation made, where a migration cannot keep it.
	SectionBetween bool
	// OtherProducts adds what a product without NCP keeps on the same NSX: OpenStack
	// with a network of its own.
	OtherProducts bool
	// PolicyCluster is the name of one more user of the first one's platform, a small
	// one whose NCP works in Policy mode already; empty means none.
	PolicyCluster string
	// SharedTier1 puts all namespaces of the first Kubernetes or TKGI cluster on
	// one Tier-1.
	SharedTier1 bool
	// SecondTier0 gives the second, small cluster of the TKGI model a Tier-0 of its own.
	SecondTier0 bool
	// NoNAT lets the pods and nodes of the TKGI model's clusters be reached by their
	// own addresses: no SNAT rules, and no addresses for them.
	NoNAT bool
	// Rare adds to the first foundation what NCP makes only with some settings: DNAT,
	// a certificate without private key, virtual servers of all kinds, and switching
	// profiles of all kinds.
	Rare bool
}

// withDefaults completes options for a model whose first foundation has the given
// name unless another is wanted.
func (o Options) withDefaults(cluster string) Options {
	if o.Cluster == "" {
		o.Cluster = cluster
	}
	if o.Identity == "" {
		o.Identity = o.Cluster + "-ncp"
	}
	if o.BuiltAt.IsZero() {
		o.BuiltAt = time.Date(2023, time.November, 1, 0, 0, 0, 0, time.UTC)
	}
	return o
}

// Find returns the Manager object at collection and id.
func (w *World) Find(collection, id string) (*Object, error) {
	for i := range w.Manager {
		if w.Manager[i].Collection == collection && w.Manager[i].ID == id {
			return &w.Manager[i], nil
		}
	}
	return nil, fmt.Errorf("finding %s/%s: no such object in this world", collection, id)
}

// In returns the Manager objects whose collection is the given one or lies below
// it, in the world's order.
func (w *World) In(collection string) []Object {
	var found []Object
	for _, object := range w.Manager {
		if object.Collection == collection || strings.HasPrefix(object.Collection, collection+"/") {
			found = append(found, object)
		}
	}
	return found
}

// CreatedBy returns the Manager objects that NCP of the named cluster made: those
// that carry ncp/cluster with this value and ncp/version.
func (w *World) CreatedBy(cluster string) ([]Object, error) {
	var found []Object
	for _, object := range w.Manager {
		tags, err := object.Tags()
		if err != nil {
			return nil, err
		}
		if Created(tags, cluster) {
			found = append(found, object)
		}
	}
	return found, nil
}

// Tag is one tag of an object.
type Tag struct {
	Scope string `json:"scope"`
	Tag   string `json:"tag"`
}

// Tags returns the object's tags.
func (o Object) Tags() ([]Tag, error) {
	var body struct {
		Tags []Tag `json:"tags"`
	}
	if err := json.Unmarshal(o.Body, &body); err != nil {
		return nil, fmt.Errorf("reading the tags of %s/%s: %w", o.Collection, o.ID, err)
	}
	return body.Tags, nil
}

// Created tells whether these tags are those of an object that NCP of the named
// cluster made.
func Created(tags []Tag, cluster string) bool {
	versioned := slices.ContainsFunc(tags, func(tag Tag) bool { return tag.Scope == ScopeVersion })
	return versioned && slices.Contains(tags, Tag{Scope: ScopeCluster, Tag: cluster})
}
