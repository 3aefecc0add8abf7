package check

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Tag scopes of NCP and of the promotion.
const (
	scopeCluster    = "ncp/cluster"
	scopeVersion    = "ncp/version"
	scopePolicyPath = "policyPath"
	scopePoolID     = "ncp/extpoolid"
	scopeSNAT       = "ncp/snat_ip"
	scopeServerPool = "ext_pool_id"
	scopeServerType = "ncp/lb_vs_type"
	scopeFloating   = "pks/floating_ip"
)

// tkgiScopes are the scopes in which TKGI names the cluster of its own objects; one page writes the second ("TKGI
// docs").
var tkgiScopes = []string{"pks/cluster", "pks/clusters"}

// shadowMark is part of the Policy path of an object that NSX made by itself for a
// Manager object on a Policy network; such an object was never promoted ("SAP
// networking-nsx-t").
const shadowMark = "/default:"

// view is a state with the indexes that the questions need.
type view struct {
	cluster string
	tx      *store.Tx
	tree    *policy.Tree
	manager []*store.Object
	policy  []*store.Object
	// realizedBy finds the Policy object of a Manager id.
	realizedBy map[string]*store.Object
	// byID finds Manager objects by id; rules of different sections may share one.
	byID map[string]*store.Object
	// bodies are decoded once.
	bodies map[string]map[string]any
	// Answers of readiness_kubernetes.go and readiness_exact.go, made when they are first asked for.
	projectUIDs     map[string]string
	poolsOfServices map[string][]*store.Object
	poolRules       map[string][]match
	defaults        map[string]bool
	// workloads are what values are compared with; nil means that they are only looked at. lacking is what they lack,
	// with the first object that names it.
	workloads *Workloads
	lacking   map[string]string
}

func newView(tx *store.Tx, cluster string) (*view, error) {
	v := &view{
		cluster: cluster, tx: tx, tree: policy.NewTree(), realizedBy: map[string]*store.Object{},
		byID: map[string]*store.Object{}, bodies: map[string]map[string]any{}, lacking: map[string]string{},
	}
	v.manager = slices.Collect(tx.Manager().All())
	v.policy = slices.Collect(tx.Policy().All())
	for _, o := range slices.Concat(v.manager, v.policy) {
		body := map[string]any{}
		if err := json.Unmarshal(o.Body, &body); err != nil {
			return nil, fmt.Errorf("reading %s: %w", o.Key, err)
		}
		v.bodies[o.Key] = body
	}
	for _, o := range v.manager {
		v.byID[o.ID] = o
	}
	for _, o := range v.policy {
		if id := v.text(o, "unique_id"); id != "" {
			v.realizedBy[id] = o
		}
	}
	return v, nil
}

func (v *view) text(o *store.Object, name string) string {
	value, _ := v.bodies[o.Key][name].(string)
	return value
}

// created tells whether NCP of the named cluster made an object; it carries both
// tags ("NCP clean-up script").
func created(o *store.Object, cluster string) bool {
	_, versioned := o.Tag(scopeVersion)
	return versioned && o.HasTag(scopeCluster, cluster)
}

// virtualServer is the Manager's type of virtual servers.
const virtualServer = "LbVirtualServer"

// forIngress tells whether a virtual server is one of ingresses. Those of services may
// have no type among their tags.
func forIngress(server *store.Object) bool {
	kind, _ := server.Tag(scopeServerType)
	return kind == "http" || kind == "https_terminated"
}

// tkgiPrefix is what TKGI writes before the id of a cluster where it names the cluster to NCP ("TKGI docs").
const tkgiPrefix = "pks-"

// madeByTKGI tells whether TKGI itself made an object for the named cluster: the
// network of its nodes ("TKGI docs"). Both tags have to name the cluster (ASSUMED), and what has NCP's own version is
// NCP's.
func madeByTKGI(o *store.Object, cluster string) bool {
	id, named := strings.CutPrefix(cluster, tkgiPrefix)
	_, versioned := o.Tag(scopeVersion)
	return named && !versioned && o.HasTag(scopeCluster, cluster) &&
		slices.ContainsFunc(tkgiScopes, func(scope string) bool { return o.HasTag(scope, id) })
}

