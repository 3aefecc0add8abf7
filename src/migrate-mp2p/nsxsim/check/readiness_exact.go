package check

import (
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Tag scopes by which NCP in Policy mode knows workloads, and what an object is for.
const (
	scopeProject     = "ncp/project"
	scopeProjectUID  = "ncp/project_uid"
	scopeService     = "ncp/service"
	scopeServiceUID  = "ncp/service_uid"
	scopeServicePort = "ncp/service_port"
	scopeProtocol    = "ncp/service_port_protocol"
	scopePolicyName  = "ncp/network_policy"
	scopePolicyUID   = "ncp/network_policy_uid"
	scopePod         = "ncp/pod"
	scopePodUID      = "ncp/pod_uid"
	scopeExternalID  = "external_id"
	scopePurpose     = "ncp/created_for"
)

// Purposes ("policy report"): of virtual servers and the pools behind load balancers, and of the addresses of either
// kind of server.
const (
	purposeLoadBalancer   = "SLB"
	purposeServiceAddress = "l4_service"
	purposeIngressAddress = "l7_per_namespace"
)

// The functions of this file compare with the workloads and are asked only where there are any. What concerns an
// object they take from its Manager side, so that an object that lost the name of its workload is seen, too.

// wanted is one scope of which an object has exactly one of some values. With may it can be without.
type wanted struct {
	scope  string
	values []string
	may    bool
}

func must(scope string, values ...string) wanted { return wanted{scope: scope, values: values} }

// mayHave lets the scope be absent; without values it has to be.
func mayHave(scope string, values ...string) wanted {
	return wanted{scope: scope, values: values, may: true}
}

// exactly tells the first scope that has not the value that it should have, or another one beside it.
func exactly(s subject, tags ...wanted) string {
	for _, tag := range tags {
		var has []string
		for _, one := range s.object.Tags {
			if one.Scope == tag.scope && !slices.Contains(has, one.Value) {
				has = append(has, one.Value)
			}
		}
		switch {
		case len(has) == 0 && tag.may, len(has) == 1 && slices.Contains(tag.values, has[0]):
		case len(has) == 0:
			return fmt.Sprintf("tag %s must be %s, it is missing", tag.scope, quoted(tag.values))
		case len(tag.values) == 0:
			return fmt.Sprintf("tag %s must not be there, it is %s", tag.scope, quoted(has))
		default:
			return fmt.Sprintf("tag %s must be %s, it is %s", tag.scope, quoted(tag.values), quoted(has))
		}
	}
	return ""
}

func quoted(values []string) string {
	var all []string
	for _, value := range values {
		all = append(all, fmt.Sprintf("%q", value))
	}
	return strings.Join(all, " or ")
}

// origin is where the name of a workload stands: on the Manager object, or on the object that uses an address.
func (s subject) origin() *store.Object {
	if s.source != nil {
		return s.source
	}
	return s.user
}

// namespaceOf is the namespace that an object names; nil where it names none, or one that the workloads lack.
func (v *view) namespaceOf(o *store.Object) *namespace {
	project, named := tagOf(o, scopeProject)
	if !named {
		return nil
	}
	in := v.workloads.namespaces[project]
	if in == nil {
		v.lack("Namespace "+project, o)
	}
	return in
}

// serviceOf is the service that an object names, with its namespace; nil where the workloads lack either.
func (v *view) serviceOf(o *store.Object) (*service, *namespace) {
	name, _ := tagOf(o, scopeService)
	in := v.namespaceOf(o)
	if in == nil {
		if _, named := tagOf(o, scopeProject); !named {
			v.lack(fmt.Sprintf("Service %s of no Namespace", name), o)
		}
		return nil, nil
	}
	found := in.services[name]
	if found == nil {
		v.lack("Service "+workloadName(o, name), o)
	}
	return found, in
}

// workloadName is the name of a workload with the namespace that an object names.
func workloadName(o *store.Object, name string) string {
	project, _ := tagOf(o, scopeProject)
	return project + "/" + name
}

// exactNames wants the names of workloads to be those of Manager mode. Of a service's virtual server they may be gone,
// since NCP knows it by the uid ("policy report"); an address repeats no more than the project.
func exactNames(_ *view, s subject) string {
	scopes := []string{scopeProject, scopeService, scopePolicyName, scopePod, scopePodUID}
	if s.user != nil {
		scopes = []string{scopeProject}
	}
	var tags []wanted
	for _, scope := range scopes {
		if value, named := tagOf(s.origin(), scope); named {
			tags = append(tags, wanted{scope: scope, values: []string{value}, may: isServiceServer(s.source)})
		}
	}
	return exactly(s, tags...)
}

// exactProjectUID wants the uid of the namespace wherever Manager mode named it.
func exactProjectUID(v *view, s subject) string {
	if _, concerned := tagOf(s.origin(), scopeProject); !concerned {
		return exactly(s, mayHave(scopeProjectUID))
	}
	in := v.namespaceOf(s.origin())
	if in == nil {
		return ""
	}
	if _, named := s.object.Tag(scopeProject); !named && isServiceServer(s.source) {
		return exactly(s, mayHave(scopeProjectUID, in.uid))
	}
	return exactly(s, must(scopeProjectUID, in.uid))
}

// exactPodUID wants the uid that Manager mode knew already: a pod may have gone or come anew while NCP was stopped.
func exactPodUID(_ *view, s subject) string {
	uid, concerned := tagOf(s.source, scopePodUID)
	if !concerned {
		return ""
	}
	return exactly(s, must(scopeExternalID, uid))
}

func exactPolicyUID(v *view, s subject) string {
	name, concerned := tagOf(s.source, scopePolicyName)
	if !concerned {
		return exactly(s, mayHave(scopePolicyUID))
	}
	in := v.namespaceOf(s.source)
	if in == nil {
		return ""
	}
	if in.policies[name] == "" {
		v.lack("NetworkPolicy "+workloadName(s.source, name), s.source)
		return ""
	}
	return exactly(s, must(scopePolicyUID, in.policies[name]))
}

// exactServiceServer wants the service's uid, and the port and the protocol at which the server listens.
func exactServiceServer(v *view, s subject) string {
	if !isServiceServer(s.source) {
		return ""
	}
	of, _ := v.serviceOf(s.source)
	if of == nil {
		return ""
	}
	ports, protocol := v.listens(s.source)
	for _, port := range ports {
		if !of.numberedPort(port, protocol) {
			v.lack(fmt.Sprintf("port %s/%s of Service %s", port, protocol, workloadName(s.source, serviceName(s.source))), s.source)
			return ""
		}
	}
	return exactly(s, must(scopeServerType, "layer_4"), must(scopeServiceUID, of.uid), must(scopeExternalID, of.uid),
		must(scopePurpose, purposeLoadBalancer), must(scopeProtocol, protocol), mayHave(scopeServicePort, ports...))
}

func serviceName(o *store.Object) string {
	name, _ := tagOf(o, scopeService)
	return name
}

// listens tells at which ports a virtual server listens, and the protocol.
func (v *view) listens(server *store.Object) (ports []string, protocol string) {
	return idsOf(v.bodies[server.Key]["ports"]), v.text(server, "ip_protocol")
}

// exactServicePool wants the port of the service that the pool is for, and, of a pool behind a service's virtual
// server, the service's uid and the protocol. Pools behind ingresses are free to have the latter ("policy report": the
// one that was seen had not).
func exactServicePool(v *view, s subject) string {
	if _, named := tagOf(s.source, scopeService); !named || s.source.ResourceType != "LbPool" {
		return ""
	}
	of, in := v.serviceOf(s.source)
	if of == nil {
		return ""
	}
	ports := v.poolPorts(s.source, of, in)
	if len(ports) == 0 {
		v.lack("a port of Service "+workloadName(s.source, serviceName(s.source))+" for a pool", s.source)
		return ""
	}
	var numbers, protocols []string
	for _, one := range ports {
		numbers, protocols = append(numbers, one.port), append(protocols, one.protocol)
	}
	free := len(v.servicePools()[s.source.ID]) == 0
	return exactly(s, must(scopeServicePort, distinct(numbers)...), must(scopePurpose, purposeLoadBalancer),
		wanted{scopeServiceUID, []string{of.uid}, free}, wanted{scopeExternalID, []string{of.uid}, free},
		wanted{scopeProtocol, distinct(protocols), free})
}

func distinct(values []string) []string {
	slices.Sort(values)
	return slices.Compact(values)
}

// poolPorts are the ports of its service that a pool can be for. A virtual server of the service that leads to it tells
// the port, as does a rule: by its host and path the ingress is found. Where neither tells it, what the members listen
// at leaves those ports that lead there.
func (v *view) poolPorts(pool *store.Object, of *service, in *namespace) []servicePort {
	var ports []servicePort
	for _, server := range v.servicePools()[pool.ID] {
		numbers, protocol := v.listens(server)
		for _, one := range of.ports {
			if slices.Contains(numbers, one.port) && one.protocol == protocol {
				ports = append(ports, one)
			}
		}
	}
	if len(v.servicePools()[pool.ID]) > 0 {
		return ports
	}
	name := serviceName(pool)
	lead := func(fits func(backend) bool) {
		for _, one := range in.backends {
			if port, found := of.namedPort(one.port); found && one.service == name && fits(one) && !slices.Contains(ports, port) {
				ports = append(ports, port)
			}
		}
	}
	lead(func(one backend) bool { return slices.Contains(v.rulesOfPools()[pool.ID], match{one.host, one.path}) })
	if len(ports) == 0 {
		lead(func(backend) bool { return true })
	}
	if len(ports) == 0 {
		ports = slices.Clone(of.ports)
	}
	if len(ports) > 1 {
		ports = v.reachingMembers(pool, ports)
	}
	return ports
}

// reachingMembers are those of the ports that lead to the ports of a pool's members; all of them where none does.
func (v *view) reachingMembers(pool *store.Object, ports []servicePort) []servicePort {
	var listening []string
	members, _ := v.bodies[pool.Key]["members"].([]any)
	for _, one := range members {
		member, _ := one.(map[string]any)
		port, _ := member["port"].(string)
		listening = append(listening, port)
	}
	var reaching []servicePort
	for _, one := range ports {
		target := one.target
		if target == "" {
			target = one.port
		}
		if slices.Contains(listening, target) {
			reaching = append(reaching, one)
		}
	}
	if reaching == nil {
		return ports
	}
	return reaching
}

// match is what a rule of an ingress looks for in requests; empty means anything.
type match struct{ host, path string }

// rulesOfPools are what the rules look for that lead to each pool, by its id.
func (v *view) rulesOfPools() map[string][]match {
	if v.poolRules == nil {
		v.poolRules = map[string][]match{}
		for _, rule := range v.tx.Manager().List("loadbalancer/rules") {
			body := v.bodies[rule.Key]
			for _, pool := range textsIn(body["actions"], "pool_id") {
				v.poolRules[pool] = append(v.poolRules[pool], matchOf(body["match_conditions"]))
			}
		}
	}
	return v.poolRules
}

func matchOf(conditions any) match {
	var found match
	for _, host := range textsIn(conditions, "header_value") {
		found.host = host
	}
	for _, path := range textsIn(conditions, "uri") {
		found.path = path
	}
	return found
}

// textsIn are the texts that the objects of a list have in a field.
func textsIn(list any, field string) []string {
	var all []string
	objects, _ := list.([]any)
	for _, one := range objects {
		object, _ := one.(map[string]any)
		if text, given := object[field].(string); given {
			all = append(all, text)
		}
	}
	return all
}

// exactAddress wants the uid of the service that uses an address.
func exactAddress(v *view, s subject) string {
	if s.user == nil {
		return ""
	}
	if !isServiceServer(s.user) {
		return exactly(s, mayHave(scopeServiceUID))
	}
	of, _ := v.serviceOf(s.user)
	if of == nil {
		return ""
	}
	return exactly(s, must(scopeServiceUID, of.uid), mayHave(scopeExternalID, of.uid))
}

// exactPurpose wants one purpose of an address, and none of virtual servers on those of SNAT.
func exactPurpose(_ *view, s subject) string {
	switch {
	case s.user == nil:
		return ""
	case forIngress(s.user):
		return exactly(s, must(scopePurpose, purposeIngressAddress))
	case s.user.ResourceType == virtualServer:
		return exactly(s, must(scopePurpose, purposeServiceAddress))
	}
	for _, tag := range s.object.Tags {
		if tag.Scope == scopePurpose && (tag.Value == purposeServiceAddress || tag.Value == purposeIngressAddress) {
			return fmt.Sprintf("tag %s is %q, which is that of a virtual server's address", scopePurpose, tag.Value)
		}
	}
	return ""
}

// exactIngressServer wants the uid of the namespace, or that of the cluster where the server is for all.
func exactIngressServer(v *view, s subject) string {
	if !isIngressServer(s.source) {
		return ""
	}
	owner := clusterUID(v.cluster)
	if _, named := tagOf(s.source, scopeProject); named {
		in := v.namespaceOf(s.source)
		if in == nil {
			return ""
		}
		owner = in.uid
	}
	kind, _ := s.source.Tag(scopeServerType)
	return exactly(s, must(scopeServerType, kind), must(scopePurpose, purposeLoadBalancer), must(scopeExternalID, owner), mayHave(scopeServiceUID))
}

// exactIngressServerName wants the names of different load balancers' servers to be different still.
func exactIngressServerName(v *view, s subject) string {
	if !isIngressServer(s.source) {
		return ""
	}
	for _, other := range v.tx.Manager().ByType(virtualServer) {
		if !created(other, v.cluster) || !isIngressServer(other) || other.DisplayName == s.source.DisplayName {
			continue
		}
		path, _ := other.Tag(scopePolicyPath)
		if twin, exists := v.tx.Policy().Get(path); exists && twin.DisplayName == s.object.DisplayName {
			return fmt.Sprintf("is named %q as %s is, they were named %q and %q", s.object.DisplayName, twin.Key, s.source.DisplayName, other.DisplayName)
		}
	}
	return ""
}

// exactClusterUID wants the cluster's uid, and none beside it.
func exactClusterUID(v *view, s subject) string {
	if !v.clusterWide(s.source) {
		return ""
	}
	return exactly(s, must(scopeExternalID, clusterUID(v.cluster)))
}

// lack notes what the workloads lack although an object names it.
func (v *view) lack(what string, named *store.Object) {
	if v.lacking[what] == "" {
		v.lacking[what] = named.Key
	}
}

// maxLacking bounds how much an error lists.
const maxLacking = 10

// lacks is an error if objects name workloads that the file does not have: nothing can be said about their values then.
func (v *view) lacks() error {
	if len(v.lacking) == 0 {
		return nil
	}
	var all []string
	for _, what := range sortedKeys(v.lacking) {
		if len(all) == maxLacking {
			all = append(all, fmt.Sprintf("and %d more", len(v.lacking)-maxLacking))
			break
		}
		all = append(all, fmt.Sprintf("no %s, which %s is for", what, v.lacking[what]))
	}
	return fmt.Errorf("comparing with the workloads: %s has in its %d documents %s", v.workloads.source, v.workloads.documents, strings.Join(all, "; "))
}

// belong is an error if the workloads are those of another cluster. NCP notes the Tier-1 of each namespace in the
// namespace; one that is none of the cluster's tells.
func (v *view) belong(w *Workloads) error {
	noted := false
	for _, name := range sortedKeys(w.namespaces) {
		in := w.namespaces[name]
		if in.router == "" {
			continue
		}
		noted = true
		if o := v.byID[in.router]; o == nil || !o.HasTag(scopeCluster, v.cluster) {
			return fmt.Errorf("comparing with the workloads: %s, %s: Namespace %s is on the router %s (annotation %s), which is none of cluster %q: "+
				"these are the workloads of another cluster", w.source, in.place, name, in.router, annotationRouter, v.cluster)
		}
	}
	if !noted {
		return fmt.Errorf("comparing with the workloads: none of the %d Namespaces of %s has the annotation %s, which tells the cluster",
			len(w.namespaces), w.source, annotationRouter)
	}
	return nil
}

// compareWith takes workloads to compare with, if there are any.
func (v *view) compareWith(w *Workloads, platform string) error {
	if w == nil {
		return nil
	}
	if platform == platformTAS {
		return fmt.Errorf("comparing with the workloads: %q is a foundation of TAS, which has none of Kubernetes", v.cluster)
	}
	v.workloads = w
	return v.belong(w)
}
