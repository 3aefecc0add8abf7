package updates

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/wait"
)

// Originals are the records of what objects were before the run.
type Originals interface {
	// Original gives one of them; false when there is none.
	Original(migrationType, id string) (records.Original, bool, error)
}

// InferRecords is what phase 3 reads and writes of the run's records.
type InferRecords interface {
	Originals
	// Migrated hands out every migration record, those of one type together.
	Migrated(each func(records.MigratedObject) error) error
	// PutUpdates stores updates as they come.
	PutUpdates(updates iter.Seq[records.Update]) error
}

// InferInput is everything that phase 3 works on.
type InferInput struct {
	API     API
	Records InferRecords
	Rules   *Rules
	Env     Env
	Index   time.Duration                              // how long the search index may take to catch up
	Total   int                                        // migrated objects, for the progress
	Sleep   func(context.Context, time.Duration) error // nil: the real clock
	Events  Events
	// IndexLost is told that Search does not work for good and that the objects are read directly; it may be nil.
	IndexLost func(cause error)
}

// InferCounts says what phase 3 found.
type InferCounts struct {
	Objects int // looked at
	Updates int // of which so many need an update
}

func (c InferCounts) String() string {
	return fmt.Sprintf("%d objects looked at, %d need an update", c.Objects, c.Updates)
}

// Infer compares every migrated object with what the rules want and stores the differences as pending updates. Memory
// grows with the ids of one type. The error is a *NotInferred when objects cannot be inferred; then everything has been looked
// at, and the updates that were stored are worthless.
func Infer(ctx context.Context, in InferInput) (InferCounts, error) {
	if in.Sleep == nil {
		in.Sleep = wait.For
	}
	w := &inference{InferInput: in, ctx: ctx, reader: &reader{
		api: in.API, scope: in.Env.Scope, cluster: in.Env.Cluster, index: in.Index, sleep: in.Sleep, events: in.Events,
		indexLost: in.IndexLost,
	}}
	if err := in.Records.PutUpdates(w.updates); err != nil {
		return w.counts, err
	}
	if w.err != nil {
		return w.counts, fmt.Errorf("inferring updates: %w", w.err)
	}
	if len(w.problems) > 0 {
		return w.counts, &NotInferred{Problems: w.problems}
	}
	return w.counts, nil
}

// progressEvery objects, progress is reported.
const progressEvery = 1000

// errStopped ends the reading when nobody wants more updates.
var errStopped = errors.New("the records take no more updates")

// inference is one pass of phase 3.
type inference struct {
	InferInput
	ctx      context.Context // kept, since an iter.Seq has no room for one
	reader   *reader
	counts   InferCounts
	problems []*Problem
	err      error
}

// updates is the iter.Seq of the inferred updates. What went wrong on the way is in w.err.
func (w *inference) updates(yield func(records.Update) bool) {
	err := eachType(w.Records.Migrated, func(t mp.Type) bool { return w.Rules.Touches(t, w.Env) },
		func(t mp.Type, objects []records.MigratedObject) error { return w.inferType(t, objects, yield) })
	if err != nil && !errors.Is(err, errStopped) {
		w.err = err
	}
}

