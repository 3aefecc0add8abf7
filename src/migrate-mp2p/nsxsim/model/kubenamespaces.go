package model

import (
	"fmt"
	"strconv"
)

// The pods of a namespace: so many of each deployment. A network takes them all, but
// every fourth namespace has a second network because its first was exhausted.
const (
	podsPerDeployment = 4
	podsPerTeam       = podsPerDeployment * 10
)

// manyLabels are further labels on every 64th pod, whose port then has 26 tags: those
// that NCP adds in Policy mode still fit.
const manyLabels = 15

// deployment is a set of like pods.
type deployment struct {
	name, tier string
	// probed is the port of the readiness probe; 0 means none.
	probed int
}

// The deployments of every team's namespace. Those with roles in services, ingresses
// and network policies have names of their own.
var teamDeployments = []deployment{
	{"web", "frontend", 8080}, {"api", "backend", 8080}, {"gateway", "frontend", 0}, {"db", "data", 5432}, {"cache", "data", 0},
	{"worker-0", "backend", 9100}, {"worker-1", "backend", 0}, {"worker-2", "backend", 9100}, {"report", "backend", 0}, {"audit", "data", 0},
}

// systemNamespace adds a namespace of the cluster itself, with a few pods.
func (c *kubeCluster) systemNamespace(name string) {
	c.namespace(name, []deployment{{name + "-agent", "system", 9100}})
}

// teamNamespace adds a namespace with pods, services and a network policy.
func (c *kubeCluster) teamNamespace(index int) *Namespace {
	ns := c.namespace(fmt.Sprintf("team-%04d", index), teamDeployments)
	c.networkPolicy(ns, index)
	return ns
}

// namespace adds a namespace: its Tier-1 unless the cluster has one for all, its
// networks with a SNAT rule each, and the ports of its pods.
func (c *kubeCluster) namespace(name string, deployments []deployment) *Namespace {
	index := len(c.workloads.Namespaces)
	c.workloads.Namespaces = append(c.workloads.Namespaces, &Namespace{Name: name, UID: c.b.uuid()})
	ns := c.workloads.Namespaces[index]
	var pool, snat string
	outside := c.tags(Tag{scopeProject, name})
	if !c.ground.noNAT {
		pool, snat = c.external()
		outside = append(outside, Tag{scopePoolID, pool}, Tag{scopeSNAT, snat})
	}
	prefix := c.name + "-" + name

	ns.router = c.sharedRouter
	translator := c.sharedRouter
	if !c.spec.sharedTier1 {
		ns.router = c.tier1(prefix, name, outside, nil)
		translator = c.ground.tier0
	}
	ns.Annotations = []Label{{"ncp/router_id", ns.router}}
	if !c.ground.noNAT {
		ns.Annotations = append(ns.Annotations, Label{"ncp/extpoolid", pool}, Label{"ncp/snat_ip", snat})
	}
	count := 1
	if index%4 == 0 {
		count = 2
	}
	for i := range count {
		added := c.network(fmt.Sprintf("%s-%d", prefix, i), name, ns.router, outside)
		ns.networks = append(ns.networks, added)
		ns.Annotations = append(ns.Annotations, Label{fmt.Sprintf("ncp/subnet-%d", i), added.cidr()})
		if !c.ground.noNAT {
			c.natRule(translator, fmt.Sprintf("%s-snat-%d", prefix, i), outside, fields{
				"action": "SNAT", "match_source_network": added.cidr(), "translated_network": snat,
			})
		}
	}
	for _, d := range deployments {
		hash := c.b.uuid()[:8]
		for range podsPerDeployment {
			c.pod(ns, d, hash)
		}
	}
	return ns
}

// natRule adds a rule to the router that translates addresses.
func (c *kubeCluster) natRule(router, name string, tags []Tag, body fields) {
	body["resource_type"] = "NatRule"
	body["display_name"] = name
	body["tags"] = tags
	body["logical_router_id"] = router
	body["rule_priority"] = 1024
	body["enabled"] = true
	body["logging"] = false
	body["nat_pass"] = true
	c.b.add("logical-routers/"+router+"/nat/rules", c.identity, body)
}

