package model

// rare adds what NCP makes only with some settings: an organisation on switching
// profiles of NCP's own, DNAT into one of its containers, and a load balancer that
// uses the kinds of objects that the others do without. Which settings lead to
// these on TAS is not public (ASSUMED: the same as on Kubernetes).
func (t *tas) rare() {
	t.bindings = t.ownProfiles()
	t.org(t.orgCount)
	o := t.orgs[len(t.orgs)-1]
	pool, ip := t.external()
	t.b.add("logical-routers/"+t.ground.tier0+"/nat/rules", t.identity, fields{
		"resource_type": "NatRule", "display_name": t.name + "-dnat", "tags": t.tags(Tag{scopeProject, o.guid}, Tag{scopePoolID, pool}, Tag{scopeSNAT, ip}),
		"logical_router_id": t.ground.tier0, "action": "DNAT", "match_destination_network": ip, "translated_network": address(o.networks[0].first, 2),
		"translated_ports": "8080", "rule_priority": 1024, "enabled": true, "logging": false, "nat_pass": true,
	})
	t.rareLoadBalancer()
}

// ownProfiles adds one switching profile of each kind and lists them. The one for
// quality of service bears the mark of NCP's election; that this is its kind is
// ASSUMED.
func (t *tas) ownProfiles() []fields {
	add := func(kind string, body fields, tags ...Tag) fields {
		body["resource_type"] = kind
		body["display_name"] = t.name + "-" + kind
		body["tags"] = t.tags(tags...)
		return fields{"key": kind, "value": t.b.add("switching-profiles", t.identity, body)}
	}
	return []fields{
		add("SwitchSecuritySwitchingProfile", fields{"block_non_ip_traffic": true}),
		add("SpoofGuardSwitchingProfile", fields{"white_list_providers": []string{}}),
		add("IpDiscoverySwitchingProfile", fields{"arp_snooping_enabled": false}),
		add("MacManagementSwitchingProfile", fields{"mac_change_allowed": true}),
		add("QosSwitchingProfile", fields{"class_of_service": 1}, Tag{scopeHA, "true"}),
	}
}

// rareLoadBalancer adds a load balancer whose clients show certificates, and one for
// UDP.
func (t *tas) rareLoadBalancer() {
	name := t.name + "-rare"
	router := t.tier1(name+"-lb", "", t.tags(Tag{scopeLBResource, "true"}), nil)
	profile := func(collection, kind string, body fields) string {
		body["resource_type"] = kind
		body["display_name"] = t.name + "-" + kind
		body["tags"] = t.tags()
		return t.b.add("loadbalancer/"+collection, t.identity, body)
	}
	passive := profile("monitors", "LbPassiveMonitor", fields{"max_fails": 5, "timeout": 5})
	secure := profile("monitors", "LbHttpsMonitor", fields{"monitor_port": "8443", "interval": 5, "timeout": 15, "rise_count": 3, "fall_count": 3})
	web := t.lbPool(name+"-mtls", "8443", secure, t.scale, nil)
	alive := profile("monitors", "LbIcmpMonitor", fields{"data_length": 56})
	dns := t.lbPool(name+"-dns", "53", alive, t.scale, fields{"passive_monitor_id": passive})
	servers := []string{
		t.virtualServer(name+"-mtls", "https_terminated", web, fields{
			"ports": []string{"443"}, "application_profile_id": t.lb.http,
			"persistence_profile_id": profile("persistence-profiles", "LbSourceIpPersistenceProfile", fields{"timeout": 300, "purge": "FULL"}),
			"client_ssl_profile_binding": fields{
				"ssl_profile_id": t.lb.ssl, "default_certificate_id": t.lb.certificate, "client_auth": "REQUIRED", "certificate_chain_depth": 3,
				"sni_certificate_ids": []string{t.b.certificate(t.identity, name+"-sni", t.tags())},
				"client_auth_ca_ids":  []string{t.b.authorityCertificate(t.identity, name+"-ca", t.tags())},
				"client_auth_crl_ids": []string{t.lb.crl},
			},
		}),
		t.virtualServer(name+"-dns", "layer_4", dns, fields{
			"ports": []string{"53"}, "ip_protocol": "UDP", "application_profile_id": profile("application-profiles", "LbFastUdpProfile", fields{"idle_timeout": 300}),
		}),
	}
	t.b.add("loadbalancer/services", t.identity, fields{
		"resource_type": "LbService", "display_name": name, "tags": t.tags(), "size": "SMALL", "enabled": true, "error_log_level": "INFO",
		"attachment": reference("LogicalRouter", router, name+"-lb"), "virtual_server_ids": servers,
	})
}
