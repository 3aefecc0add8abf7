package nsxsim

import (
	"context"
	"errors"
	"fmt"
	"io"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Backup does what a backup of NSX does: it writes the state, and the backup history shows it. The history is written
// first, so that the restored NSX knows of the backup (ASSUMED; a real one reads the backup server).
func (s *Server) Backup(w io.Writer) error {
	if err := s.nodes.RecordBackup(); err != nil {
		return fmt.Errorf("taking a backup: %w", err)
	}
	return s.store.Save(w)
}

// Restore puts a saved state (Store.Save, Backup, GET /_nsxsim/state) in place of the present one while the server runs,
// as the restore of an NSX backup does: what happened since is gone, what the backup held is back, a client's lease too,
// and all sessions end. A backup holds no memory of processes: the migration coordinator's service is stopped, whatever
// ran when the backup was taken, and its process ids will be new ones; it has forgotten workflow and plan (unless an option
// keeps them), and knows what is promoted; the search index is made anew. Requests under way end first. A state that cannot be served changes nothing. It must not be called from
// a handler of the simulator's own, but may be called from a fault's Hook.
func (s *Server) Restore(state io.Reader) error {
	backup, err := store.Load(state)
	if err == nil {
		err = s.replaceState(true, func(*store.Store) (*store.Store, error) { return backup, nil })
	}
	if err != nil {
		return fmt.Errorf("restoring a backup: %w", err)
	}
	return nil
}

// replaceState puts another state in place of the present one, and makes everything anew that lives in it; restored tells
// that it comes from a backup. Requests under way and sessions end. When there is no other state, or it cannot be served, the present one stays.
func (s *Server) replaceState(restored bool, other func(present *store.Store) (*store.Store, error)) error {
	s.endRequests()
	s.world.Lock()
	defer s.world.Unlock()
	s.newLife()
	if s.front.Closed() {
		return errors.New("the simulator was closed")
	}
	present := s.store.Clone()
	next, err := other(present)
	if err != nil {
		return err
	}
	s.closeWorld()
	s.store.Restore(next)
	if err := s.openWorld(restored); err != nil {
		s.closeWorld()
		s.store.Restore(present)
		// The present world was served a moment ago, so that it can be served again.
		if again := s.openWorld(false); again != nil {
			return fmt.Errorf("%w; going back: %w", err, again)
		}
		return err
	}
	if restored {
		s.search.Rebuild()
	}
	s.front.Accounts().EndAllSessions()
	return nil
}

// newLife begins a time in which requests may be at their endpoints; replaceState ends it.
func (s *Server) newLife() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.life, s.endLife = context.WithCancel(context.Background())
}

// endRequests cancels the requests that are at their endpoints, and those that get there before the next newLife.
func (s *Server) endRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLife()
}

// untilRestore gives a request a context that ends when its world does.
func (s *Server) untilRestore(ctx context.Context) (context.Context, context.CancelFunc) {
	s.mu.Lock()
	life := s.life
	s.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(life, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}