// pod adds a pod of a deployment and its port.
func (c *kubeCluster) pod(ns *Namespace, d deployment, hash string) *Pod {
	nth := len(ns.Pods)
	on := ns.networks[nth%len(ns.networks)]
	node := &c.workloads.Nodes[c.ports%len(c.workloads.Nodes)]
	uid := c.b.uuid()
	ns.Pods = append(ns.Pods, Pod{
		Name: d.name + "-" + hash + "-" + uid[:5], UID: uid, IP: address(on.first, 2+nth), Node: node.Name, NodeIP: node.IP, ProbePort: d.probed,
		Labels:            []Label{{"app", d.name}, {"app.kubernetes.io/part-of", ns.Name}, {"pod-template-hash", hash}, {"tier", d.tier}},
		IngressController: d.name == ingressController,
	})
	pod := &ns.Pods[nth]
	if c.ports%labelledEvery == 0 {
		for i := range manyLabels {
			pod.Labels = append(pod.Labels, Label{fmt.Sprintf("example.com/label-%02d", i), "value-" + strconv.Itoa(i)})
		}
	}
	c.podPort(ns, pod, on, node)
	if pod.ProbePort > 0 {
		c.healthRule(node, pod)
	}
	return pod
}

// podPort adds the port of a pod: a child interface of its node, told apart by a VLAN.
func (c *kubeCluster) podPort(ns *Namespace, pod *Pod, on network, node *Node) {
	ingress := "False"
	if pod.IngressController {
		ingress = "True"
	}
	tags := c.tags(Tag{scopeProject, ns.Name}, Tag{scopePod, pod.Name}, Tag{scopePodUID, pod.UID}, Tag{scopeIngress, ingress})
	if pod.ProbePort > 0 {
		tags = append(tags, Tag{scopeHealthSection, node.healthSection})
	}
	for _, label := range pod.Labels {
		tags = append(tags, Tag{label.Key, label.Value})
	}
	vlan := node.pods%4094 + 1
	c.b.add("logical-ports", c.identity, fields{
		"resource_type": "LogicalPort", "display_name": c.name + "-" + ns.Name + "-" + pod.Name,
		"logical_switch_id": on.logicalSwitch, "admin_state": "UP", "tags": tags,
		"attachment": fields{
			"id": c.b.uuid(), "attachment_type": "VIF",
			"context": fields{
				"resource_type": "VifAttachmentContext", "vif_type": "CHILD", "parent_vif_id": node.vif,
				"traffic_tag": vlan, "app_id": pod.UID, "allocate_addresses": "Both",
			},
		},
		"address_bindings":      []fields{{"ip_address": pod.IP, "mac_address": mac(0x80+c.room.ordinal, c.ports), "vlan": vlan}},
		"switching_profile_ids": c.bindings,
	})
	node.pods++
	c.ports++
}

// ingressController is the name of the deployment that IngressNAT adds.
const ingressController = "ingress-nginx"

// ingressControllers adds a namespace of ingress controllers, each behind an external
// address of its own: a DNAT rule leads there. The tags of the rule are ASSUMED to be
// those of a SNAT rule.
func (c *kubeCluster) ingressControllers() {
	ns := c.namespace(ingressController, []deployment{{ingressController, "system", 10254}})
	translator := c.ground.tier0
	if c.spec.sharedTier1 {
		translator = c.sharedRouter
	}
	for _, pod := range ns.Pods {
		pool, ip := c.external()
		c.natRule(translator, c.name+"-"+pod.Name+"-dnat", c.tags(Tag{scopeProject, ns.Name}, Tag{scopePoolID, pool}, Tag{scopeSNAT, ip}), fields{
			"action": "DNAT", "match_destination_network": ip, "translated_network": pod.IP,
		})
	}
}
