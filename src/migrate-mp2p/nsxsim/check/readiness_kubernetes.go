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
	{name: "project uid", missing: func(_ *view, s subject) string { return with(s, "ncp/project", "ncp/project_uid") }},
	{name: "one uid for each project", missing: oneProjectUID},
	{name: "pod uid", assumed: true, missing: podUID},
	{name: "network policy uid", assumed: true, missing: func(_ *view, s subject) string {
		return with(s, "ncp/network_policy", "ncp/network_policy_uid")
	}},
	{name: "service of a virtual server", assumed: true, missing: serviceServer},
	{name: "service of a pool", assumed: true, missing: servicePool},
	{name: "service of an address", assumed: true, missing: serviceAddress},
	{name: "owner of an ingress's virtual server", assumed: true, missing: ingressServer},
	{name: "name of an ingress's virtual server", assumed: true, missing: ingressServerName},
}

// oneProjectUID wants all objects of a project to name the same uid.
func oneProjectUID(v *view, s subject) string {
	project, _ := s.object.Tag("ncp/project")
	uid, named := s.object.Tag("ncp/project_uid")
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
			project, _ := s.object.Tag("ncp/project")
			if uid, named := s.object.Tag("ncp/project_uid"); named && v.projectUIDs[project] == "" {
				v.projectUIDs[project] = uid
			}
		}
	}
	return v.projectUIDs[project]
}

func podUID(_ *view, s subject) string {
	uid, concerned := s.object.Tag("ncp/pod_uid")
	if !concerned {
		return ""
	}
	return wantTag(s, "external_id", uid)
}

// isServiceServer tells whether a Manager object is the virtual server of a service.
func isServiceServer(o *store.Object) bool {
	_, named := tagOf(o, "ncp/service")
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
	return serviceTags(s, "ncp/created_for", "ncp/service_port_protocol")
}

// serviceTags wants the uid of a service, twice as NCP writes it, and further tags.
func serviceTags(s subject, more ...string) string {
	uid, _ := s.object.Tag("ncp/service_uid")
	if uid == "" {
		return "tag ncp/service_uid is missing"
	}
	if text := wantTag(s, "external_id", uid); text != "" {
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
	if _, named := tagOf(s.source, "ncp/service"); !named || s.source.ResourceType != "LbPool" {
		return ""
	}
	if text := missingTags(s, "ncp/service_port", "ncp/created_for"); text != "" {
		return text
	}
	if v.servicePools()[s.source.ID] {
		return serviceTags(s, "ncp/service_port_protocol")
	}
	return ""
}

// servicePools are the ids of the pools that virtual servers of services name.
func (v *view) servicePools() map[string]bool {
	if v.poolsOfServices == nil {
		v.poolsOfServices = map[string]bool{}
		for _, server := range v.tx.Manager().ByType(virtualServer) {
			if isServiceServer(server) {
				v.poolsOfServices[v.text(server, "pool_id")] = true
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
	return missingTags(s, "ncp/service_uid")
}

// ingressServer wants a virtual server of ingresses to tell for whom it is.
func ingressServer(_ *view, s subject) string {
	if s.source == nil || s.source.ResourceType != virtualServer || !forIngress(s.source) {
		return ""
	}
	return missingTags(s, "ncp/created_for", "external_id")
}

// ingressServerName wants the name of a virtual server of ingresses to end as NCP ends
// it in Policy mode: in an underscore and its type.
func ingressServerName(_ *view, s subject) string {
	if s.source == nil || s.source.ResourceType != virtualServer || !forIngress(s.source) {
		return ""
	}
	kind, _ := s.source.Tag(scopeServerType)
	if strings.HasSuffix(s.object.DisplayName, "_"+kind) {
		return ""
	}
	return fmt.Sprintf("must be named %q, it is %q", "..._"+kind, s.object.DisplayName)
}

// nodeNetworkBehind lists the routers and switches of the nodes that did not move with
// the cluster as they do from NCP 4.1.1 on ("TKGI docs"). By which tags they are found
// is ASSUMED.
func (v *view) nodeNetworkBehind() []Violation {
	var violations []Violation
	for _, o := range v.nodeNetwork() {
		at, _ := v.modeOf(o)
		if at != inPolicy && (o.ResourceType == "LogicalRouter" || o.ResourceType == "LogicalSwitch") {
			violations = append(violations, Violation{
				Path: o.Key, Row: "network of the nodes", Assumed: true, Text: "has to become Policy together with its cluster",
			})
		}
	}
	return violations
}
