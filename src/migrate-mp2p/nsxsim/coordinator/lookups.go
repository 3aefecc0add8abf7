package coordinator

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// lookups answers the questions that no index of the store answers. Each answer is
// built once per batch, when it is first asked for.
type lookups struct {
	tx          *store.Tx
	strictOrder bool
	// generic is true in mode GENERIC, where entries say nothing that a client would.
	generic bool
	// made are the Policy paths that this transaction created; mixed refuses references
	// to others where NSX does not allow them.
	made  map[string]bool
	mixed func(path string) error

	routerPorts   map[string][]string          // router id -> keys of its ports
	switchPorts   map[string][]string          // switch id -> ids of its ports
	poolOfNetwork map[string]string            // network -> pool id
	cutNetworks   map[string]bool              // networks of IpBlockSubnets
	serviceOf     map[string]string            // virtual server id -> load balancer service id
	twinsOf       map[string]map[string]string // collection -> Manager id -> path of the system's twin
}

func newLookups(tx *store.Tx) *lookups { return &lookups{tx: tx, made: map[string]bool{}} }

// newLookups makes lookups for the promotion at work.
func (c *Coordinator) newLookups(tx *store.Tx) *lookups {
	shared := newLookups(tx)
	shared.strictOrder = c.options.StrictOrder
	shared.generic = c.state.Generic != nil
	shared.mixed = c.mixed(shared)
	return shared
}

// routerType is TIER0, TIER1 or VRF, and "" for a router that does not exist.
func (l *lookups) routerType(id string) string {
	router, found := l.tx.Manager().Get(routerCollection + "/" + id)
	if !found {
		return ""
	}
	return field(router.Body, "router_type")
}

// attachedTo returns what the ports of a switch attach to it with a type of attachment:
// the ids of DHCP servers or metadata proxies.
func (l *lookups) attachedTo(logicalSwitch, attachmentType string) []string {
	var ids []string
	for _, id := range l.portsOfSwitch(logicalSwitch) {
		port, found := l.tx.Manager().Get(portCollection + "/" + id)
		if !found || field(port.Body, "attachment_type") != attachmentType {
			continue
		}
		body, err := port.Fields()
		if err != nil {
			continue // the store holds JSON objects only
		}
		if attached, ok := store.FieldAt(body, "attachment.id").(string); ok {
			ids = append(ids, attached)
		}
	}
	return ids
}

// portsOfRouter returns the keys of a router's ports.
func (l *lookups) portsOfRouter(id string) []string {
	if l.routerPorts == nil {
		l.routerPorts = map[string][]string{}
		for _, o := range l.tx.Manager().List(routerPortCollection) {
			router := field(o.Body, "logical_router_id")
			l.routerPorts[router] = append(l.routerPorts[router], o.Key)
		}
	}
	return l.routerPorts[id]
}

// portsOfSwitch returns the ids of a switch's ports.
func (l *lookups) portsOfSwitch(id string) []string {
	if l.switchPorts == nil {
		l.switchPorts = map[string][]string{}
		for _, o := range l.tx.Manager().List(portCollection) {
			on := field(o.Body, "logical_switch_id")
			l.switchPorts[on] = append(l.switchPorts[on], o.ID)
		}
	}
	return l.switchPorts[id]
}

// poolOf returns the pool that gives addresses of a network.
func (l *lookups) poolOf(network string) string {
	if l.poolOfNetwork == nil {
		l.poolOfNetwork = map[string]string{}
		for _, o := range l.tx.Manager().List(poolCollection) {
			l.poolOfNetwork[field(o.Body, "cidr")] = o.ID
		}
	}
	return l.poolOfNetwork[network]
}

// cutFromBlock tells whether a network is an IpBlockSubnet.
func (l *lookups) cutFromBlock(network string) bool {
	if l.cutNetworks == nil {
		l.cutNetworks = map[string]bool{}
		for _, o := range l.tx.Manager().List("pools/ip-subnets") {
			l.cutNetworks[field(o.Body, "cidr")] = true
		}
	}
	return l.cutNetworks[network]
}

// serviceOfServer returns the load balancer service that lists a virtual server.
func (l *lookups) serviceOfServer(id string) string {
	if l.serviceOf == nil {
		l.serviceOf = map[string]string{}
		for _, o := range l.tx.Manager().List(lbServiceCollection) {
			body, err := o.Fields()
			if err != nil {
				continue // the store holds JSON objects only
			}
			for _, server := range texts(body["virtual_server_ids"]) {
				l.serviceOf[server] = o.ID
			}
		}
	}
	return l.serviceOf[id]
}

// twins returns the paths of the system's Policy twins of a collection's objects, by Manager id. No promotion makes any.
func (l *lookups) twins(collection string) map[string]string {
	if known, asked := l.twinsOf[collection]; asked {
		return known
	}
	paths := map[string]string{}
	for _, policyCollection := range systemTwins[collection] {
		for _, o := range l.tx.Policy().List(policyCollection) {
			if _, taken := paths[o.UniqueID]; o.System && !taken {
				paths[o.UniqueID] = o.Key
			}
		}
	}
	if l.twinsOf == nil {
		l.twinsOf = map[string]map[string]string{}
	}
	l.twinsOf[collection] = paths
	return paths
}

// name is the display name of an entry's object, for messages.
func (l *lookups) name(typeName string, one entry) string {
	if k, found := kindOf(typeName); found {
		if source, err := k.find(l, one); err == nil {
			return source.DisplayName
		}
	}
	return one.ManagerID
}

// field reads the first string value of a name out of compact JSON without decoding
// the whole body: worlds have a hundred thousand ports. It serves ids, networks and
// type names, which need no unescaping.
func field(body []byte, name string) string {
	_, rest, found := bytes.Cut(body, []byte(`"`+name+`":"`))
	if !found {
		return ""
	}
	value, _, _ := bytes.Cut(rest, []byte{'"'})
	return string(value)
}

// texts reads a list of strings out of a decoded body.
func texts(value any) []string {
	list, _ := value.([]any)
	var all []string
	for _, one := range list {
		if text, ok := one.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

// objects reads a list of objects out of a decoded body.
func objects(value any) []map[string]any {
	list, _ := value.([]any)
	var all []map[string]any
	for _, one := range list {
		if object, ok := one.(map[string]any); ok {
			all = append(all, object)
		}
	}
	return all
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// lastPart is the id at the end of a path or key.
func lastPart(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// missing is the failure of a reference that leads nowhere.
func missing(key string) error {
	return fmt.Errorf("/api/v1/%s, to which it refers, does not exist", key)
}
