package inventory

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/rawjson"
)

// The tag scopes that this package knows (NCP clean-up scripts, vmware-nsx).
const (
	scopeCluster    = "ncp/cluster"
	scopeVersion    = "ncp/version"
	scopePolicyPath = "policyPath"
	scopeSubnetID   = "ncp/subnet_id"  // of a pool: the subnet that it covers
	scopePool       = "ncp/extpoolid"  // external pool of a SNAT address
	scopeSNAT       = "ncp/snat_ip"    // the SNAT address
	scopeServerPool = "ext_pool_id"    // external pool of a virtual server's address
	scopeProject    = "ncp/project"    // namespace or organisation
	scopeServerType = "ncp/lb_vs_type" // http, https_terminated, layer_4
	scopeService    = "ncp/service"    // the service that a virtual server or a pool is for
)

// shadow marks the Policy twin that NSX keeps of a Manager port on a Policy segment. It is no promotion (SAP
// networking-nsx-t).
const shadow = "/default:"

// volatile are fields that NSX itself changes: no part of what an object is.
var volatile = []string{"pool_usage", "member_count", "used_by"}

// body is an object of NSX, taken apart. It refers to the page that it came on: whoever keeps it clones it.
type body rawjson.Object

// decode takes an object apart; the members are put into room, which may be nil.
func decode(raw json.RawMessage, room body) (body, error) {
	o, err := rawjson.Parse(raw, rawjson.Object(room))
	if err != nil {
		return nil, fmt.Errorf("reading an object of NSX: %w", err)
	}
	return body(o), nil
}

func (b body) clone() body {
	clone := make(body, 0, len(b))
	for _, m := range b {
		clone = append(clone, rawjson.Member{Key: bytes.Clone(m.Key), Value: bytes.Clone(m.Value)})
	}
	return clone
}

func (b body) raw(key string) json.RawMessage { return rawjson.Object(b).Raw(key) }

func (b body) text(key string) string {
	s, _ := rawjson.Text(b.raw(key))
	return s
}

// number is exact up to 2^53, which NSX's counters and times in milliseconds do not reach.
func (b body) number(key string) int64 {
	n, _ := strconv.ParseFloat(string(b.raw(key)), 64)
	return int64(n)
}

func (b body) is(key string) bool { return string(b.raw(key)) == "true" }

// tags gives the tags without policyPath, and the value of that one unless it leads to a shadow.
func (b body) tags() (tags []mp.Tag, policyPath string) {
	tags, policyPath, _ = b.promotion()
	return tags, policyPath
}

// promotion is tags, and tells whether NSX keeps a Policy shadow of the object.
func (b body) promotion() (tags []mp.Tag, policyPath string, shadowed bool) {
	all, _ := mp.ParseTags(b.raw("tags")) // the text was checked with the whole object
	tags = all[:0]
	for _, t := range all {
		switch {
		case t.Scope != scopePolicyPath:
			tags = append(tags, t)
		case strings.Contains(t.Tag, shadow):
			shadowed = true
		default:
			policyPath = t.Tag
		}
	}
	return tags, policyPath, shadowed
}

// each visits the strings at a dotted path, through arrays, with the object that holds each.
func (b body) each(path string, visit func(leaf string, holder body)) {
	key, rest, deeper := strings.Cut(path, ".")
	var walk func(value json.RawMessage)
	walk = func(value json.RawMessage) {
		switch {
		case len(value) == 0:
		case value[0] == '[':
			elements(value, walk)
		case value[0] == '{' && deeper:
			inner, _ := decode(value, nil)
			inner.each(rest, visit)
		case !deeper:
			if leaf, ok := rawjson.Text(value); ok {
				visit(leaf, b)
			}
		}
	}
	walk(b.raw(key))
}

// elements visits the elements of an array; anything else has none.
func elements(value json.RawMessage, visit func(element json.RawMessage)) {
	// The value is a part of a body that was found to be JSON.
	_ = rawjson.Walk(value, func(s *rawjson.Scanner) {
		s.Array(func() { visit(s.Value()) })
	})
}

// Hash is a short fingerprint of what an object is: its body without NSX's bookkeeping (fields that begin with an
// underscore), without usage counters, without the policyPath tag, and whatever the order of the tags. Two bodies with
// the same hash are the same to us; 128 bits of SHA-256.
func Hash(raw json.RawMessage) (string, error) {
	b, err := decode(raw, nil)
	if err != nil {
		return "", err
	}
	return b.hash(), nil
}

func (b body) hash() string {
	tags, _ := b.tags()
	return b.hashWith(tags)
}

// hashWith is hash for who has read the tags already; it puts them into another order.
func (b body) hashWith(tags []mp.Tag) string {
	var room [64]rawjson.Member
	kept, size := body(room[:0]), 0
	for _, m := range b {
		if key := string(m.Key); key != "tags" && !strings.HasPrefix(key, "_") && !slices.Contains(volatile, key) {
			kept = append(kept, m)
		}
		size += len(m.Key) + len(m.Value) + len(`"":,`)
	}
	slices.SortFunc(tags, func(x, y mp.Tag) int {
		return cmp.Or(strings.Compare(x.Scope, y.Scope), strings.Compare(x.Tag, y.Tag))
	})
	text := canonicalObject(make([]byte, 0, size), kept)
	for _, t := range tags {
		text = strconv.AppendQuote(strconv.AppendQuote(text, t.Scope), t.Tag)
	}
	return digest(text)
}

// canonical appends a text that is the same for equal values, however NSX writes them, and for no others.
func canonical(text []byte, value json.RawMessage) []byte {
	switch first := value[0]; {
	case first == '{':
		var room [16]rawjson.Member
		inner, _ := decode(value, room[:0])
		return canonicalObject(text, inner)
	case first == '[':
		text = append(text, '[')
		elements(value, func(element json.RawMessage) { text = append(canonical(text, element), ',') })
		return append(text, ']')
	case first == '"' && bytes.IndexByte(value, '\\') >= 0:
		s, _ := rawjson.Text(value)
		return strconv.AppendQuote(text, s)
	case (first == '-' || first >= '0' && first <= '9') && bytes.ContainsAny(value, ".eE"):
		n, _ := strconv.ParseFloat(string(value), 64)
		return strconv.AppendFloat(text, n, 'f', -1, 64)
	default: // a plain string, an integer, true, false, null
		return append(text, value...)
	}
}

// canonicalObject sorts the members.
func canonicalObject(text []byte, b body) []byte {
	slices.SortFunc(b, func(x, y rawjson.Member) int { return bytes.Compare(x.Key, y.Key) })
	text = append(text, '{')
	for _, m := range b {
		text = append(append(append(text, '"'), m.Key...), '"', ':')
		text = append(canonical(text, m.Value), ',')
	}
	return append(text, '}')
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

func has(tags []mp.Tag, scope string) bool {
	return slices.ContainsFunc(tags, func(t mp.Tag) bool { return t.Scope == scope })
}

// tagValue gives the value of the first tag with that scope.
func tagValue(tags []mp.Tag, scope string) string {
	for _, t := range tags {
		if t.Scope == scope {
			return t.Tag
		}
	}
	return ""
}
