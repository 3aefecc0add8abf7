package inventory

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/nsx"
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
)

// shadow marks the Policy twin that NSX keeps of a Manager port on a Policy segment. It is no promotion (SAP
// networking-nsx-t).
const shadow = "/default:"

// volatile are fields that NSX itself changes: no part of what an object is.
var volatile = []string{"pool_usage", "member_count", "used_by"}

// body is a decoded NSX object.
type body map[string]any

func decode(raw json.RawMessage) (body, error) {
	var b body
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, fmt.Errorf("reading an object of NSX: %w", err)
	}
	return b, nil
}

func (b body) text(key string) string {
	s, _ := b[key].(string)
	return s
}

// number is exact up to 2^53, which NSX's counters and times in milliseconds do not reach.
func (b body) number(key string) int64 {
	n, _ := b[key].(float64)
	return int64(n)
}

func (b body) is(key string) bool {
	v, _ := b[key].(bool)
	return v
}

// tags gives the tags without policyPath, and the value of that one.
func (b body) tags() (tags []nsx.Tag, policyPath string) {
	list, _ := b["tags"].([]any)
	if len(list) == 0 {
		return nil, ""
	}
	tags = make([]nsx.Tag, 0, len(list))
	for _, element := range list {
		fields, _ := element.(map[string]any)
		t := nsx.Tag{Scope: body(fields).text("scope"), Tag: body(fields).text("tag")}
		if t.Scope != scopePolicyPath {
			tags = append(tags, t)
		} else if !strings.Contains(t.Tag, shadow) {
			policyPath = t.Tag
		}
	}
	return tags, policyPath
}

// shadowed tells whether NSX keeps a Policy shadow of the object.
func (b body) shadowed() bool {
	found := false
	each(b["tags"], []string{"tag"}, nil, func(value string, tag body) {
		found = found || tag.text("scope") == scopePolicyPath && strings.Contains(value, shadow)
	})
	return found
}

// each visits the strings at a dotted path, through arrays, with the object that holds each.
func each(value any, path []string, holder body, visit func(leaf string, holder body)) {
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			each(element, path, holder, visit)
		}
	case map[string]any:
		if len(path) > 0 {
			each(v[path[0]], path[1:], v, visit)
		}
	case string:
		if len(path) == 0 {
			visit(v, holder)
		}
	}
}

// Hash is a short fingerprint of what an object is: its body without NSX's bookkeeping (fields that begin with an
// underscore), without usage counters, without the policyPath tag, and whatever the order of the tags. Two bodies with
// the same hash are the same to us; 128 bits of SHA-256.
func Hash(raw json.RawMessage) (string, error) {
	b, err := decode(raw)
	if err != nil {
		return "", err
	}
	return b.hash(), nil
}

func (b body) hash() string {
	kept := make(map[string]any, len(b))
	for key, value := range b {
		if key != "tags" && !strings.HasPrefix(key, "_") && !slices.Contains(volatile, key) {
			kept[key] = value
		}
	}
	tags, _ := b.tags()
	slices.SortFunc(tags, func(x, y nsx.Tag) int {
		return cmp.Or(strings.Compare(x.Scope, y.Scope), strings.Compare(x.Tag, y.Tag))
	})
	text := canonical(make([]byte, 0, 2048), kept)
	for _, t := range tags {
		text = strconv.AppendQuote(strconv.AppendQuote(text, t.Scope), t.Tag)
	}
	return digest(text)
}

// canonical appends a text that is the same for equal values and for no others. It is json.Marshal without its cost,
// which would be the largest of a whole census.
func canonical(text []byte, value any) []byte {
	switch v := value.(type) {
	case map[string]any:
		text = append(text, '{')
		for _, key := range slices.Sorted(maps.Keys(v)) {
			text = append(strconv.AppendQuote(text, key), ':')
			text = append(canonical(text, v[key]), ',')
		}
		return append(text, '}')
	case []any:
		text = append(text, '[')
		for _, element := range v {
			text = append(canonical(text, element), ',')
		}
		return append(text, ']')
	case string:
		return strconv.AppendQuote(text, v)
	case float64:
		return strconv.AppendFloat(text, v, 'g', -1, 64)
	case bool:
		return strconv.AppendBool(text, v)
	default:
		return append(text, "null"...)
	}
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// createdBy tells whether NCP of the named cluster made an object with these tags.
func createdBy(tags []nsx.Tag, cluster string) bool {
	return slices.Contains(tags, nsx.Tag{Scope: scopeCluster, Tag: cluster}) && has(tags, scopeVersion)
}

// createdByAny gives the cluster whose NCP made an object with these tags.
func createdByAny(tags []nsx.Tag) (cluster string, made bool) {
	return tagValue(tags, scopeCluster), has(tags, scopeCluster) && has(tags, scopeVersion)
}

func has(tags []nsx.Tag, scope string) bool {
	return slices.ContainsFunc(tags, func(t nsx.Tag) bool { return t.Scope == scope })
}

// tagValue gives the value of the first tag with that scope.
func tagValue(tags []nsx.Tag, scope string) string {
	for _, t := range tags {
		if t.Scope == scope {
			return t.Tag
		}
	}
	return ""
}
