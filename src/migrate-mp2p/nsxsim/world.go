package nsxsim

import (
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Sections of the store that keep what the model says of its world.
const (
	sectionFoundations = "foundations" // who uses the simulated NSX
	sectionShared      = "shared"      // what the first foundation's user spec would list
)

// LoadWorld puts the objects of a generated world into a store.
func LoadWorld(st *store.Store, world *model.World) error {
	err := st.Update(func(tx *store.Tx) error {
		// In the order of the store's lists, which then need no sorting.
		byID := func(a, b model.Object) int { return strings.Compare(a.ID, b.ID) }
		for _, o := range slices.SortedStableFunc(slices.Values(world.Manager), byID) {
			if _, err := tx.Manager().Put(o.Collection+"/"+o.ID, o.Body); err != nil {
				return err
			}
		}
		for _, o := range world.Policy {
			if _, err := tx.Policy().Put(o.Path, o.Body); err != nil {
				return err
			}
		}
		if err := tx.SetSection(sectionShared, world.Shared); err != nil {
			return err
		}
		return tx.SetSection(sectionFoundations, world.Foundations)
	})
	if err != nil {
		return fmt.Errorf("loading the generated world: %w", err)
	}
	return nil
}

// Foundations lists who uses the simulated NSX, as its model said; the first is the one to be migrated.
func Foundations(st *store.Store) ([]model.Foundation, error) {
	var list []model.Foundation
	err := st.View(func(tx *store.Tx) error {
		_, err := tx.Section(sectionFoundations, &list)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the foundations: %w", err)
	}
	return list, nil
}

// Shared lists what an operator would write into the user spec for the first foundation, as the model said.
func Shared(st *store.Store) ([]model.Shared, error) {
	var list []model.Shared
	err := st.View(func(tx *store.Tx) error {
		_, err := tx.Section(sectionShared, &list)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the shared resources: %w", err)
	}
	return list, nil
}
