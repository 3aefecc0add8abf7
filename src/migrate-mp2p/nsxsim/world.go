package nsxsim

import (
	"fmt"

	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// LoadWorld puts the objects of a generated world into a store.
func LoadWorld(st *store.Store, world *model.World) error {
	err := st.Update(func(tx *store.Tx) error {
		for _, o := range world.Manager {
			if _, err := tx.Manager().Put(o.Collection+"/"+o.ID, o.Body); err != nil {
				return err
			}
		}
		for _, o := range world.Policy {
			if _, err := tx.Policy().Put(o.Path, o.Body); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("loading the generated world: %w", err)
	}
	return nil
}