// own are the Manager objects that NCP of the cluster made.
func (v *view) own() []*store.Object { return v.madeBy(created) }

// nodeNetwork are the Manager objects that TKGI made for the cluster: the router and the
// switch of its nodes with all ports and links, the subnet and the NAT rule.
func (v *view) nodeNetwork() []*store.Object { return v.madeBy(madeByTKGI) }

// madeBy are the Manager objects that somebody made for the cluster.
func (v *view) madeBy(made func(o *store.Object, cluster string) bool) []*store.Object {
	var found []*store.Object
	for _, o := range v.manager {
		if made(o, v.cluster) {
			found = append(found, o)
		}
	}
	return found
}

// use is one address of an external pool that the cluster's objects use.
type use struct {
	key  string // of the allocation
	pool string
	ip   string
	user *store.Object
}

// allocations are the cluster's addresses. They carry no tags and are found by the
// objects that use them ("NCP clean-up script").
func (v *view) allocations() []use {
	var uses []use
	seen := map[string]bool{}
	for _, o := range v.own() {
		pool, _ := o.Tag(scopePoolID)
		ip, _ := o.Tag(scopeSNAT)
		if o.ResourceType == virtualServer {
			pool, _ = o.Tag(scopeServerPool)
			ip = v.text(o, "ip_address")
		}
		key := "pools/ip-pools/" + pool + "/allocations/" + ip
		if _, exists := v.tx.Manager().Get(key); exists && !seen[key] {
			seen[key] = true
			uses = append(uses, use{key: key, pool: pool, ip: ip, user: o})
		}
	}
	return uses
}

// nodeAddresses are the floating addresses that the network of the nodes uses, each with the pools that have it: TKGI
// notes the address, and not the pool.
func (v *view) nodeAddresses() map[string][]use {
	uses := map[string][]use{}
	for _, o := range v.nodeNetwork() {
		ip, floating := o.Tag(scopeFloating)
		if !floating || uses[ip] != nil {
			continue
		}
		for _, pool := range v.tx.Manager().ByType("IpPool") {
			key := pool.Key + "/allocations/" + ip
			if _, exists := v.tx.Manager().Get(key); exists {
				uses[ip] = append(uses[ip], use{key: key, pool: pool.ID, ip: ip, user: o})
			}
		}
	}
	return uses
}

// policyAllocation finds the Policy object of an address.
func (v *view) policyAllocation(one use) (*store.Object, bool) {
	pool, found := v.tx.Manager().Get("pools/ip-pools/" + one.pool)
	if !found {
		return nil, false
	}
	path, promoted := pool.Tag(scopePolicyPath)
	if !promoted {
		return nil, false
	}
	for _, candidate := range v.tx.Policy().List(path + "/ip-allocations") {
		if v.text(candidate, "allocation_ip") == one.ip {
			return candidate, true
		}
	}
	return nil, false
}

// shared are the admin-made objects of kinds that can be shared to which the
// cluster's objects refer.
func (v *view) shared() []*store.Object {
	found := map[string]*store.Object{}
	for _, o := range v.own() {
		for _, target := range v.managerReferences(o) {
			candidate, exists := v.tx.Manager().Get(target)
			_, versioned := tagOf(candidate, scopeVersion)
			if exists && !versioned && v.shareable(candidate) {
				found[candidate.Key] = candidate
			}
		}
	}
	var all []*store.Object
	for _, key := range sortedKeys(found) {
		all = append(all, found[key])
	}
	return all
}

func tagOf(o *store.Object, scope string) (string, bool) {
	if o == nil {
		return "", false
	}
	return o.Tag(scope)
}

func (v *view) shareable(o *store.Object) bool {
	switch o.ResourceType {
	case "IpBlock", "IpPool", "LbClientSslProfile":
		return !o.System
	case "LogicalRouter":
		return v.text(o, "router_type") == "TIER0"
	}
	return false
}

// shadow tells whether a Manager object has but an automatic Policy shadow.
func shadow(o *store.Object) bool {
	path, tagged := o.Tag(scopePolicyPath)
	return tagged && strings.Contains(path, shadowMark)
}
