package nsxsim

import (
	"fmt"
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/cluster"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/groups"
	"nsx-mp2p/migrate-mp2p/nsxsim/manager"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Upgrade makes the running NSX, with all its nodes, another version at once. Everything that depends on the version
// follows; requests under way and sessions end, and the migration coordinator's service is stopped. The version is part
// of the saved state. It must not be called from a handler of the simulator's own, but may be called from a fault's Hook.
func (s *Server) Upgrade(to Upgrade) error {
	if err := s.mayUpgrade(to.Version); err != nil {
		return fmt.Errorf("upgrading NSX: %w", err)
	}
	if err := s.changeCoordinator(faults.StopCoordinator); err != nil {
		return fmt.Errorf("upgrading NSX: %w", err)
	}
	err := s.replaceState(false, func(present *store.Store) (*store.Store, error) {
		upgraded := present.Clone()
		return upgraded, upgraded.Update(func(tx *store.Tx) error {
			if to.EmptyGroups {
				if err := groups.EmptyAll(tx); err != nil {
					return err
				}
			}
			return tx.SetSection(cluster.SectionVersion, to.Version)
		})
	})
	if err != nil {
		return fmt.Errorf("upgrading NSX to %s: %w", to.Version, err)
	}
	return nil
}

// mayUpgrade refuses versions that are not later, and NSX 9 while there are objects that it would not show.
func (s *Server) mayUpgrade(to string) error {
	version, err := api.ParseVersion(to)
	if err != nil {
		return err
	}
	s.world.RLock()
	defer s.world.RUnlock()
	if slices.Compare(version[:], s.version[:]) <= 0 {
		return fmt.Errorf("%s is not later than %s", version, s.version)
	}
	if !version.AtLeast(9, 0) {
		return nil
	}
	return s.store.View(func(tx *store.Tx) error {
		if left := manager.LeftInManager(tx); len(left) > 0 {
			return fmt.Errorf("%d objects would be lost, such as %s: NSX 9 has no Manager mode; promote them to Policy first", len(left), left[0])
		}
		return nil
	})
}
