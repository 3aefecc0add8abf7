package updates

import (
	"encoding/json"
	"fmt"
	"strings"
)

// kind is a type of Policy object.
type kind struct {
	Type     string   // resource_type; also the member that holds the object in a "Child" + Type (NSX Go SDK)
	Concrete []string // the resource types of its objects, where Type is abstract
	Embedded string   // member with children that an answer may show and that is never sent back
}

// resourceTypes are the types that the search index knows the objects by.
func (k kind) resourceTypes() []string {
	if len(k.Concrete) > 0 {
		return k.Concrete
	}
	return []string{k.Type}
}

const infra = "Infra"

// kinds says which kind of object lies below which collection of which parent: the part of the Policy tree in which
// promoted objects can be (nsxtsdk, NCP clean-up scripts).
var kinds = map[string]map[string]kind{
	infra: {
		"tier-0s":            {Type: "Tier0"},
		"tier-1s":            {Type: "Tier1"},
		"segments":           {Type: "Segment"},
		"domains":            {Type: "Domain"},
		"ip-blocks":          {Type: "IpAddressBlock"},
		"ip-pools":           {Type: "IpAddressPool"},
		"lb-services":        {Type: "LBService"},
		"lb-pools":           {Type: "LBPool"},
		"lb-virtual-servers": {Type: "LBVirtualServer"},
		"lb-monitor-profiles": {Type: "LBMonitorProfile", Concrete: []string{"LBHttpMonitorProfile", "LBHttpsMonitorProfile",
			"LBIcmpMonitorProfile", "LBTcpMonitorProfile", "LBUdpMonitorProfile", "LBPassiveMonitorProfile"}},
		"lb-app-profiles": {Type: "LBAppProfile", Concrete: []string{"LBHttpProfile", "LBFastTcpProfile", "LBFastUdpProfile"}},
		"lb-persistence-profiles": {Type: "LBPersistenceProfile", Concrete: []string{"LBCookiePersistenceProfile",
			"LBSourceIpPersistenceProfile", "LBGenericPersistenceProfile"}},
		"lb-client-ssl-profiles":    {Type: "LBClientSslProfile"},
		"certificates":              {Type: certificateType},
		"crls":                      {Type: "TlsCrl"},
		"spoofguard-profiles":       {Type: "SpoofGuardProfile"},
		"qos-profiles":              {Type: "QoSProfile"},
		"segment-security-profiles": {Type: "SegmentSecurityProfile"},
		"ip-discovery-profiles":     {Type: "IPDiscoveryProfile"},
		"mac-discovery-profiles":    {Type: "MacDiscoveryProfile"},
	},
	"Tier0": {
		"locale-services": {Type: "LocaleServices"},
		"static-routes":   {Type: "StaticRoutes"},
		"nat":             {Type: "PolicyNat"},
	},
	"Tier1": {
		"locale-services": {Type: "LocaleServices"},
		"static-routes":   {Type: "StaticRoutes"},
		"nat":             {Type: "PolicyNat"},
		"segments":        {Type: "Segment"},
	},
	"Tier0/LocaleServices": {"interfaces": {Type: "Tier0Interface"}},
	"Tier1/LocaleServices": {"interfaces": {Type: "Tier1Interface"}},
	"PolicyNat":            {"nat-rules": {Type: "PolicyNatRule"}},
	"Segment":              {"ports": {Type: "SegmentPort"}},
	"IpAddressPool": {
		"ip-subnets":     {Type: "IpAddressPoolSubnet", Concrete: []string{"IpAddressPoolBlockSubnet", "IpAddressPoolStaticSubnet"}},
		"ip-allocations": {Type: allocationType},
	},
	"Domain": {
		"groups":            {Type: "Group"},
		"security-policies": {Type: "SecurityPolicy", Embedded: "rules"},
		"gateway-policies":  {Type: "GatewayPolicy", Embedded: "rules"},
	},
}

const (
	certificateType = "TlsCertificate"
	allocationType  = "IpAddressAllocation"
)

// step is one object on the way from the root of the Policy tree to an object.
type step struct {
	kind
	ID string
}

// steps takes a Policy path apart. The last step is the object itself.
func steps(path string) ([]step, error) {
	parts := strings.Split(strings.TrimPrefix(path, "/infra/"), "/")
	if !strings.HasPrefix(path, "/infra/") || len(parts)%2 != 0 {
		return nil, fmt.Errorf("reading Policy path %q: it is not the path of an object below /infra", path)
	}
	var way []step
	parent, grandparent := infra, ""
	for i := 0; i < len(parts); i += 2 {
		k, ok := kinds[parent][parts[i]]
		if !ok {
			k, ok = kinds[grandparent+"/"+parent][parts[i]]
		}
		if !ok || parts[i+1] == "" {
			return nil, fmt.Errorf("reading Policy path %q: no promoted object can be at %s/%s", path, parts[i], parts[i+1])
		}
		way = append(way, step{kind: k, ID: parts[i+1]})
		parent, grandparent = k.Type, parent
	}
	return way, nil
}

// kindOf says which kind of object is at a path.
func kindOf(path string) (kind, error) {
	way, err := steps(path)
	if err != nil {
		return kind{}, err
	}
	return way[len(way)-1].kind, nil
}

// intent is one object of a hierarchical PATCH.
type intent struct {
	path string
	body json.RawMessage
}

// reference stands for a parent that is itself not changed, and for the root.
type reference struct {
	ResourceType string `json:"resource_type"`
	ID           string `json:"id,omitempty"`
	TargetType   string `json:"target_type,omitempty"`
	Children     []any  `json:"children"`
}

// nest makes the body of a hierarchical PATCH: every object below references to its parents, each of which appears
// once (NSX Go SDK, ChildResourceReference).
func nest(intents []intent) (any, error) {
	root := &reference{ResourceType: infra}
	parents := map[string]*reference{"": root}
	for _, in := range intents {
		way, err := steps(in.path)
		if err != nil {
			return nil, err
		}
		parent, at := root, ""
		for _, s := range way[:len(way)-1] {
			at += "/" + s.Type + "/" + s.ID
			next, known := parents[at]
			if !known {
				next = &reference{ResourceType: "ChildResourceReference", ID: s.ID, TargetType: s.Type}
				parents[at] = next
				parent.Children = append(parent.Children, next)
			}
			parent = next
		}
		last := way[len(way)-1]
		childType, err := json.Marshal("Child" + last.Type)
		if err != nil {
			return nil, fmt.Errorf("building the change of %s: %w", in.path, err)
		}
		parent.Children = append(parent.Children, map[string]json.RawMessage{"resource_type": childType, last.Type: in.body})
	}
	return root, nil
}
