package check

import (
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// kubernetesReadiness is what NCP expects on Kubernetes and TKGI beside the rows for all
// platforms. By which tags NCP finds the objects of a service was seen on a system of
// another topology only ("policy report"); that it is the same here is ASSUMED, and so
// are all rows about services.
var kubernetesReadiness = []row{
	{name: "names of workloads", exact: exactNames},
	{name: "project uid", missing: func(_ *view, s subject) string { return with(s, scopeProject, scopeProjectUID) }, exact: exactProjectUID},
	{name: "one uid for each project", missing: oneProjectUID},
	{name: "pod uid", assumed: true, missing: podUID, exact: exactPodUID},
	{name: "network policy uid", assumed: true, missing: func(_ *view, s subject) string {
		return with(s, scopePolicyName, scopePolicyUID)
	}, exact: exactPolicyUID},
	{name: "service of a virtual server", assumed: true, missing: serviceServer, exact: exactServiceServer},
	{name: "service of a pool", assumed: true, missing: servicePool, exact: exactServicePool},
	{name: "service of an address", assumed: true, missing: serviceAddress, exact: exactAddress},
	{name: "owner of an ingress's virtual server", assumed: true, missing: ingressServer, exact: exactIngressServer},
	{name: "name of an ingress's virtual server", assumed: true, missing: ingressServerName, exact: exactIngressServerName},
	{name: "uid of the cluster", missing: clusterWideUID, exact: exactClusterUID},
}

// oneProjectUID wants all objects of a project to name the same uid.
func oneProjectUID(v *view, s subject) string {
	project, _ := s.object.Tag(scopeProject)
	uid, named := s.object.Tag(scopeProjectUID)
	if project == "" || !named {
		return ""
	}
	if first := v.projectUID(project); uid != first {
		return fmt.Sprintf("tag ncp/project_uid is %q, but other objects of project %q have %q", uid, project, first)
	}
	return ""
}

// projectUID is the uid that the first of a project's Policy objects names.
func (v *view) projectUID(project string) string {
	if v.projectUIDs == nil {
		v.projectUIDs = map[string]string{}
		for _, s := range v.subjects() {
			project, _ := s.object.Tag(scopeProject)
			if uid, named := s.object.Tag(scopeProjectUID); named && v.projectUIDs[project] == "" {
				v.projectUIDs[project] = uid
			}
		}
	}
	return v.projectUIDs[project]
}

func podUID(_ *view, s subject) string {
	uid, concerned := s.object.Tag(scopePodUID)
	if !concerned {
		return ""
	}
	return wantTag(s, scopeExternalID, uid)
}

// isServiceServer tells whether a Manager object is the virtual server of a service.
func isServiceServer(o *store.Object) bool {
	_, named := tagOf(o, scopeService)
	return o != nil && o.ResourceType == virtualServer && named && !forIngress(o)
}

// serviceServer wants what NCP knows the virtual server of a service by: in Policy
// mode that is the uid, in Manager mode it was the name ("nsx-operator").
func serviceServer(_ *view, s subject) string {
	if !isServiceServer(s.source) {
		return ""
	}
	if text := wantTag(s, scopeServerType, "layer_4"); text != "" {
		return text
	}
	return serviceTags(s, scopePurpose, scopeProtocol)
}

// serviceTags wants the uid of a service, twice as NCP writes it, and further tags.
func serviceTags(s subject, more ...string) string {
	uid, _ := s.object.Tag(scopeServiceUID)
	if uid == "" {
		return "tag ncp/service_uid is missing"
	}
	if text := wantTag(s, scopeExternalID, uid); text != "" {
		return text
	}
	return missingTags(s, more...)
}

func missingTags(s subject, scopes ...string) string {
	missing := slices.DeleteFunc(scopes, func(scope string) bool {
		value, _ := s.object.Tag(scope)
		return value != ""
	})
	if len(missing) == 0 {
		return ""
	}
	return "tag " + strings.Join(missing, ", ") + " is missing"
}

// servicePool wants a pool to tell the port of its service; the pool of a virtual
// server for a service also tells its uid, those behind rules of ingresses do not.
func servicePool(v *view, s subject) string {
	if _, named := tagOf(s.source, scopeService); !named || s.source.ResourceType != "LbPool" {
		return ""
	}
	if text := missingTags(s, scopeServicePort, scopePurpose); text != "" {
		return text
	}
	if len(v.servicePools()[s.source.ID]) > 0 {
		return serviceTags(s, scopeProtocol)
	}
	return ""
}

// servicePools are the virtual servers of services that name each pool, by its id.
func (v *view) servicePools() map[string][]*store.Object {
	if v.poolsOfServices == nil {
		v.poolsOfServices = map[string][]*store.Object{}
		for _, server := range v.tx.Manager().ByType(virtualServer) {
			if isServiceServer(server) {
				pool := v.text(server, "pool_id")
				v.poolsOfServices[pool] = append(v.poolsOfServices[pool], server)
			}
		}
	}
	return v.poolsOfServices
}

// serviceAddress wants the address of a service to name the service.
func serviceAddress(_ *view, s subject) string {
	if s.user == nil || !isServiceServer(s.user) {
		return ""
	}
	return missingTags(s, scopeServiceUID)
}

// isIngressServer tells whether a Manager object is a virtual server of ingresses.
func isIngressServer(o *store.Object) bool {
	return o != nil && o.ResourceType == virtualServer && forIngress(o)
}

// ingressServer wants a virtual server of ingresses to tell for whom it is. One without a
// project is for the whole cluster, and its owner is that (ASSUMED).
func ingressServer(v *view, s subject) string {
	if !isIngressServer(s.source) {
		return ""
	}
	if text := missingTags(s, scopePurpose, scopeExternalID); text != "" {
		return text
	}
	if _, named := tagOf(s.source, scopeProject); named {
		return ""
	}
	return wantTag(s, scopeExternalID, clusterUID(v.cluster))
}

// clusterWideUID wants the cluster's uid on what it was seen on: the default certificate and
// the persistence by source address ("policy report").
func clusterWideUID(v *view, s subject) string {
	if !v.clusterWide(s.source) {
		return ""
	}
	return wantTag(s, scopeExternalID, clusterUID(v.cluster))
}

// clusterWide tells whether a Manager object is one of those that have the cluster's uid.
func (v *view) clusterWide(o *store.Object) bool {
	if o == nil {
		return false
	}
	_, named := tagOf(o, scopeProject)
	return !named && (o.ResourceType == "LbSourceIpPersistenceProfile" || v.defaultCertificates()[o.ID])
}

// defaultCertificates are the ids of the certificates that virtual servers of ingresses show
// to those who ask for no host that they know.
func (v *view) defaultCertificates() map[string]bool {
	if v.defaults == nil {
		v.defaults = map[string]bool{}
		for _, server := range v.tx.Manager().ByType(virtualServer) {
			binding, _ := v.bodies[server.Key]["client_ssl_profile_binding"].(map[string]any)
			if id, given := binding["default_certificate_id"].(string); given && isIngressServer(server) {
				v.defaults[id] = true
			}
		}
	}
	return v.defaults
}

// ingressServerName wants the name of a virtual server of ingresses to end as NCP ends
// it in Policy mode: in an underscore and its type.
func ingressServerName(_ *view, s subject) string {
	if !isIngressServer(s.source) {
		return ""
	}
	kind, _ := s.source.Tag(scopeServerType)
	if strings.HasSuffix(s.object.DisplayName, "_"+kind) {
		return ""
	}
	return fmt.Sprintf("must be named %q, it is %q", "..._"+kind, s.object.DisplayName)
}

// nodeNetworkBehind lists what TKGI made for the nodes that did not move with
// the cluster as it does from NCP 4.1.1 on ("TKGI docs"), their floating address included. By
// which tags it is found is ASSUMED.
func (v *view) nodeNetworkBehind() []Violation {
	var behind []string
	for _, o := range v.nodeNetwork() {
		if at, _ := v.modeOf(o); at != inPolicy {
			behind = append(behind, o.Key)
		}
	}
	addresses := v.nodeAddresses()
	for _, ip := range sortedKeys(addresses) {
		moved := func(one use) bool { return v.modeOfAllocation(one) == inPolicy }
		if !slices.ContainsFunc(addresses[ip], moved) {
			behind = append(behind, addresses[ip][0].key)
		}
	}
	var violations []Violation
	for _, key := range behind {
		violations = append(violations, Violation{
			Path: key, Row: "network of the nodes", Assumed: true, Text: "has to become Policy together with its cluster",
		})
	}
	return violations
}
