package config

import "testing"

var fuzzKinds = []Kind{
	{Key: "tier0_routers", Type: "TIER0", Router: true, MigrateConfig: true},
	{Key: "tier1_routers", Type: "TIER1", Router: true},
	{Key: "ip_pools", Type: "IPPOOL", Allocations: true},
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"nsx":{"managers":["a",{"address":"b"}],"timeouts":{"connect":"1s"}},"migration":{"overrides":{"X":{"after":["Y"]}}}}`))
	f.Add([]byte(`{"nsx":null,"ncp":[],"log":{"level":7}}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := &problems{path: "config.json"}
		c := Default()
		if parse(data, c, p) {
			c.check(p)
		} else if len(p.all) == 0 {
			t.Error("refused without a reason")
		}
	})
}

func FuzzUserSpec(f *testing.F) {
	f.Add("version: 1\nshared:\n  tier0_routers:\n  - a\n  - {name: b, static_routes: [x], migrate_config: true}\n")
	f.Add("version: 1\nshared: {ip_pools: [{name: p, ip_allocations: {10.0.0.1: a}}]}\nk8s-clusters: {c: {s: {TIER1: {custom_resources: {i: }}}}}\n")
	f.Add("a: &a [*a]\n")
	f.Add("\t")
	f.Fuzz(func(t *testing.T, text string) {
		spec, err := parseUserSpec("user-spec.yaml", []byte(text), fuzzKinds)
		if (spec == nil) == (err == nil) {
			t.Errorf("spec %v with error %v", spec, err)
		}
		if err != nil {
			return
		}
		for _, e := range append(spec.Shared, spec.Custom...) {
			if e.Label() == "" || e.Line < 1 {
				t.Errorf("an entry without label or line: %+v", e)
			}
			for _, pair := range append(e.Metadata, e.LinkedIDs...) {
				if pair.Key == "" {
					t.Errorf("a pair without key: %+v", e)
				}
			}
		}
	})
}
