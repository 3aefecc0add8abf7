package updates

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

const (
	// groupSize is the number of objects in a hierarchical PATCH (nsx-operator sends 500, SAP's driver 1000, and NSX takes
	// up to 5000).
	groupSize = 1000
	// rereadAtOnce is the size up to which a group with a stale object is read again as a whole; larger ones are
	// halved first, since most of their objects will be fresh.
	rereadAtOnce = 16
	// maxRereads of the same objects, after which somebody else must be writing to them all the time.
	maxRereads = 3
	// stopAfter that many refused updates, and not one that succeeded, the cause is not in the objects.
	stopAfter = 500
)

// ApplyRecords is what phase 4 reads and writes of the run's records.
type ApplyRecords interface {
	Originals
	// Updates hands out every update.
	Updates(each func(records.Update) error) error
	// SetUpdates records what became of updates, durably and in one step.
	SetUpdates(updates []records.Update) error
}

// Reinfer has refused updates inferred anew, from rules that the operator has corrected.
type Reinfer struct {
	Originals Originals
	Rules     *Rules
	Env       Env
}

// ApplyInput is everything that phase 4 works on.
type ApplyInput struct {
	API     API
	Records ApplyRecords
	Scope   mp.Scope
	Cluster string   // value of the ncp/cluster tag
	Waive   []string // Policy paths whose updates the operator lets go
	Reinfer *Reinfer // nil: every update is sent as it was inferred
	Events  Events
}

// ApplyResult says what became of the updates that were pending.
type ApplyResult struct {
	Applied   int      // NSX took them, or shows them; Verify proves it
	Gone      int      // their objects no longer exist
	Waived    int      // the operator let them go
	Refused   int      // kept in the records with URL, body and NSX's answer
	Undecided int      // NSX contradicts itself about whether their objects exist; kept in the records with the reason
	Pending   int      // not tried, since something stopped the phase
	NotWaived []string // paths in ApplyInput.Waive that name no pending update
}

// Left is the number of updates that a further run has to send.
func (r ApplyResult) Left() int { return r.Refused + r.Undecided + r.Pending }

// Apply sends the pending updates. What NSX refuses is recorded and does not stop the others. The error says what
// stopped the phase; the result is right in any case. Apply may be repeated until Left is 0.
func Apply(ctx context.Context, in ApplyInput) (ApplyResult, error) {
	a := &applier{
		ApplyInput: in, absent: map[string]map[string]*records.Update{},
		reader: &reader{api: in.API, scope: in.Scope, cluster: in.Cluster, events: in.Events},
	}
	pending, err := a.load()
	if err != nil {
		return a.result, fmt.Errorf("reading the pending updates: %w", err)
	}
	if err := a.applyAll(ctx, pending); err != nil {
		return a.result, fmt.Errorf("updating Policy objects: %w", errors.Join(err, a.save()))
	}
	return a.result, nil
}

// change is an update with the body that carries it out.
type change struct {
	update *records.Update
	kind   kind
	body   json.RawMessage
}

// applier is one pass of phase 4.
type applier struct {
	ApplyInput
	reader          *reader
	result          ApplyResult
	total           int                                   // updates to be sent
	all             int                                   // updates there are
	absent          map[string]map[string]*records.Update // by resource type and path: NSX did not show their objects
	group           []change                              // to be sent next
	closed          []records.Update                      // decided, but not yet recorded
	certificateSafe bool                                  // the first certificate has survived its update
}

