package model

import (
	"fmt"
	"strconv"
)

// kubeLB are the load balancer objects that all of a cluster's virtual servers use,
// and the addresses of those.
type kubeLB struct {
	http, tcp, udp string
	cookie, source string
	ssl            string
	certificate    string // default for hosts without one
	authority      string // of clients' certificates; NSX has no key of it
	crl            string
	addresses      []string
}

// loadBalancer adds one load balancer for the ingresses and the services of some
// namespaces: the first is NCP's default, the others stand for LoadBalancer resources
// by which their users keep below 255 rules for each virtual server.
func (c *kubeCluster) loadBalancer(index int, served []*Namespace) {
	name := c.name
	if index == 0 {
		c.loadBalancerShared()
	} else {
		name = fmt.Sprintf("%s-lb-%03d", c.name, index)
	}
	router, routerName := c.sharedRouter, c.name
	if !c.spec.sharedTier1 {
		routerName = name + "-lb"
		router = c.tier1(routerName, "", c.tags(Tag{scopeLBResource, "true"}), nil)
	}
	servers := c.ingressServers(name, served)
	for i, ns := range served {
		servers = append(servers, c.layer4Servers(ns, i)...)
	}
	if c.spec.apiServer && index == 0 {
		servers = append(servers, c.apiServer())
	}
	c.b.add("loadbalancer/services", c.identity, fields{
		"resource_type": "LbService", "display_name": name, "tags": c.tags(), "size": "SMALL", "enabled": true, "error_log_level": "INFO",
		"attachment": reference("LogicalRouter", router, routerName), "virtual_server_ids": servers,
	})
}