// eachType visits the migrated objects of one type after the other, of the types that are wanted. The slice is used anew.
func eachType(migrated func(func(records.MigratedObject) error) error, wanted func(mp.Type) bool, visit func(mp.Type, []records.MigratedObject) error) error {
	var current mp.Type
	var ofType []records.MigratedObject
	flush := func() error {
		if len(ofType) == 0 {
			return nil
		}
		err := visit(current, ofType)
		ofType = ofType[:0]
		return err
	}
	err := migrated(func(m records.MigratedObject) error {
		t := mp.Type(m.Type)
		if t != current {
			if err := flush(); err != nil {
				return err
			}
			current = t
		}
		if wanted(t) {
			ofType = append(ofType, m)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// inferType infers the updates of migrated objects of one type.
func (w *inference) inferType(t mp.Type, objects []records.MigratedObject, yield func(records.Update) bool) error {
	kinds := map[string]kind{}
	wanted := map[string]map[string]string{} // kind -> Policy path -> Manager id
	for _, m := range objects {
		if nothing, err := unplaced(w.Rules, w.Env, w.Records, m); err != nil {
			return err
		} else if nothing {
			continue
		}
		k, err := kindOf(m.PolicyPath)
		if err != nil {
			w.counts.Objects++
			w.problem(t, m.ID, m.PolicyPath, err.Error())
			continue
		}
		if wanted[k.Type] == nil {
			kinds[k.Type], wanted[k.Type] = k, map[string]string{}
		}
		wanted[k.Type][m.PolicyPath] = m.ID
	}
	for name, ids := range wanted {
		err := read(w.ctx, w.reader, kinds[name], ids, func(id, path string, o policyObject) error {
			update, err := w.inferOne(t, id, path, o)
			if err != nil || update == nil {
				return err
			}
			update.ResourceType = name
			if !yield(*update) {
				return errStopped
			}
			return nil
		})
		if err != nil {
			return err
		}
		for path, id := range ids {
			w.counts.Objects++
			w.problem(t, id, path, "NSX has no such Policy object")
		}
	}
	w.Events.Progress(w.counts.Objects, w.Total, "inferring updates")
	return nil
}

// inferOne gives the update of one object, or nil when it needs none.
func (w *inference) inferOne(t mp.Type, id, path string, o policyObject) (*records.Update, error) {
	if w.counts.Objects++; w.counts.Objects%progressEvery == 0 {
		w.Events.Progress(w.counts.Objects, w.Total, "inferring updates")
	}
	delta, err := deltaOf(w.Rules, w.Env, w.Records, records.MigratedObject{Type: string(t), ID: id, PolicyPath: path}, o)
	var not *NotInferred
	switch {
	case errors.As(err, &not):
		w.problems = append(w.problems, not.Problems...)
		return nil, nil
	case err != nil:
		return nil, err
	case isEmpty(delta):
		return nil, nil
	}
	w.counts.Updates++
	return &records.Update{Path: path, Type: string(t), ID: id, Delta: delta, State: records.UpdatePending}, nil
}

// deltaOf applies the rules to a migrated object, given its Policy object as NSX shows it.
func deltaOf(rules *Rules, env Env, originals Originals, m records.MigratedObject, o policyObject) (records.Delta, error) {
	original, recorded, err := originals.Original(m.Type, m.ID)
	if err == nil && !recorded {
		err = errors.New("there is none")
	}
	if err != nil {
		return records.Delta{}, fmt.Errorf("reading the record of %s %s: %w", m.Type, m.ID, err)
	}
	current, err := currentOf(o, len(original.Names) > 0)
	if err != nil {
		return records.Delta{}, fmt.Errorf("reading %s: %w", m.PolicyPath, err)
	}
	return rules.Delta(Object{
		Type: mp.Type(m.Type), ID: m.ID, PolicyPath: m.PolicyPath,
		Name: original.Name, Tags: original.Tags, Names: original.Names, Facts: original.Facts,
	}, current, env)
}

// currentOf reads what the rules need of a Policy object; the names of embedded rules only where they matter.
func currentOf(o policyObject, withRules bool) (Current, error) {
	name, err := o.text("display_name")
	current := Current{Name: name}
	if err != nil {
		return current, err
	}
	if current.Tags, err = o.tags(); err != nil || !withRules {
		return current, err
	}
	var rules []struct {
		Name string `json:"display_name"`
	}
	err = o.read("rules", &rules)
	for _, rule := range rules {
		current.RuleNames = append(current.RuleNames, rule.Name)
	}
	return current, err
}

// problem notes an object whose Policy side cannot be read.
func (w *inference) problem(t mp.Type, id, path, text string) {
	w.problems = append(w.problems, &Problem{Type: t, ID: id, Path: path, Text: text, Cure: "run again; what was migrated is rolled back first"})
}

func isEmpty(d records.Delta) bool {
	return len(d.SetTags) == 0 && len(d.RemoveTags) == 0 && d.DisplayName == nil && len(d.RuleNames) == 0
}
