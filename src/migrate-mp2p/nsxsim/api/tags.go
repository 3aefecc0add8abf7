package api

import "nsx-mp2p/migrate-mp2p/nsxsim/store"

// NSX's limits for tags (NCP docs).
const (
	maxTags     = 30
	maxTagScope = 128
	maxTagValue = 256
)

// CheckTags refuses tags beyond NSX's limits.
func CheckTags(fields map[string]any) error {
	tags, _ := fields["tags"].([]any)
	if len(tags) > maxTags {
		return BadRequest(255, ModuleCommon, "Field level validation errors: {tags has %d items; the limit is %d}", len(tags), maxTags)
	}
	for _, element := range tags {
		tag, _ := element.(map[string]any)
		if len(store.Text(tag["scope"])) > maxTagScope || len(store.Text(tag["tag"])) > maxTagValue {
			return BadRequest(255, ModuleCommon, "Field level validation errors: {a tag is longer than %d (scope) or %d (tag) characters}", maxTagScope, maxTagValue)
		}
	}
	return nil
}
