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
