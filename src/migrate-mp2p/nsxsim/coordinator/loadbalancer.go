package coordinator

import (
	"encoding/json"
	"strings"
)

// policyLBType is the Policy name of a load balancer type: LbHttpProfile becomes
// LBHttpProfile.
func policyLBType(p *promotion) string {
	return "LB" + strings.TrimPrefix(p.source.ResourceType, "Lb")
}

// policyLBName is the Policy name of a load balancer's condition, action or translation.
func policyLBName(manager any) string {
	kind, _ := manager.(string)
	return "LB" + strings.TrimPrefix(kind, "Lb")
}

// buildLBMonitor makes the monitor; its port is a text in Manager and a number in
// Policy ("NSX Go SDK").
func buildLBMonitor(p *promotion, fields map[string]any) error {
	own(fields, p.body)
	fields["resource_type"] = policyLBType(p) + "Profile"
	if port, ok := p.body["monitor_port"].(string); ok {
		fields["monitor_port"] = json.Number(port)
	}
	if p.source.ResourceType != "LbHttpsMonitor" {
		return nil
	}
	for _, name := range monitorTLS {
		delete(fields, name)
	}
	binding, err := serverSide.bind(p, p.body)
	if err != nil || len(binding) == 0 {
		return err
	}
	fields[serverSide.field] = binding
	return nil
}

// monitorTLS are fields of an HTTPS monitor that Policy's has in its binding of a server
// SSL profile, or leaves to that profile ("NSX Go SDK").
var monitorTLS = []string{
	"server_auth", "certificate_chain_depth", "cipher_group_label", "ciphers", "protocols", "is_fips", "is_secure",
}

func buildLBProfile(p *promotion, fields map[string]any) error {
	own(fields, p.body)
	fields["resource_type"] = policyLBType(p)
	if cookieTime, ok := p.body["cookie_time"].(map[string]any); ok {
		to, err := p.lbPart(cookieTime)
		if err != nil {
			return err
		}
		fields["cookie_time"] = to
	}
	return nil
}

func buildLBPool(p *promotion, fields map[string]any) error {
	own(fields, p.body)
	fields["resource_type"] = "LBPool"
	if translation, ok := p.body["snat_translation"].(map[string]any); ok {
		to := map[string]any{"type": policyLBName(translation["type"])}
		copyFields(to, translation, "ip_addresses")
		fields["snat_translation"] = to
	}
	if group, ok := p.body["member_group"].(map[string]any); ok {
		to := map[string]any{}
		copyFields(to, group, "customized_members", "ip_revision_filter", "max_ip_list_size", "port")
		object, _ := group["grouping_object"].(map[string]any)
		if err := p.set(to, "group_path", groupCollection, object, "target_id"); err != nil {
			return err
		}
		fields["member_group"] = to
	}
	monitors, err := p.pathsOf("loadbalancer/monitors", texts(p.body["active_monitor_ids"]))
	if err != nil {
		return err
	}
	fields["active_monitor_paths"] = monitors
	return p.set(fields, "passive_monitor_path", "loadbalancer/monitors", p.body, "passive_monitor_id")
}

// managerOnly are fields of a virtual server that Policy does not have, or has in
// another form ("NSX Go SDK").
var managerOnly = []string{"ip_protocol", "port", "default_pool_member_port"}

// buildVirtualServer makes the virtual server with its rules inside. It is attached
// to its service here when that is Policy already, otherwise by LB_SERVICE.
func buildVirtualServer(p *promotion, fields map[string]any) error {
	own(fields, p.body)
	for _, name := range managerOnly {
		delete(fields, name)
	}
	fields["resource_type"] = "LBVirtualServer"
	for _, reference := range []struct{ to, collection, from string }{
		{"application_profile_path", "loadbalancer/application-profiles", "application_profile_id"},
		{"lb_persistence_profile_path", "loadbalancer/persistence-profiles", "persistence_profile_id"},
		{"pool_path", lbPoolCollection, "pool_id"},
		{"sorry_pool_path", lbPoolCollection, "sorry_pool_id"},
	} {
		if err := p.set(fields, reference.to, reference.collection, p.body, reference.from); err != nil {
			return err
		}
	}
	if access, ok := p.body["access_list_control"].(map[string]any); ok {
		to, err := p.lbPart(access)
		if err != nil {
			return err
		}
		fields["access_list_control"] = to
	}
	for _, side := range []sslSide{clientSide, serverSide} {
		if binding, ok := p.body[side.field].(map[string]any); ok {
			to, err := side.bind(p, binding)
			if err != nil {
				return err
			}
			fields[side.field] = to
		}
	}
	if service := p.lookups.serviceOfServer(p.source.ID); service != "" {
		path, promoted := p.findPath(lbServiceCollection, service)
		if promoted {
			fields["lb_service_path"] = path
			p.needs[path] = true
		} else if p.lookups.strictOrder {
			_, err := p.pathOf(lbServiceCollection, service)
			return err
		}
	}
	return p.inlineRules(fields)
}