// loadBalancerShared adds the profiles, the default certificate, the authority of
// clients' certificates and its revocation list.
func (c *kubeCluster) loadBalancerShared() {
	profile := func(collection, resourceType, suffix string, body fields) string {
		body["resource_type"] = resourceType
		body["display_name"] = c.name + "-" + suffix
		body["tags"] = c.tags()
		return c.b.add("loadbalancer/"+collection, c.identity, body)
	}
	c.lb = kubeLB{
		http: profile("application-profiles", "LbHttpProfile", "http", fields{"idle_timeout": 15, "x_forwarded_for": "INSERT"}),
		tcp:  profile("application-profiles", "LbFastTcpProfile", "tcp", fields{"idle_timeout": 1800}),
		udp:  profile("application-profiles", "LbFastUdpProfile", "udp", fields{"idle_timeout": 300}),
		cookie: profile("persistence-profiles", "LbCookiePersistenceProfile", "cookie", fields{
			"cookie_name": "NCPLB", "cookie_mode": "INSERT", "cookie_fallback": true,
		}),
		source:      profile("persistence-profiles", "LbSourceIpPersistenceProfile", "source-ip", fields{"timeout": 10800, "purge": "FULL"}),
		ssl:         c.spec.clientSSL,
		certificate: c.b.certificate(c.identity, c.name, c.tags()),
		authority:   c.b.authorityCertificate(c.identity, c.name+"-clients-ca", c.tags()),
		crl:         c.b.crl(c.identity, c.name+"-clients-crl", c.tags()),
	}
	if c.lb.ssl == "" {
		c.lb.ssl = profile("client-ssl-profiles", "LbClientSslProfile", "client-ssl", fields{
			"protocols": []string{"TLS_V1_2"}, "ciphers": []string{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
		})
	}
}

// ingressServers adds the two virtual servers of ingresses, which share an address:
// every path of an ingress is a rule of the one for HTTP, and of the one for HTTPS
// when its host has a certificate.
func (c *kubeCluster) ingressServers(name string, served []*Namespace) []string {
	pool, ip := c.external()
	c.lb.addresses = append(c.lb.addresses, ip)
	monitor := c.b.add("loadbalancer/monitors", c.identity, fields{
		"resource_type": "LbHttpMonitor", "display_name": name + "-monitor", "tags": c.tags(), "monitor_port": "8080",
		"interval": 5, "timeout": 15, "rise_count": 3, "fall_count": 3, "request_url": "/health",
	})
	var plain, secure, certificates []string
	for i, ns := range served {
		ingress := c.ingress(ns, ip, i%2 == 0)
		for _, path := range ingress.Paths {
			pool := c.servicePool(ns, path.Service, path.Port, monitor)
			plain = append(plain, c.lbRule(ns, ingress, path, "http", pool))
			if ingress.Secret != "" {
				secure = append(secure, c.lbRule(ns, ingress, path, "https", pool))
			}
		}
		if ingress.Secret != "" {
			certificates = append(certificates, c.tlsSecret(ns, ingress.Secret))
		}
	}
	tags := func(kind string) []Tag {
		return c.tags(Tag{scopeVirtualServerType, kind}, Tag{scopeVirtualServerPool, pool})
	}
	return []string{
		c.virtualServer(name+"-http", ip, tags("http"), fields{
			"ip_protocol": "TCP", "ports": []string{"80"}, "application_profile_id": c.lb.http, "persistence_profile_id": c.lb.cookie, "rule_ids": plain,
		}),
		c.virtualServer(name+"-https_terminated", ip, tags("https_terminated"), fields{
			"ip_protocol": "TCP", "ports": []string{"443"}, "application_profile_id": c.lb.http, "persistence_profile_id": c.lb.cookie, "rule_ids": secure,
			"client_ssl_profile_binding": fields{
				"ssl_profile_id": c.lb.ssl, "default_certificate_id": c.lb.certificate, "sni_certificate_ids": certificates, "client_auth": "IGNORE",
				"client_auth_ca_ids": []string{c.lb.authority}, "client_auth_crl_ids": []string{c.lb.crl}, "certificate_chain_depth": 3,
			},
		}),
	}
}

// virtualServer adds a virtual server without a type of its own.
func (c *kubeCluster) virtualServer(name, ip string, tags []Tag, body fields) string {
	body["resource_type"] = "LbVirtualServer"
	body["display_name"] = name
	body["tags"] = tags
	body["ip_address"] = ip
	body["enabled"] = true
	body["access_log_enabled"] = false
	body["port"] = body["ports"].([]string)[0] // NSX answers both
	return c.b.add("loadbalancer/virtual-servers", c.identity, body)
}

// ingress adds the ingress of a namespace and the two services behind it.
func (c *kubeCluster) ingress(ns *Namespace, ip string, secure bool) Ingress {
	ingress := Ingress{
		Name: "site", UID: c.b.uuid(), Host: ns.Name + "." + c.name + ".example.com", IP: ip,
		Paths: []IngressPath{{"/", "web", 80}, {"/api", "api", 80}},
	}
	if secure {
		ingress.Secret = "site-tls"
	}
	for _, path := range ingress.Paths {
		c.addService(ns, Service{Name: path.Service, Ports: []ServicePort{{"http", "TCP", path.Port, 8080}}})
	}
	ns.Ingresses = append(ns.Ingresses, ingress)
	return ingress
}

// tlsSecret adds the secret of an ingress's host and the certificate made from it.
func (c *kubeCluster) tlsSecret(ns *Namespace, name string) string {
	id, pair := c.b.certificateWithKey(c.identity, c.name+"-"+ns.Name+"-"+name, c.tags())
	ns.Secrets = append(ns.Secrets, TLSSecret{Name: name, UID: c.b.uuid(), Certificate: pair.certificate, Key: pair.key})
	return id
}

// lbRule adds the rule for one path of an ingress.
func (c *kubeCluster) lbRule(ns *Namespace, ingress Ingress, path IngressPath, scheme, pool string) string {
	return c.b.add("loadbalancer/rules", c.identity, fields{
		"resource_type": "LbRule", "display_name": fmt.Sprintf("%s-%s-%s-%s-%s", c.name, ns.Name, ingress.Name, path.Service, scheme), "tags": c.tags(),
		"phase": "HTTP_FORWARDING", "match_strategy": "ALL",
		"match_conditions": []fields{
			{"type": "LbHttpRequestHeaderCondition", "header_name": "Host", "header_value": ingress.Host, "match_type": "EQUALS"},
			{"type": "LbHttpRequestUriCondition", "uri": path.Path, "match_type": "STARTS_WITH"},
		},
		"actions": []fields{{"type": "LbSelectPoolAction", "pool_id": pool}},
	})
}

// servicePool adds the pool of one port of a service: its members are the service's
// pods.
func (c *kubeCluster) servicePool(ns *Namespace, service string, port int, monitors ...string) string {
	of := ns.service(service)
	var members []fields
	for _, pod := range ns.selected(of.Selector) {
		members = append(members, fields{
			"display_name": of.Name + "." + pod.Name, "ip_address": pod.IP, "port": strconv.Itoa(of.port(port).TargetPort), "weight": 1, "admin_state": "ENABLED",
		})
	}
	return c.lbPool(fmt.Sprintf("%s-%s-%s-%d", c.name, ns.Name, service, port), c.tags(Tag{scopeProject, ns.Name}, Tag{scopeService, service}), members, monitors)
}

func (c *kubeCluster) lbPool(name string, tags []Tag, members []fields, monitors []string) string {
	body := fields{
		"resource_type": "LbPool", "display_name": name, "tags": tags, "algorithm": "ROUND_ROBIN", "members": members,
		"snat_translation": fields{"type": "LbSnatAutoMap"}, "min_active_members": 1,
	}
	if monitors != nil {
		body["active_monitor_ids"] = monitors
	}
	return c.b.add("loadbalancer/pools", c.identity, body)
}

// addressSet adds the set of all addresses of virtual servers, which rules of the
// administrator may name (ncp.ini: lb_vs_ip_set).
func (c *kubeCluster) addressSet() {
	c.b.add("ip-sets", c.identity, fields{
		"resource_type": "IPSet", "display_name": c.name + "-LbVirtualServerIpSet", "tags": c.tags(), "ip_addresses": c.lb.addresses,
	})
}
