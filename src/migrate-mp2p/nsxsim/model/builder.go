package model

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
)

// Tag scopes of NCP ("NCP clean-up script", "NCP 2.3 debug log").
const (
	ScopeCluster    = "ncp/cluster"
	ScopeVersion    = "ncp/version"
	ScopePolicyPath = "policyPath"
)

// Owners of objects that no foundation made.
const (
	ownerAdmin  = "admin"
	ownerSystem = "system"
	ownerPolicy = "nsx_policy"
)

// managerVersion is the tag schema's version that NCP writes in Manager mode
// ("NCP 2.3 debug log").
const managerVersion = "1.1.0"

// fields is the body of an object; encoding/json writes its keys in order, which
// keeps worlds byte-identical.
type fields = map[string]any

// builder collects a world. The first failure is kept and ends the building.
type builder struct {
	world  *World
	random *rand.Rand
	tree   *policy.Tree
	// clock is the creation time of the next object in milliseconds.
	clock int64
	// ruleID is the id of the last firewall rule.
	ruleID int
	err    error
}

func newBuilder(seed int64, builtAt time.Time) *builder {
	return &builder{
		world:  &World{},
		tree:   policy.NewTree(),
		ruleID: 1000,
		random: rand.New(rand.NewPCG(uint64(seed), 0x6e73782d73696d)),
		// Objects are made one millisecond apart and the last one before builtAt;
		// thirty days leave room for two billion of them.
		clock: builtAt.Truncate(time.Second).Add(-30 * 24 * time.Hour).UnixMilli(),
	}
}

// uuid returns the next random id, in the form of a version 4 UUID.
func (b *builder) uuid() string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], b.random.Uint64())
	binary.BigEndian.PutUint64(raw[8:], b.random.Uint64())
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	text := hex.EncodeToString(raw[:])
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}

// add puts a Manager object into the world, completes it with the fields that
// every object has, and returns its id. A body without id gets a random one, and
// nil tags are left out.
func (b *builder) add(collection, owner string, body fields) string {
	id, ok := body["id"].(string)
	if !ok {
		id = b.uuid()
		body["id"] = id
	}
	if _, ok := body["display_name"]; !ok {
		body["display_name"] = id
	}
	if tags, ok := body["tags"].([]Tag); ok && len(tags) == 0 {
		delete(body, "tags")
	}
	b.stamp(owner, body)
	b.store(collection, id, body)
	return id
}

// addSingle puts an object of which its parent has just one: it is found under
// the last element of its URL, not under its id.
func (b *builder) addSingle(collection, name, owner string, body fields) {
	body["id"] = b.uuid()
	body["display_name"] = name
	b.stamp(owner, body)
	b.store(collection, name, body)
}

// addAllocation puts an allocated address into a pool. It has neither an id of its
// own nor tags nor an owner ("NSX Go SDK").
func (b *builder) addAllocation(pool, address string) {
	b.store("pools/ip-pools/"+pool+"/allocations", address, fields{"allocation_id": address})
}

func (b *builder) store(collection, id string, body fields) {
	raw := b.encode(collection+"/"+id, body)
	b.world.Manager = append(b.world.Manager, Object{Collection: collection, ID: id, Body: raw})
}

// addPolicy puts a Policy object into the world and returns its path. uniqueID is
// the Manager id of what realizes it; empty means a random one.
func (b *builder) addPolicy(path, owner, uniqueID string, body fields) string {
	kind, known := b.tree.Object(path)
	if !known {
		b.fail(fmt.Errorf("adding %s: no Policy object can stand there", path))
		return path
	}
	if uniqueID == "" {
		uniqueID = b.uuid()
	}
	kind.Complete(body, path)
	body["unique_id"] = uniqueID
	body["realization_id"] = uniqueID
	b.stamp(owner, body)
	b.world.Policy = append(b.world.Policy, PolicyObject{Path: path, Body: b.encode(path, body)})
	return path
}

func (b *builder) stamp(owner string, body fields) {
	b.clock++
	body["_create_user"] = owner
	body["_create_time"] = b.clock
	body["_last_modified_user"] = owner
	body["_last_modified_time"] = b.clock
	body["_system_owned"] = owner == ownerSystem
	body["_protection"] = "NOT_PROTECTED"
	body["_revision"] = 0
}

func (b *builder) encode(what string, body fields) json.RawMessage {
	raw, err := json.Marshal(body)
	if err != nil {
		b.fail(fmt.Errorf("encoding %s: %w", what, err))
	}
	return raw
}

func (b *builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// countRules writes into every section how many rules it has.
func (b *builder) countRules() {
	rules := map[string]int{}
	for _, o := range b.world.Manager {
		rules[o.Collection]++
	}
	for i, o := range b.world.Manager {
		if n := rules["firewall/sections/"+o.ID+"/rules"]; o.Collection == "firewall/sections" && n > 0 {
			b.world.Manager[i].Body = bytes.Replace(o.Body, []byte(`"rule_count":0`), fmt.Appendf(nil, `"rule_count":%d`, n), 1)
		}
	}
}

// finish returns the world or the first failure.
func (b *builder) finish() (*World, error) {
	b.countRules()
	if b.err != nil {
		return nil, fmt.Errorf("building a world: %w", b.err)
	}
	return b.world, nil
}

// reference is NSX's ResourceReference.
func reference(targetType, id, name string) fields {
	return fields{"target_type": targetType, "target_id": id, "target_display_name": name, "is_valid": true}
}

// address returns the n-th address after base.
func address(base string, n int) string {
	start, err := netip.ParseAddr(base)
	if err != nil || !start.Is4() {
		return base
	}
	raw := start.As4()
	binary.BigEndian.PutUint32(raw[:], binary.BigEndian.Uint32(raw[:])+uint32(n))
	return netip.AddrFrom4(raw).String()
}
