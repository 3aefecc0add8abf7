package cluster

import (
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// SectionVersion is where the saved state holds the NSX version after an upgrade.
const SectionVersion = "nsx-version"

// LoadVersion is the version that the state was upgraded to, or else the one that was asked for.
func LoadVersion(st *store.Store, asked string) (api.Version, error) {
	err := st.View(func(tx *store.Tx) error {
		_, err := tx.Section(SectionVersion, &asked)
		return err
	})
	if err != nil {
		return api.Version{}, err
	}
	return api.ParseVersion(asked)
}

// Upgrade is what an upgrade of NSX brings.
type Upgrade struct {
	// Version is a later one than the present, such as "4.2".
	Version string `yaml:"version"`
	// EmptyGroups leaves the Policy groups that there are without members until they are written again: groups made
	// under one version can be empty after an upgrade (TKGI docs).
	EmptyGroups bool `yaml:"empty_groups"`
}