// load gives the pending updates by resource type and path, and closes the waived ones.
func (a *applier) load() (map[string]map[string]*records.Update, error) {
	pending := map[string]map[string]*records.Update{}
	texts := interner{}
	waive := map[string]bool{}
	for _, path := range a.Waive {
		waive[path] = true
	}
	err := a.Records.Updates(func(u records.Update) error {
		a.all++
		if u.State != records.UpdatePending {
			return nil
		}
		u.Body = nil // of the last attempt; the next one makes its own
		if waive[u.Path] {
			delete(waive, u.Path)
			a.close(u, records.UpdateWaived)
			return nil
		}
		texts.update(&u)
		if pending[u.ResourceType] == nil {
			pending[u.ResourceType] = map[string]*records.Update{}
		}
		pending[u.ResourceType][u.Path] = &u
		a.result.Pending++
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.total = a.result.Pending
	a.result.NotWaived = slices.Sorted(maps.Keys(waive))
	return pending, a.save()
}

// interner keeps one copy of each text that many updates share: with a hundred thousand of them, most of the memory.
type interner map[string]string

func (in interner) update(u *records.Update) {
	u.ResourceType, u.Type = in.one(u.ResourceType), in.one(u.Type)
	if at := len(u.Path) - len(u.ID); at > 0 && u.Path[at:] == u.ID {
		u.ID = u.Path[at:]
	}
	u.Delta.SetTags, u.Delta.RemoveTags = in.tags(u.Delta.SetTags), in.tags(u.Delta.RemoveTags)
}

// tags gives a copy that has no room for more.
func (in interner) tags(tags []mp.Tag) []mp.Tag {
	if len(tags) == 0 {
		return nil
	}
	kept := make([]mp.Tag, len(tags))
	for i, t := range tags {
		kept[i] = mp.Tag{Scope: in.one(t.Scope), Tag: in.one(t.Tag)}
	}
	return kept
}

func (in interner) one(text string) string {
	if known, ok := in[text]; ok {
		return known
	}
	in[text] = text
	return text
}

// applyAll applies one resource type after the other. Certificates come last: if an update should harm one, nothing
// else is left undone.
func (a *applier) applyAll(ctx context.Context, pending map[string]map[string]*records.Update) error {
	certificates := pending[certificateType]
	delete(pending, certificateType)
	for _, resourceType := range slices.Sorted(maps.Keys(pending)) {
		if err := a.applyType(ctx, pending[resourceType], groupSize); err != nil {
			return err
		}
	}
	if err := a.applyType(ctx, certificates, 1); err != nil {
		return err
	}
	return a.settleAbsent(ctx)
}

// applyType applies all updates of one resource type. Objects are sent in groups while they are read. A group has
// objects of one type only, so that it never holds an object beside a reference to it as the parent of another.
func (a *applier) applyType(ctx context.Context, wanted map[string]*records.Update, size int) error {
	var k kind
	for path := range wanted {
		var err error
		if k, err = kindOf(path); err != nil {
			return err
		}
		break
	}
	if err := read(ctx, a.reader, k, wanted, a.grouping(ctx, k, size)); err != nil {
		return err
	}
	for _, u := range wanted {
		a.miss(u)
	}
	return a.flush(ctx)
}

// grouping puts the objects that are read into groups, and sends each that is full.
func (a *applier) grouping(ctx context.Context, k kind, size int) found[*records.Update] {
	return func(u *records.Update, _ string, o policyObject) error {
		if err := a.prepare(u, k, o); err != nil || len(a.group) < size {
			return err
		}
		return a.flush(ctx)
	}
}

// miss notes an object that NSX did not show. Its update stays pending until that is settled.
func (a *applier) miss(u *records.Update) {
	if a.absent[u.ResourceType] == nil {
		a.absent[u.ResourceType] = map[string]*records.Update{}
	}
	a.absent[u.ResourceType][u.Path] = u
}

// settleAbsent closes the updates of objects that are proved to be gone, and applies those of objects that NSX shows after
// all. What vanishes only now is left for the next time.
func (a *applier) settleAbsent(ctx context.Context) error {
	if err := checkAbsent(a.absent, a.all); err != nil {
		return err
	}
	proof, err := newProver(a.reader, a.Records)
	if err != nil {
		return err
	}
	for _, resourceType := range slices.Sorted(maps.Keys(a.absent)) {
		wanted := a.absent[resourceType]
		delete(a.absent, resourceType)
		k, size := kind{}, groupSize
		for path := range wanted {
			if k, err = kindOf(path); err != nil {
				return err
			}
			break
		}
		if k.Type == certificateType {
			size = 1
		}
		doubts, err := proof.prove(ctx, wanted, a.grouping(ctx, k, size))
		if err != nil {
			return err
		}
		for path, u := range wanted {
			if doubt, ok := doubts[path]; ok {
				a.doubt(*u, doubt)
			} else {
				a.close(*u, records.UpdateGone)
			}
		}
		if err := a.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

// prepare puts an object into the next group, unless it shows its update already.
func (a *applier) prepare(u *records.Update, k kind, o policyObject) error {
	if a.Reinfer != nil && u.Attempts > 0 {
		delta, err := deltaOf(a.Reinfer.Rules, a.Reinfer.Env, a.Reinfer.Originals,
			records.MigratedObject{Type: u.Type, ID: u.ID, PolicyPath: u.Path}, o)
		var not *NotInferred
		if errors.As(err, &not) {
			a.refuse(change{update: u, body: bytes.Clone(o.body)}, err)
			return nil
		}
		if err != nil {
			return err
		}
		u.Delta = delta
	}
	merged, changed, err := merge(o, u.Delta, k)
	switch {
	case err != nil:
		a.refuse(change{update: u, body: bytes.Clone(o.body)}, err)
	case !changed:
		a.close(*u, records.UpdateApplied)
	default:
		a.group = append(a.group, change{update: u, kind: k, body: merged})
	}
	return nil
}

// flush sends the group and records what became of it.
func (a *applier) flush(ctx context.Context) error {
	group := a.group
	a.group = nil
	applied := a.result.Applied
	if err := a.send(ctx, group, 0); err != nil {
		return err
	}
	if err := a.save(); err != nil {
		return err
	}
	if len(group) > 0 {
		a.Events.Progress(a.total-a.result.Pending, a.total, "updating Policy objects")
	}
	if len(group) == 1 && group[0].kind.Type == certificateType && !a.certificateSafe && a.result.Applied > applied {
		return a.checkCertificate(ctx, group[0])
	}
	return nil
}

// send patches a group. A refused group is halved until the culprit is alone.
func (a *applier) send(ctx context.Context, group []change, rereads int) error {
	if len(group) == 0 {
		return nil
	}
	err := a.patch(ctx, group)
	lost, stale := mp.IsKind(err, mp.KindLost), mp.IsKind(err, mp.KindStale)
	switch {
	case err == nil:
		for _, c := range group {
			c.update.Attempts++
			a.close(*c.update, records.UpdateApplied)
		}
		return nil
	case (lost || stale && len(group) <= rereadAtOnce) && rereads < maxRereads:
		fresh, err := a.reread(ctx, group)
		if err != nil {
			return err
		}
		return a.send(ctx, fresh, rereads+1)
	case !refused(err):
		return err
	case len(group) > 1:
		half := len(group) / 2
		if err := a.send(ctx, group[:half], rereads); err != nil {
			return err
		}
		return a.send(ctx, group[half:], rereads)
	default:
		return a.keep(ctx, group[0], err)
	}
}

// refused says whether an error is NSX's answer to these very objects. Anything else would meet all others as well.
func refused(err error) bool {
	return slices.ContainsFunc([]mp.Kind{
		mp.KindInvalid, mp.KindNotFound, mp.KindStale, mp.KindNotOwner, mp.KindConflict, mp.KindServer,
	}, func(k mp.Kind) bool { return mp.IsKind(err, k) })
}

func (a *applier) patch(ctx context.Context, group []change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	intents := make([]intent, len(group))
	for i, c := range group {
		intents[i] = intent{path: c.update.Path, body: c.body}
	}
	body, err := nest(intents)
	if err != nil {
		return err
	}
	return a.API.PatchInfra(ctx, body)
}

// reread reads the objects of a group from NSX itself and merges their updates anew. Those that show their update
// already are closed, those that are absent noted; the others are given back.
func (a *applier) reread(ctx context.Context, group []change) ([]change, error) {
	wanted := map[string]change{}
	for _, c := range group {
		wanted[c.update.Path] = c
	}
	before := a.group
	a.group = nil
	err := readDirectly(ctx, a.reader, wanted, func(c change, _ string, o policyObject) error {
		return a.prepare(c.update, c.kind, o)
	})
	fresh := a.group
	a.group = before
	if err != nil {
		return nil, err
	}
	for _, c := range wanted {
		a.miss(c.update)
	}
	return fresh, nil
}

// keep records a refused update with its URL, its body and NSX's answer, unless its object is absent.
func (a *applier) keep(ctx context.Context, c change, answer error) error {
	fresh, err := a.reread(ctx, []change{c})
	if err != nil {
		return err
	}
	if len(fresh) == 0 {
		return nil
	}
	a.refuse(c, answer)
	if a.result.Refused >= stopAfter && a.result.Applied == 0 {
		return fmt.Errorf("NSX refused the first %d updates, so the others are not tried: %w", a.result.Refused, answer)
	}
	return nil
}

// refuse keeps an update as pending.
func (a *applier) refuse(c change, answer error) {
	u := *c.update
	u.Attempts++
	u.URL = "/policy/api/v1" + u.Path
	u.Body = c.body
	u.Answer = answer.Error()
	a.closed = append(a.closed, u)
	a.result.Refused++
	a.result.Pending--
}

// doubt keeps an update as pending whose object NSX contradicts itself about.
func (a *applier) doubt(u records.Update, text string) {
	u.URL, u.Body, u.Answer = "", nil, text
	a.closed = append(a.closed, u)
	a.result.Undecided++
	a.result.Pending--
}

// close notes the final state of an update.
func (a *applier) close(u records.Update, state records.UpdateState) {
	u.State = state
	a.closed = append(a.closed, u)
	switch state {
	case records.UpdateApplied:
		a.result.Applied++
	case records.UpdateGone:
		a.result.Gone++
	case records.UpdateWaived:
		a.result.Waived++
		return // was never counted as pending
	}
	a.result.Pending--
}

// save records what has been decided since the last time.
func (a *applier) save() error {
	if len(a.closed) == 0 {
		return nil
	}
	if err := a.Records.SetUpdates(a.closed); err != nil {
		return err
	}
	a.closed = a.closed[:0]
	return nil
}
