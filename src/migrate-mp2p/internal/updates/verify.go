package updates

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/wait"
)

// VerifyRecords is what the last read of phase 4 reads and writes of the run's records.
type VerifyRecords interface {
	ApplyRecords
	// Migrated hands out every migration record, those of one type together.
	Migrated(each func(records.MigratedObject) error) error
	// AddUpdates stores further updates as pending.
	AddUpdates(updates []records.Update) error
}

// VerifyInput is everything that the last read works on.
type VerifyInput struct {
	API     API
	Records VerifyRecords
	Rules   *Rules
	Env     Env
	Index   time.Duration                              // how long the search index may take to catch up
	Total   int                                        // migrated objects, for the progress
	Sleep   func(context.Context, time.Duration) error // nil: the real clock
	Events  Events
	// IndexLost is told that Search does not work for good and that the objects are read directly; it may be nil.
	IndexLost func(cause error)
}

// VerifyResult says what the last read found.
type VerifyResult struct {
	Objects   int      // looked at
	Pending   int      // do not show what the rules want: their updates are pending again
	Undecided int      // cannot be told: pending with the reason, so that they can be waived
	Gone      int      // do not exist, those of earlier times included
	Waived    int      // not looked at, since the operator let their updates go
	Open      int      // not looked at, since their updates were still pending
	First     []string // "path: what is wrong" of the first few that are pending or undecided
}

// Proved says whether every object shows what the rules want, but for those that are gone or were let go.
func (r VerifyResult) Proved() bool { return r.Pending+r.Undecided+r.Open == 0 }

// String says it shortly where everything is as it should be.
func (r VerifyResult) String() string {
	if r.Proved() {
		return fmt.Sprintf("read once more, all of %d objects show theirs", r.Objects-r.Gone)
	}
	return fmt.Sprintf("%d objects read once more, %d do not show theirs, %d cannot be told", r.Objects, r.Pending, r.Undecided)
}

// Verify reads everything that the run migrated once more and infers its updates anew: nothing may be left to do. Where
// something is, its update is pending again, or for the first time. What the search index shows as done is proof. What it
// does not may only be behind: it is searched for again until in.Index is over, and then read directly. An error says what
// stopped the reading; nothing is recorded then.
func Verify(ctx context.Context, in VerifyInput) (VerifyResult, error) {
	if in.Sleep == nil {
		in.Sleep = wait.For
	}
	w := &verification{
		VerifyInput: in, before: map[string]records.UpdateState{}, texts: interner{},
		found: map[string]*records.Update{}, absent: map[string]map[string]*records.Update{},
		reader: &reader{
			api: in.API, scope: in.Env.Scope, cluster: in.Env.Cluster, index: in.Index, sleep: in.Sleep, events: in.Events, indexLost: in.IndexLost,
		},
	}
	err := w.read(ctx)
	if err == nil {
		err = w.record()
	}
	if err != nil {
		return w.result, fmt.Errorf("verifying updates: %w", err)
	}
	return w.result, nil
}

// verification is one pass of Verify.
type verification struct {
	VerifyInput
	reader *reader
	before map[string]records.UpdateState // by path: updates that are not applied
	found  map[string]*records.Update     // by path: what is to be recorded
	absent map[string]map[string]*records.Update
	texts  interner
	result VerifyResult
}

