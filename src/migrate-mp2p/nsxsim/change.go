package nsxsim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/front"
)

// Change alters NSX from now on, as the change of a fault rule does: nodes go down and come back, certificates change,
// the virtual address moves, the coordinator crashes or is held, sessions end, the search index falls behind.
func (s *Server) Change(c faults.Change) error {
	if err := errors.Join(c.Check(), s.acceptable(c)); err != nil {
		return fmt.Errorf("changing NSX: %w", err)
	}
	for name, reach := range c.Nodes {
		if err := s.front.Address(name).SetReach(reach); err != nil {
			return fmt.Errorf("changing NSX: making %s %s: %w", name, reach, err)
		}
	}
	for name, kind := range c.Certificates {
		if err := s.front.Show(s.front.Address(name), kind); err != nil {
			return fmt.Errorf("changing NSX: making a certificate of %s: %w", name, err)
		}
	}
	if c.Failover != "" {
		s.front.Failover(s.front.NodeIndex(c.Failover))
	}
	if err := s.changeCoordinator(c.Coordinator); err != nil {
		return fmt.Errorf("changing NSX: %w", err)
	}
	if c.EndSessions {
		s.EndSessions()
	}
	if c.SearchLag != nil {
		s.store.SetSearchLag(time.Duration(*c.SearchLag), s.clock.Now)
	}
	if c.For > 0 {
		s.clock.AfterFunc(time.Duration(c.For), func() { s.undo(c) })
	}
	return nil
}

// undo takes back what a change for a while made different.
func (s *Server) undo(c faults.Change) {
	back := faults.Change{Nodes: map[string]faults.Reach{}, Certificates: map[string]faults.Certificate{}}
	for name := range c.Nodes {
		back.Nodes[name] = faults.Up
	}
	for name := range c.Certificates {
		back.Certificates[name] = faults.GoodCertificate
	}
	if c.SearchLag != nil {
		usual := faults.Duration(s.options.SearchLag)
		back.SearchLag = &usual
	}
	if err := s.Change(back); err != nil {
		s.front.Journal().Fail(err)
	}
}

// acceptable refuses a change that this server cannot make.
func (s *Server) acceptable(c faults.Change) error {
	known := func(name string) error {
		if s.front.NodeIndex(name) >= 0 || name == faults.VirtualAddress && s.options.VirtualAddress != front.NoVirtualAddress {
			return nil
		}
		return fmt.Errorf("there is no address %q", name)
	}
	var all []error
	for name := range c.Nodes {
		all = append(all, known(name))
	}
	for name := range c.Certificates {
		all = append(all, known(name))
	}
	if c.Failover != "" {
		if s.front.NodeIndex(c.Failover) < 0 {
			all = append(all, fmt.Errorf("there is no node %q", c.Failover))
		}
		if s.options.VirtualAddress == front.NoVirtualAddress || s.options.VirtualAddress == front.RoundRobin {
			all = append(all, front.ErrNoHolder)
		}
	}
	return errors.Join(all...)
}

// RestartCoordinator restarts the migration coordinator's service at once where it runs, as a crash of it would.
func (s *Server) RestartCoordinator() error { return s.changeCoordinator(faults.CrashCoordinator) }

func (s *Server) changeCoordinator(how string) error {
	s.world.RLock()
	defer s.world.RUnlock()
	switch how {
	case faults.CrashCoordinator:
		return s.service.Crash()
	case faults.StopCoordinator:
		for i := range s.options.Nodes {
			if s.service.Runs(front.NodeName(i)) {
				_, err := s.service.Act(front.NodeName(i), "stop")
				return err
			}
		}
	case faults.HoldCoordinator, faults.ReleaseCoordinator:
		if s.coordinator == nil {
			return errNoCoordinator
		}
		s.coordinator.Hold(how == faults.HoldCoordinator)
	}
	return nil
}

var errNoCoordinator = errors.New("this NSX has no migration coordinator")

// CoordinatorHeld waits until the migration coordinator is at something whose end is held (faults.HoldCoordinator). The
// context's end is an error, as is the end of the coordinator, by Close or Restore.
func (s *Server) CoordinatorHeld(ctx context.Context) error {
	c := s.Coordinator()
	if c == nil {
		return errNoCoordinator
	}
	return c.Held(ctx)
}

// phase tells what the migration coordinator is at, where it can tell.
func (s *Server) phase() string {
	if c, tells := s.Coordinator().(interface{ Phase() string }); tells {
		return c.Phase()
	}
	return ""
}
