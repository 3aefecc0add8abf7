package model

import (
	"fmt"
	"maps"
)

// lbRules is the number of rules of each HTTP virtual server.
const lbRules = 3

// lbShared are the objects that all load balancers of a foundation use.
type lbShared struct {
	http, tcp   string
	persistence string
	ssl         string
	certificate string
	crl         string
}

// loadBalancer adds one load balancer in front of the foundation's routers, with
// everything that belongs to it. That NCP makes such a set for TAS is ASSUMED.
func (t *tas) loadBalancer(index int) {
	if index == 0 {
		t.lb = t.loadBalancerShared()
	}
	name := fmt.Sprintf("%s-gorouter-%03d", t.name, index)
	router := t.tier1(name+"-lb", "", t.tags(Tag{scopeLBResource, "true"}), nil)
	monitor := t.b.add("loadbalancer/monitors", t.identity, fields{
		"resource_type": "LbHttpMonitor", "display_name": name + "-monitor", "tags": t.tags(), "monitor_port": "8080",
		"interval": 5, "timeout": 15, "rise_count": 3, "fall_count": 3, "request_url": "/health",
	})
	web := t.lbPool(name+"-web", "80", monitor, index, nil)
	ssh := t.lbPool(name+"-ssh", "2222", t.ground.tcpMonitor, index, nil)
	servers := []string{
		t.virtualServer(name+"-http", "http", web, fields{
			"ports": []string{"80"}, "application_profile_id": t.lb.http, "persistence_profile_id": t.lb.persistence,
			"rule_ids": t.lbRules(name+"-http", web),
		}),
		t.virtualServer(name+"-https_terminated", "https_terminated", web, fields{
			"ports": []string{"443"}, "application_profile_id": t.lb.http, "persistence_profile_id": t.lb.persistence,
			"rule_ids": t.lbRules(name+"-https_terminated", web),
			"client_ssl_profile_binding": fields{
				"ssl_profile_id": t.lb.ssl, "default_certificate_id": t.lb.certificate, "client_auth": "IGNORE",
				"client_auth_crl_ids": []string{t.lb.crl}, "certificate_chain_depth": 3,
			},
		}),
		t.virtualServer(name+"-ssh", "layer_4", ssh, fields{"ports": []string{"2222"}, "application_profile_id": t.lb.tcp}),
	}
	t.b.add("loadbalancer/services", t.identity, fields{
		"resource_type": "LbService", "display_name": name, "tags": t.tags(), "size": "SMALL", "enabled": true, "error_log_level": "INFO",
		"attachment": reference("LogicalRouter", router, name+"-lb"), "virtual_server_ids": servers,
	})
}

// loadBalancerShared adds the profiles, the certificate and the revocation list.
func (t *tas) loadBalancerShared() lbShared {
	return lbShared{
		http: t.b.add("loadbalancer/application-profiles", t.identity, fields{
			"resource_type": "LbHttpProfile", "display_name": t.name + "-http", "tags": t.tags(), "idle_timeout": 15, "x_forwarded_for": "INSERT",
		}),
		tcp: t.b.add("loadbalancer/application-profiles", t.identity, fields{
			"resource_type": "LbFastTcpProfile", "display_name": t.name + "-tcp", "tags": t.tags(), "idle_timeout": 1800,
		}),
		persistence: t.b.add("loadbalancer/persistence-profiles", t.identity, fields{
			"resource_type": "LbCookiePersistenceProfile", "display_name": t.name + "-cookie", "tags": t.tags(), "cookie_name": "NSXLB", "cookie_mode": "INSERT",
		}),
		ssl: t.b.add("loadbalancer/client-ssl-profiles", t.identity, fields{
			"resource_type": "LbClientSslProfile", "display_name": t.name + "-client-ssl", "tags": t.tags(),
			"protocols": []string{"TLS_V1_2"}, "ciphers": []string{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
		}),
		certificate: t.b.certificate(t.identity, t.name+"-gorouter-cert", t.tags()),
		crl:         t.b.crl(t.identity, t.name+"-gorouter-crl", t.tags()),
	}
}

func (t *tas) lbPool(name, port, monitor string, index int, extra fields) string {
	var members []fields
	for i := range 2 {
		members = append(members, fields{
			"display_name": fmt.Sprintf("router-%d", i), "ip_address": address("192.168.240.10", index*2+i), "port": port, "weight": 1, "admin_state": "ENABLED",
		})
	}
	body := fields{
		"resource_type": "LbPool", "display_name": name, "tags": t.tags(), "algorithm": "ROUND_ROBIN", "members": members,
		"active_monitor_ids": []string{monitor}, "snat_translation": fields{"type": "LbSnatAutoMap"}, "min_active_members": 1,
	}
	maps.Copy(body, extra)
	return t.b.add("loadbalancer/pools", t.identity, body)
}

// virtualServer adds a virtual server on an address of an external pool.
func (t *tas) virtualServer(name, kind, pool string, body fields) string {
	external, ip := t.external()
	body["resource_type"] = "LbVirtualServer"
	body["display_name"] = name
	body["tags"] = t.tags(Tag{scopeVirtualServerType, kind}, Tag{scopeVirtualServerPool, external})
	body["ip_address"] = ip
	if _, given := body["ip_protocol"]; !given {
		body["ip_protocol"] = "TCP"
	}
	body["pool_id"] = pool
	body["enabled"] = true
	body["access_log_enabled"] = false
	body["port"] = body["ports"].([]string)[0] // NSX answers both
	return t.b.add("loadbalancer/virtual-servers", t.identity, body)
}

func (t *tas) lbRules(name, pool string) []string {
	var ids []string
	for i := range lbRules {
		ids = append(ids, t.b.add("loadbalancer/rules", t.identity, fields{
			"resource_type": "LbRule", "display_name": fmt.Sprintf("%s-rule-%d", name, i), "tags": t.tags(),
			"phase": "HTTP_FORWARDING", "match_strategy": "ALL",
			"match_conditions": []fields{{"type": "LbHttpRequestUriCondition", "uri": fmt.Sprintf("/path-%d", i), "match_type": "STARTS_WITH"}},
			"actions":          []fields{{"type": "LbSelectPoolAction", "pool_id": pool}},
		}))
	}
	return ids
}