// sslSide is what the binding of an SSL profile to a virtual server holds, for one of the
// two sides: fields of the same names, and references by their names without _id or _ids.
type sslSide struct {
	field        string
	same         []string
	one, several []sslReference
}

type sslReference struct{ name, collection string }

var clientSide = sslSide{
	"client_ssl_profile_binding", []string{"client_auth", "certificate_chain_depth"},
	[]sslReference{{"ssl_profile", "loadbalancer/client-ssl-profiles"}, {"default_certificate", certificateCollection}},
	[]sslReference{{"sni_certificate", certificateCollection}, {"client_auth_ca", certificateCollection}, {"client_auth_crl", crlCollection}},
}

// serverSide is the binding of HTTPS monitors too, whose Manager body holds the same fields itself.
var serverSide = sslSide{
	"server_ssl_profile_binding", []string{"server_auth", "certificate_chain_depth"},
	[]sslReference{{"ssl_profile", serverSSLCollection}, {"client_certificate", certificateCollection}},
	[]sslReference{{"server_auth_ca", certificateCollection}, {"server_auth_crl", crlCollection}},
}

// bind makes the binding of Policy, where references are paths.
func (s sslSide) bind(p *promotion, binding map[string]any) (map[string]any, error) {
	to := map[string]any{}
	copyFields(to, binding, s.same...)
	for _, reference := range s.one {
		if err := p.set(to, reference.name+"_path", reference.collection, binding, reference.name+"_id"); err != nil {
			return nil, err
		}
	}
	for _, reference := range s.several {
		paths, err := p.pathsOf(reference.collection, texts(binding[reference.name+"_ids"]))
		if err != nil {
			return nil, err
		}
		if len(paths) > 0 {
			to[reference.name+"_paths"] = paths
		}
	}
	return to, nil
}

// inlineRules moves the rules of a virtual server into it. Each is named by its
// Manager id, and the Manager's rule points to the virtual server ("vmware-nsx").
func (p *promotion) inlineRules(fields map[string]any) error {
	path := "/infra/lb-virtual-servers/" + p.id()
	var rules []any
	for _, id := range texts(p.body["rule_ids"]) {
		key := "loadbalancer/rules/" + id
		source, found := p.tx.Manager().Get(key)
		if !found {
			return missing(key)
		}
		body, err := source.Fields()
		if err != nil {
			return err
		}
		rule := map[string]any{"display_name": id}
		copyFields(rule, body, "phase", "match_strategy")
		conditions, err := p.lbParts(body["match_conditions"])
		if err != nil {
			return err
		}
		actions, err := p.lbParts(body["actions"])
		if err != nil {
			return err
		}
		if conditions != nil {
			rule["match_conditions"] = conditions
		}
		rule["actions"] = actions
		if err := p.nothingLost(key, body); err != nil {
			return err
		}
		p.asked[id] = true
		rules = append(rules, rule)
		p.adoptOnce(source, path)
	}
	if rules != nil {
		fields["rules"] = rules
	}
	return nil
}

// partReferences are the references in the parts of load balancer objects: the conditions
// and actions of rules, the key of a JWT action, and access lists ("NSX Go SDK").
var partReferences = []struct{ from, to, collection string }{
	{"pool_id", "pool_id", lbPoolCollection}, // a path despite its name
	{"persistence_profile_id", "persistence_profile_path", "loadbalancer/persistence-profiles"},
	{"group_id", "group_path", groupCollection},
	{"certificate_id", "certificate_path", certificateCollection},
}

// lbParts makes the Policy forms of a list of parts.
func (p *promotion) lbParts(list any) ([]any, error) {
	var parts []any
	for _, part := range objects(list) {
		to, err := p.lbPart(part)
		if err != nil {
			return nil, err
		}
		parts = append(parts, to)
	}
	return parts, nil
}

// lbPart makes the Policy form of a part, with the names of Policy's types and paths for ids.
func (p *promotion) lbPart(part map[string]any) (map[string]any, error) {
	to := map[string]any{}
	own(to, part)
	if kind, typed := part["type"]; typed {
		to["type"] = policyLBName(kind)
	}
	for _, reference := range partReferences {
		if err := p.set(to, reference.to, reference.collection, part, reference.from); err != nil {
			return nil, err
		}
	}
	if key, ok := part["key"].(map[string]any); ok {
		inner, err := p.lbPart(key)
		if err != nil {
			return nil, err
		}
		to["key"] = inner
	}
	return to, nil
}

// buildLBService names the Tier-1 that carries the service and attaches those of its
// virtual servers that are Policy already.
func buildLBService(p *promotion, fields map[string]any) error {
	own(fields, p.body)
	delete(fields, "attachment")
	fields["resource_type"] = "LBService"
	if attachment, ok := p.body["attachment"].(map[string]any); ok {
		if err := p.set(fields, "connectivity_path", routerCollection, attachment, "target_id"); err != nil {
			return err
		}
	}
	for _, id := range texts(p.body["virtual_server_ids"]) {
		if path, promoted := p.findPath(virtualServerCollection, id); promoted {
			p.patch(path, map[string]any{"lb_service_path": "/infra/lb-services/" + p.id()})
		}
	}
	return nil
}
