package inventory

import (
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// Whose an object is, its tags tell, and nothing else in this package reads them for that.
//
//	NCP's             ncp/cluster and ncp/version, on every platform
//	the nodes'        ncp/cluster and one of the scopes below, no ncp/version; on TKGI alone: what TKGI itself made for the
//	                  virtual machines of a cluster, which moves with the cluster (TKGI docs). Both tags must name the same
//	                  cluster. That these tags are what tells it is ASSUMED.
//
// Everything else is somebody else's.

// PolicyUser is what NSX names as the maker of a Manager object that Policy mode has made or taken over (observed in NSX's
// ownership errors).
const PolicyUser = "nsx_policy"

// platformTKGI is the platform on which a cluster has a network of nodes that moves with it.
const platformTKGI = "tkgi"

// tkgiPrefix stands before a cluster's UUID in its name; TKGI's own tags hold the UUID alone (TKGI docs).
const tkgiPrefix = "pks-"

// tkgiScopes are the tag scopes by which TKGI names its cluster. One page writes the second (TKGI docs).
var tkgiScopes = []string{"pks/cluster", "pks/clusters"}

// scopeFloating is the tag in which TKGI notes the floating address that an object of its own uses (TKGI docs).
const scopeFloating = "pks/floating_ip"

// whose decides whose an object is.
type whose struct {
	cluster string // value of the ncp/cluster tag
	nodes   bool   // the platform has networks of nodes
}

func (s *source) whose() whose { return whose{s.q.Cluster, s.q.Platform == platformTKGI} }

// ours tells whether an object goes with the cluster.
func (w whose) ours(tags []mp.Tag) bool { return createdBy(tags, w.cluster) || w.ofNodes(tags) }

// ofNodes tells whether an object is of the network of the cluster's nodes.
func (w whose) ofNodes(tags []mp.Tag) bool {
	return w.nodes && slices.Contains(nodeNetworksOf(tags), w.cluster)
}

// goesWith gives the cluster with which an object goes; empty when it goes with none.
func (w whose) goesWith(tags []mp.Tag) string {
	if cluster, made := createdByAny(tags); made {
		return cluster
	}
	if clusters := nodeNetworksOf(tags); w.nodes && len(clusters) > 0 {
		return clusters[0]
	}
	return ""
}

// seemsOfNodes tells whether an object may be meant to be of the network of the cluster's nodes although it is not: TKGI's
// tag and NCP's do not both name the cluster, or not as they should.
func (w whose) seemsOfNodes(tags []mp.Tag) bool {
	if !w.nodes || has(tags, scopeVersion) || len(nodeNetworksOf(tags)) > 0 {
		return false
	}
	ofTKGI, ofCluster := false, slices.Contains(tags, mp.Tag{Scope: scopeCluster, Tag: w.cluster})
	for _, t := range tags {
		if slices.Contains(tkgiScopes, t.Scope) {
			ofTKGI = true
			ofCluster = ofCluster || t.Tag == w.cluster || t.Tag != "" && t.Tag == uuidOf(w.cluster)
		}
	}
	return ofTKGI && ofCluster
}

// uuidOf is the UUID in the name of a cluster of TKGI; empty for a name that TKGI did not give.
func uuidOf(cluster string) string {
	uuid, ofTKGI := strings.CutPrefix(cluster, tkgiPrefix)
	if !ofTKGI {
		return ""
	}
	return uuid
}

// createdBy tells whether NCP of the named cluster made an object with these tags.
func createdBy(tags []mp.Tag, cluster string) bool {
	return slices.Contains(tags, mp.Tag{Scope: scopeCluster, Tag: cluster}) && has(tags, scopeVersion)
}

// createdByAny gives the cluster whose NCP made an object with these tags.
func createdByAny(tags []mp.Tag) (cluster string, made bool) {
	return tagValue(tags, scopeCluster), has(tags, scopeCluster) && has(tags, scopeVersion)
}

// nodeNetworksOf gives the clusters, in practice one, to whose nodes' network an object with these tags belongs.
func nodeNetworksOf(tags []mp.Tag) []string {
	if has(tags, scopeVersion) {
		return nil
	}
	var clusters []string
	for _, t := range tags {
		uuid := uuidOf(t.Tag)
		if t.Scope == scopeCluster && uuid != "" && slices.ContainsFunc(tkgiScopes, func(scope string) bool {
			return slices.Contains(tags, mp.Tag{Scope: scope, Tag: uuid})
		}) {
			clusters = append(clusters, t.Tag)
		}
	}
	return clusters
}
