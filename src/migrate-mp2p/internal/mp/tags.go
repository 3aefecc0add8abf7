package mp

import (
	"nsx-mp2p/migrate-mp2p/internal/rawjson"
)

// Tag is one tag of an NSX object.
type Tag struct {
	Scope string `json:"scope"`
	Tag   string `json:"tag"`
}

// KeyValue is one pair of metadata or linked_ids. NSX's schema says string (NSX Go SDK, MpMigrationData).
type KeyValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// frequentScopes are the scopes of most tags of NCP (NCP docs 4.0), as they stand in JSON. All tags share one copy of each.
var frequentScopes = quoted(
	"ncp/cluster", "ncp/version", "ncp/project", "ncp/project_uid", "ncp/pod", "ncp/pod_uid", "ncp/node_name", "ncp/ing_ctrl",
	"ncp/subnet", "ncp/subnet_id", "ncp/extpoolid", "ncp/snat_ip", "ncp/cf_asg_name", "policyPath",
)

// quoted maps texts as they stand in JSON to themselves.
func quoted(texts ...string) map[string]string {
	all := map[string]string{}
	for _, t := range texts {
		all[`"`+t+`"`] = t
	}
	return all
}

// ParseTags reads the tags of an object from their JSON, of which there is more than of anything else.
func ParseTags(text []byte) ([]Tag, error) {
	if text == nil {
		return nil, nil
	}
	tags := make([]Tag, 0, 8)
	err := rawjson.Walk(text, func(s *rawjson.Scanner) {
		s.Array(func() {
			var t Tag
			s.Object(func(key []byte) {
				switch value := s.Value(); string(key) {
				case "scope":
					var known bool
					if t.Scope, known = frequentScopes[string(value)]; !known {
						t.Scope, _ = rawjson.Text(value)
					}
				case "tag":
					t.Tag, _ = rawjson.Text(value)
				}
			})
			tags = append(tags, t)
		})
	})
	return tags, err
}
