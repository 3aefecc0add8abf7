package nsx

import "nsx-mp2p/migrate-mp2p/internal/rawjson"

// ParseTags reads the tags of an object from their JSON, of which there is more than of anything else.
func ParseTags(text []byte) ([]Tag, error) {
	if text == nil {
		return nil, nil
	}
	tags := make([]Tag, 0, 8)
	s := rawjson.NewScanner(text)
	s.Array(func() {
		var t Tag
		s.Object(func(key []byte) {
			switch value := s.Value(); string(key) {
			case "scope":
				t.Scope, _ = rawjson.Text(value)
			case "tag":
				t.Tag, _ = rawjson.Text(value)
			}
		})
		tags = append(tags, t)
	})
	return tags, s.End()
}
