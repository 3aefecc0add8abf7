package model

import (
	"fmt"
	"strconv"
)

// addService adds a service in front of the deployment of the same name.
func (c *kubeCluster) addService(ns *Namespace, service Service) {
	service.UID = c.b.uuid()
	service.Selector = []Label{{"app", service.Name}}
	service.ClusterIP = address("10.96.0.10", c.services)
	c.services++
	ns.Services = append(ns.Services, service)
}

// service returns the service of a name; a namespace of the model has it.
func (n *Namespace) service(name string) Service {
	for _, service := range n.Services {
		if service.Name == name {
			return service
		}
	}
	return Service{Name: name}
}

// port returns the port of a number; a service of the model has it.
func (s Service) port(number int) ServicePort {
	for _, port := range s.Ports {
		if port.Port == number {
			return port
		}
	}
	return ServicePort{Port: number}
}

// layer4Servers adds the services of a namespace that no ingress leads to, and a virtual
// server for each port of the one of type LoadBalancer. Of the namespaces behind one load
// balancer the first has such a service with two ports, the second one over UDP, the
// third one to which clients stick and the fourth a plain one.
func (c *kubeCluster) layer4Servers(ns *Namespace, place int) []string {
	c.addService(ns, Service{Name: "db", Ports: []ServicePort{{"sql", "TCP", 5432, 5432}}})
	gateway := Service{Name: "gateway", Sticky: place == 2}
	switch place {
	case 0:
		gateway.Ports = []ServicePort{{"http", "TCP", 80, 8080}, {"https", "TCP", 443, 8443}}
	case 1:
		gateway.Ports = []ServicePort{{"dns", "UDP", 53, 5353}}
	case 2, 3:
		gateway.Ports = []ServicePort{{"mqtt", "TCP", 1883, 1883}}
	default:
		return nil
	}
	pool, ip := c.external()
	gateway.ExternalIP = ip
	c.lb.addresses = append(c.lb.addresses, ip)
	c.addService(ns, gateway)
	var servers []string
	for _, port := range gateway.Ports {
		servers = append(servers, c.portServer(ns, gateway, port, pool))
	}
	return servers
}

// portServer adds the virtual server and the pool of one port of a service. All ports
// of a service share its address. In Manager mode such a virtual server has no tag with
// its type, and knows its service by namespace and name ("nsx-operator").
func (c *kubeCluster) portServer(ns *Namespace, service Service, port ServicePort, external string) string {
	body := fields{"ip_protocol": port.Protocol, "ports": []string{strconv.Itoa(port.Port)}}
	if port.Protocol == "UDP" {
		body["application_profile_id"] = c.lb.udp
		body["pool_id"] = c.servicePool(ns, service.Name, port.Port)
	} else {
		body["application_profile_id"] = c.lb.tcp
		body["pool_id"] = c.servicePool(ns, service.Name, port.Port, c.ground.tcpMonitor)
	}
	if service.Sticky {
		body["persistence_profile_id"] = c.lb.source
	}
	return c.virtualServer(fmt.Sprintf("%s-%s-%s-%d", c.name, ns.Name, service.Name, port.Port), service.ExternalIP,
		c.tags(Tag{scopeProject, ns.Name}, Tag{scopeService, service.Name}, Tag{scopeVirtualServerPool, external}), body)
}

// apiServer adds the virtual server in front of the cluster's own API server.
func (c *kubeCluster) apiServer() string {
	external, ip := c.external()
	c.lb.addresses = append(c.lb.addresses, ip)
	pool := c.lbPool(c.name+"-api-server", c.tags(), []fields{{
		"display_name": "master-0", "ip_address": c.workloads.Nodes[0].IP, "port": "8443", "weight": 1, "admin_state": "ENABLED",
	}}, []string{c.ground.tcpMonitor})
	return c.virtualServer(c.name+"-api-server", ip, c.tags(Tag{scopeVirtualServerPool, external}), fields{
		"ip_protocol": "TCP", "ports": []string{"8443"}, "application_profile_id": c.lb.tcp, "pool_id": pool,
	})
}
