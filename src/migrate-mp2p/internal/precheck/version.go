package precheck

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// Versions of NSX: the floors for each platform (NCP 4.1.2 release notes, TKGI docs), the first release without the
// migration API (KB 385606), and the first with full scale in Policy mode (TKGI docs).
var (
	floorTAS  = version{4, 0, 1}
	floorTKGI = version{4, 0, 1, 1}
	removedIn = version{9}
	fullScale = version{4, 1, 1}
)

type version []int

// parseVersion reads the numbers of a product version such as 4.1.2.0.0.21332672.
func parseVersion(text string) (version, error) {
	var v version
	for _, part := range strings.Split(text, ".") {
		number, err := strconv.Atoi(part)
		if err != nil || number < 0 {
			return nil, fmt.Errorf("reading NSX version %q: %q is not a number", text, part)
		}
		v = append(v, number)
	}
	return v, nil
}

// before compares; missing numbers count as 0.
func (v version) before(other version) bool {
	for i := range max(len(v), len(other)) {
		if a, b := v.at(i), other.at(i); a != b {
			return a < b
		}
	}
	return false
}

func (v version) at(i int) int {
	if i < len(v) {
		return v[i]
	}
	return 0
}

func (v version) String() string {
	parts := make([]string, len(v))
	for i, n := range v {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, ".")
}

// Version says why a platform cannot be migrated on an NSX version; nil when it can.
func Version(platform, product string) error {
	v, err := parseVersion(product)
	if err != nil {
		return err
	}
	floor := floorTKGI
	if platform == "tas" {
		floor = floorTAS
	}
	switch {
	case v.before(floor):
		return fmt.Errorf("checking the NSX version: %s is too old, migrating %s needs %s or later", product, platform, floor)
	case !v.before(removedIn):
		return fmt.Errorf("checking the NSX version: %s no longer has the Manager API; migrate on NSX 4 before upgrading", product)
	}
	return nil
}

func nsxVersion(_ context.Context, in *Input) (Verdict, string, error) {
	if err := Version(in.Platform, in.Node.Version); err != nil {
		return Fail, err.Error(), nil
	}
	return OK, "NSX " + in.Node.Version, nil
}

// halfScale is half of NSX's own maxima in Manager mode, for a large manager (capacity/usage of NSX-T 3.1).
var halfScale = map[mp.Type]int{
	mp.LogicalSwitch: 5_000,
	mp.LogicalPort:   12_500,
	mp.Tier1:         2_000,
	mp.NAT:           12_500,
	mp.DFWSection:    5_000,
	mp.NSGroup:       10_000,
}

func nsxScale(_ context.Context, in *Input) (Verdict, string, error) {
	v, err := parseVersion(in.Node.Version)
	if err != nil {
		return Fail, "", err
	}
	if !v.before(fullScale) {
		return OK, "NSX " + in.Node.Version + " has full scale in Policy mode", nil
	}
	counts := map[mp.Type]int{}
	for _, o := range in.Inventory.Objects {
		counts[o.Type]++
	}
	var large []string
	for t, limit := range halfScale {
		if counts[t] > limit {
			large = append(large, fmt.Sprintf("%d of type %s (supported: %d)", counts[t], t, limit))
		}
	}
	if len(large) > 0 {
		return Warn, "there are " + strings.Join(large, ", "), nil
	}
	return OK, "small enough for NSX " + in.Node.Version, nil
}
