package plan_test

import (
	"fmt"
	"testing"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/plan"
)

// BenchmarkBuild plans a foundation with 10,000 ports on 100 switches.
func BenchmarkBuild(b *testing.B) {
	inv := foundation()
	for s := range 100 {
		segment := object(mp.LogicalSwitch, fmt.Sprintf("ls-%d", s), "org")
		inv.Objects = append(inv.Objects, segment)
		for p := range 100 {
			inv.Objects = append(inv.Objects, below(segment, mp.LogicalPort, fmt.Sprintf("lp-%d-%d", s, p), "app"))
		}
	}
	types, err := catalog.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := plan.Build(inv, plan.Options{Catalog: types}); err != nil {
			b.Fatal(err)
		}
	}
}