// read looks at every object.
func (w *verification) read(ctx context.Context) error {
	err := w.Records.Updates(func(u records.Update) error {
		if u.State != records.UpdateApplied {
			w.before[u.Path] = u.State
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = eachType(w.Records.Migrated, func(t mp.Type) bool { return w.Rules.Touches(t, w.Env) },
		func(_ mp.Type, objects []records.MigratedObject) error { return w.readType(ctx, objects) })
	if err != nil {
		return err
	}
	return w.settleAbsent(ctx)
}

// readType looks at the objects of one type.
func (w *verification) readType(ctx context.Context, objects []records.MigratedObject) error {
	kinds := map[string]kind{}
	wanted := map[string]map[string]*records.Update{}
	for _, m := range objects {
		if nothing, err := unplaced(w.Rules, w.Env, w.Records, m); err != nil {
			return err
		} else if nothing {
			continue
		}
		switch w.before[m.PolicyPath] {
		case records.UpdateWaived:
			w.result.Waived++
			continue
		case records.UpdatePending:
			w.result.Open++
			continue
		}
		k, err := kindOf(m.PolicyPath)
		if err != nil {
			return err
		}
		if wanted[k.Type] == nil {
			kinds[k.Type], wanted[k.Type] = k, map[string]*records.Update{}
		}
		wanted[k.Type][m.PolicyPath] = &records.Update{Path: m.PolicyPath, Type: m.Type, ID: m.ID, ResourceType: k.Type}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if err := w.readKind(ctx, kinds[name], wanted[name]); err != nil {
			return err
		}
	}
	w.Events.Progress(w.result.Objects, w.Total, readingAgain)
	return nil
}

const readingAgain = "reading again what was updated"

// readKind looks at objects of one kind. What was found gone is never looked for in the index, which may still show it.
func (w *verification) readKind(ctx context.Context, k kind, wanted map[string]*records.Update) error {
	gone := map[string]*records.Update{}
	for path, u := range wanted {
		if w.before[path] == records.UpdateGone {
			gone[path] = u
			delete(wanted, path)
		}
	}
	if err := readDirectly(ctx, w.reader, gone, w.decideNow); err != nil {
		return err
	}
	w.result.Objects += len(gone) // that they do not exist was proved when they were closed
	w.result.Gone += len(gone)
	if searchable(w.reader, k, wanted) {
		lacking := map[string]*records.Update{} // as the index shows them
		sampled := false
		each := func(u *records.Update, path string, o policyObject) error {
			delete(lacking, path)
			what, err := w.compare(u, o)
			switch {
			case err != nil:
				return err
			case what == shows:
				w.decide(u, shows)
				return nil
			case what == lacks:
				lacking[path] = u
			}
			return errBehind
		}
		err := readIndex(ctx, w.reader, k, wanted, each, func() error {
			if sampled || directCost(lacking) <= fewRequests {
				return nil
			}
			sampled = true
			return w.sample(ctx, lacking, wanted)
		})
		if err != nil {
			return err
		}
	}
	if err := readDirectly(ctx, w.reader, wanted, w.decideNow); err != nil {
		return err
	}
	for _, u := range wanted {
		if w.absent[k.Type] == nil {
			w.absent[k.Type] = map[string]*records.Update{}
		}
		w.absent[k.Type][u.Path] = u
	}
	return nil
}

// sample asks NSX itself about some of the objects that do not show their updates in the index. Where it confirms all of
// them, the index is not behind, and there is no use in waiting for it and then reading each object: NSX did not do what
// it took. That the others are pending again does no harm, even if some of them should show their updates by now.
func (w *verification) sample(ctx context.Context, lacking, wanted map[string]*records.Update) error {
	paths := slices.Sorted(maps.Keys(lacking))
	before := w.result.Pending
	for i := range fewRequests {
		if _, err := readOne(ctx, w.reader, paths[i*len(paths)/fewRequests], wanted, w.decideNow); err != nil {
			return err
		}
	}
	if w.result.Pending-before < fewRequests {
		return nil
	}
	for _, path := range paths {
		if u, left := wanted[path]; left {
			w.decide(u, lacks)
			delete(wanted, path)
		}
	}
	return nil
}

// settleAbsent finds out about objects that NSX did not show.
func (w *verification) settleAbsent(ctx context.Context) error {
	absent := 0
	for _, ofType := range w.absent {
		absent += len(ofType)
	}
	if err := checkAbsent(w.absent, w.result.Objects+absent); err != nil {
		return err
	}
	proof, err := newProver(w.reader, w.Records)
	if err != nil {
		return err
	}
	for _, resourceType := range slices.Sorted(maps.Keys(w.absent)) {
		wanted := w.absent[resourceType]
		doubts, err := proof.prove(ctx, wanted, w.decideNow)
		if err != nil {
			return err
		}
		for _, path := range slices.Sorted(maps.Keys(wanted)) {
			u := wanted[path]
			if doubt, ok := doubts[path]; ok {
				u.Answer = doubt
				w.decide(u, cannotTell)
				continue
			}
			w.result.Objects++
			w.result.Gone++
			u.State = records.UpdateGone
			w.found[path] = u
		}
	}
	return nil
}

// sight is what an object shows of its update.
type sight int

const (
	shows sight = iota
	lacks
	cannotTell
)

// decideNow judges an object that NSX itself has shown.
func (w *verification) decideNow(u *records.Update, _ string, o policyObject) error {
	what, err := w.compare(u, o)
	if err != nil {
		return err
	}
	w.decide(u, what)
	return nil
}

// compare infers the update of an object anew and keeps it in u, with what is missing in the answer.
func (w *verification) compare(u *records.Update, o policyObject) (sight, error) {
	delta, err := deltaOf(w.Rules, w.Env, w.Records, records.MigratedObject{Type: u.Type, ID: u.ID, PolicyPath: u.Path}, o)
	var not *NotInferred
	switch {
	case errors.As(err, &not):
		u.Delta, u.Answer = records.Delta{}, "what it should show cannot be inferred any more: "+not.Problems[0].Text
		return cannotTell, nil
	case err != nil:
		return cannotTell, err
	case isEmpty(delta):
		u.Delta, u.Answer = records.Delta{}, ""
		return shows, nil
	}
	u.Delta, u.Answer = delta, "NSX took what it was sent, but does not show it: "+missing(delta)
	w.texts.update(u)
	return lacks, nil
}

// missing says in a few words what a delta asks for.
func missing(d records.Delta) string {
	var parts []string
	tags := func(what string, of []mp.Tag) {
		if len(of) == 0 {
			return
		}
		text := fmt.Sprintf("tag %s = %q is %s", of[0].Scope, of[0].Tag, what)
		if more := len(of) - 1; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		parts = append(parts, text)
	}
	tags("missing", d.SetTags)
	tags("still there", d.RemoveTags)
	if d.DisplayName != nil {
		parts = append(parts, fmt.Sprintf("its name is not %q", *d.DisplayName))
	}
	if n := len(d.RuleNames); n > 0 {
		parts = append(parts, fmt.Sprintf("%d of its rules do not have their names", n))
	}
	return strings.Join(parts, "; ")
}

// decide counts an object and notes what has to be recorded of it.
func (w *verification) decide(u *records.Update, what sight) {
	if w.result.Objects++; w.result.Objects%progressEvery == 0 {
		w.Events.Progress(w.result.Objects, w.Total, readingAgain)
	}
	if what == shows {
		if w.before[u.Path] != records.UpdateGone {
			return
		}
		what, u.Answer = lacks, "it was gone, and exists again"
	}
	if what == lacks {
		w.result.Pending++
	} else {
		w.result.Undecided++
	}
	if len(w.result.First) < few {
		w.result.First = append(w.result.First, u.Path+": "+u.Answer)
	}
	u.State = records.UpdatePending
	w.found[u.Path] = u
}

// record writes down what was found: updates that are known change their state, others are added.
func (w *verification) record() error {
	var changed []records.Update
	save := func(atLeast int) error {
		if len(changed) == 0 || len(changed) < atLeast {
			return nil
		}
		err := w.Records.SetUpdates(changed)
		changed = changed[:0]
		return err
	}
	err := w.Records.Updates(func(u records.Update) error {
		found, ok := w.found[u.Path]
		if !ok {
			return nil
		}
		delete(w.found, u.Path)
		if !isEmpty(found.Delta) {
			u.Delta = found.Delta
		}
		u.State, u.URL, u.Body, u.Answer = found.State, "", nil, cmp.Or(found.Answer, u.Answer)
		changed = append(changed, u)
		return save(groupSize)
	})
	if err := errors.Join(err, save(1)); err != nil {
		return err
	}
	var added []records.Update
	for _, path := range slices.Sorted(maps.Keys(w.found)) {
		if u := w.found[path]; u.State == records.UpdatePending { // an object without an update that is gone needs none
			added = append(added, *u)
		}
	}
	if len(added) == 0 {
		return nil
	}
	return w.Records.AddUpdates(added)
}
