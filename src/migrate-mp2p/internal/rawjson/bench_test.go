package rawjson_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"nsx-mp2p/migrate-mp2p/internal/rawjson"
)

// BenchmarkPage walks over a page of 1000 ports and takes each apart, as every read of NSX does.
func BenchmarkPage(b *testing.B) {
	var page bytes.Buffer
	page.WriteString(`{"results":[`)
	for i := range 1000 {
		if i > 0 {
			page.WriteByte(',')
		}
		fmt.Fprintf(&page, `{"resource_type":"LogicalPort","id":"b3f1c1de-0000-4000-8000-%012d","display_name":"app-%d","admin_state":"UP",
			"logical_switch_id":"0b6c7f0e-6d0c-4c7f-8a55-1f6e4ad1a001","attachment":{"attachment_type":"CIF","id":"%032d","context":
			{"resource_type":"CifAttachmentContext","vlan_tag":12,"app_id":"x"}},"tags":[{"scope":"ncp/cluster","tag":"tas1"},
			{"scope":"ncp/version","tag":"1.2.0"},{"scope":"ncp/cf_app_id","tag":"%d"}],"_revision":0,"_create_time":1606000000000}`, i, i, i, i)
	}
	page.WriteString(`],"result_count":1000}`)
	b.Run("rawjson", func(b *testing.B) {
		b.SetBytes(int64(page.Len()))
		b.ReportAllocs()
		var room rawjson.Object
		for b.Loop() {
			err := rawjson.Walk(page.Bytes(), func(s *rawjson.Scanner) {
				s.Object(func(key []byte) {
					if string(key) != "results" {
						s.Value()
						return
					}
					s.Array(func() {
						var err error
						if room, err = rawjson.Parse(s.Value(), room); err != nil {
							b.Fatal(err)
						}
					})
				})
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.SetBytes(int64(page.Len()))
		b.ReportAllocs()
		for b.Loop() {
			var answer struct{ Results []map[string]json.RawMessage }
			if err := json.Unmarshal(page.Bytes(), &answer); err != nil {
				b.Fatal(err)
			}
		}
	})
}
