package policy

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// A Policy object is deleted in two steps: it is marked for deletion, and purged when everything that realizes it is
// gone (NSX Go SDK, marked_for_delete). Options.PurgeDelay is the time between them. In the store a marked object says
// itself since when it is: by its _last_modified_time.

// includeMarked is the parameter of lists that shows marked objects.
const includeMarked = "include_mark_for_delete_objects"

// What the notes of the Policy routes say about marked objects.
const (
	markedNote = "a deleted object stays marked_for_delete until it is purged, which the option PurgeDelay puts off (it is 0 " +
		"unless set): GET does not return it, " +
		"a list only with " + includeMarked + "=true, the search does (NSX Go SDK); its path is refused meanwhile with error_code 500045 (nsxlib)"
	pendingNote = api.Assumed + "while an object is marked for deletion all other calls act as if it were gone: it holds " +
		"back no parent and nothing that it names, nothing can be made below it or name it (500012), " +
		"and it cannot be deleted again (404); a rollback of the coordinator purges at once; why: GET does not return it, " +
		"and the 500045 of its path is the only refusal that is public"
)

// errPending refuses to write where a deleted object is not purged yet.
func errPending(path string) *api.Error {
	return api.BadRequest(500045, api.ModulePolicy, "The object path=[%s] is marked for deletion; it can be made anew once it is purged.", path)
}

// intent is the object at a path, unless it is marked for deletion.
func intent(tx *store.Tx, path string) (*store.Object, bool) {
	o, found := tx.Policy().Get(path)
	if !found || o.Marked {
		return nil, false
	}
	return o, true
}

// unmarked takes the marked objects out of a list.
func unmarked(objects []*store.Object) []*store.Object {
	return slices.DeleteFunc(objects, func(o *store.Object) bool { return o.Marked })
}

// discard deletes a Policy object: at once, or by marking it.
func (s *API) discard(tx *store.Tx, path string) error {
	if s.options.PurgeDelay <= 0 {
		return tx.Policy().Delete(path)
	}
	o, found := tx.Policy().Get(path)
	if !found {
		return fmt.Errorf("deleting %s: %w", path, store.ErrNotFound)
	}
	fields, err := o.Fields()
	if err != nil {
		return err
	}
	fields["marked_for_delete"] = true
	if _, err := tx.Policy().Overwrite(path, fields, s.ownAuthor()); err != nil {
		return err
	}
	s.purging.after(s.clock, s.options.PurgeDelay, s.purge)
	return nil
}

// ownAuthor is NSX itself as the author of a change.
func (s *API) ownAuthor() store.Author { return store.Author{User: "system", At: s.clock.Now()} }

// purging is the timer of the next purge, while the server is open.
type purging struct {
	mu    sync.Mutex
	open  bool
	timer api.Timer
}

func (p *purging) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = true
}

func (p *purging) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = false
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}

// after sets the timer unless it is set: then for an object that is due earlier, as all wait equally long.
func (p *purging) after(clock api.Clock, d time.Duration, purge func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open && p.timer == nil {
		p.timer = clock.AfterFunc(d, purge)
	}
}

// fired makes room for the next timer. It is false when this one was stopped too late.
func (p *purging) fired() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = nil
	return p.open
}

// purge is what the timer calls.
func (s *API) purge() {
	if !s.purging.fired() {
		return
	}
	if err := s.purgeDue(); err != nil {
		s.fail(err)
	}
}

// purgeDue removes the objects that have been marked for long enough, and sets the timer for the next.
func (s *API) purgeDue() error {
	var next time.Time
	err := s.store.Update(func(tx *store.Tx) error {
		for _, o := range tx.Policy().Marked() {
			due, err := s.purgeTime(o)
			if err != nil {
				return err
			}
			switch {
			case !due.After(s.clock.Now()):
				if err := tx.Policy().Delete(o.Key); err != nil {
					return err
				}
			case next.IsZero() || due.Before(next):
				next = due
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("purging deleted objects: %w", err)
	}
	if !next.IsZero() {
		s.purging.after(s.clock, next.Sub(s.clock.Now()), s.purge)
	}
	return nil
}

// purgeTime is when a marked object is due; one without a time is due at once.
func (s *API) purgeTime(o *store.Object) (time.Time, error) {
	fields, err := o.Fields()
	if err != nil {
		return time.Time{}, err
	}
	marked, err := strconv.ParseInt(store.Text(fields["_last_modified_time"]), 10, 64)
	if err != nil {
		marked = 0
	}
	return time.UnixMilli(marked).Add(s.options.PurgeDelay), nil
}
