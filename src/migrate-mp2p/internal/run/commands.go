package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/plan"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/report"
)

// Do carries out the configured command and says how it ended.
func (r *Runner) Do(ctx context.Context) report.Outcome {
	if err := r.mayBegin(ctx, configured, nil); err != nil {
		return r.withPapers(r.withMount(Refused(err)))
	}
	open := r.openToRead
	if r.writes() && r.Config.Migration.Enabled {
		open = r.openToWrite
	}
	if err := open(); err != nil {
		return r.withPapers(r.withMount(Refused(err)))
	}
	out := r.unlessOther(ctx)
	if r.Records != nil {
		if err := r.Records.Close(); err != nil {
			r.Report.Warn("%v", err)
		}
	}
	return out
}

// unlessOther leaves the work to the bootstrap instance where the group has several, unless unfinished
// records lie on this instance's disk.
func (r *Runner) unlessOther(ctx context.Context) report.Outcome {
	_, unfinished, err := r.recorded()
	if err != nil {
		return r.withPapers(r.withMount(Refused(err)))
	}
	if !r.Config.Instance.Bootstrap && !unfinished {
		return r.withPapers(r.withMount(r.notActing(ctx)))
	}
	return r.command(ctx)
}

// withMount adds to the last line that nobody asked for a disk that lasts.
func (r *Runner) withMount(out report.Outcome) report.Outcome {
	if !r.Config.Records.RequireMount {
		out.Meaning += neverMounted
	}
	return out
}

func (r *Runner) command(ctx context.Context) report.Outcome {
	switch r.Config.Migration.Command {
	case config.CommandRun:
		return r.conclude(ctx, r.armed(ctx, r.run))
	case config.CommandRollback:
		return r.conclude(ctx, r.armed(ctx, r.rollback))
	case config.CommandPlan:
		return r.answer(ctx, r.plan)
	case config.CommandPrecheck:
		return r.answer(ctx, r.precheckOnly)
	case config.CommandVerify:
		return r.answer(ctx, r.verifyOnly)
	}
	return r.answer(ctx, r.status)
}

func (r *Runner) writes() bool { return config.Writes(r.Config.Migration.Command) }

// armed does the work unless migration.enabled is false; then nothing is looked at and nothing is touched.
func (r *Runner) armed(ctx context.Context, work func(context.Context) error) error {
	if !r.Config.Migration.Enabled {
		return nil
	}
	return work(ctx)
}

// minFree is what must be free on the disk before anything is begun.
const minFree = 64 << 20

func (r *Runner) openToWrite() (err error) {
	r.Records, err = records.Open(r.Config.Records.Directory, r.recordsOptions())
	return err
}

func (r *Runner) recordsOptions() records.Options {
	o := records.Options{
		RequireMount: r.Config.Records.RequireMount, MinFree: minFree, Clock: r.Clock.Now,
		Holder:      fmt.Sprintf("%s of %s %q", r.Config.Migration.Command, r.Config.NCP.Platform, r.Config.NCP.Cluster),
		OnFailpoint: r.OnFailpoint,
	}
	if r.onDisk != nil {
		r.onDisk(&o)
	}
	return o
}

// openToRead opens records that exist; none is no error. While a run is alive its status stands in for them.
func (r *Runner) openToRead() error {
	store, err := records.OpenReadOnly(r.Config.Records.Directory)
	var locked *records.ErrLocked
	switch {
	case err == nil:
		r.Records = store
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.As(err, &locked):
		r.Report.Say("%v", err)
		r.locked = err
		status, _, err := records.ReadStatus(r.Config.Records.Directory)
		r.live = &status
		return err
	}
	return err
}

// SaveStatus keeps what a progress line says beside the records, for those who ask while the run is alive.
func (r *Runner) SaveStatus(s report.Status) {
	if r.running.RunID == "" {
		return
	}
	err := r.Records.WriteStatus(records.Status{
		RunID: r.running.RunID, Scope: r.running.Scope, Cluster: r.running.Cluster, State: r.running.State,
		Title: s.Phase, Done: s.Done, Total: s.Total, What: s.What, Waiting: s.Waiting,
	})
	if err != nil {
		r.Log.WithError(err).Warn("the status of the run could not be saved") // the run is no worse for it
	}
}

// answer runs a command that only reads. Its exit codes are 0 (fine), 1 (findings) and 3 (cannot tell).
func (r *Runner) answer(ctx context.Context, read func(context.Context) (reading, error)) report.Outcome {
	found, err := read(ctx)
	out := report.Outcome{Code: AllPolicy, Meaning: "nothing to object to", Scopes: found.scopes, Details: found.details, Next: found.next}
	for _, f := range found.findings {
		r.Report.Warn("%s", f)
	}
	switch {
	case ctx.Err() != nil:
		out.Code, out.Meaning = Interrupted, "ended by SIGTERM; nothing was written to NSX or to the records"
	case err != nil && isProblem(err):
		out.Code, out.Meaning, out.Failure = Mixed, "this cannot be migrated as it is", err.Error()
	case err != nil:
		out.Code, out.Meaning, out.Failure = CannotTell, "the question could not be answered", err.Error()
	case len(found.findings) > 0:
		out.Code, out.Meaning = Mixed, "something was found: see the warnings above"
	}
	return r.withPapers(r.withMount(out))
}

// reading is what a command that only reads has found.
type reading struct {
	findings []string // what is not as it should be
	scopes   []report.ScopeState
	next     []string // what to do now
	details  any      // for --output json
}

// recorded is the header of unfinished records, if there are any.
func (r *Runner) recorded() (header records.Header, unfinished bool, err error) {
	if r.Records == nil {
		return header, false, nil
	}
	return r.Records.Run()
}

// plan says what would be sent. It writes nothing to NSX or to the records; the plan itself goes to the log folder.
func (r *Runner) plan(ctx context.Context) (reading, error) {
	found, drafts, err := r.readAll(ctx)
	if err != nil {
		return found, err
	}
	details := planDetails{Fingerprint: fingerprint(drafts), Totals: map[mp.Scope][]plan.TypeTotal{}}
	for _, d := range drafts {
		details.Objects += d.objects()
		details.Totals[d.scope] = d.plan.Totals
	}
	r.Report.Say("in all %d objects would be migrated; plan fingerprint %s", details.Objects, details.Fingerprint)
	found.details = details
	return found, r.writePlan(drafts)
}

// planDetails is what plan says in JSON.
type planDetails struct {
	Fingerprint string                        `json:"plan_fingerprint"`
	Objects     int                           `json:"objects"`
	Totals      map[mp.Scope][]plan.TypeTotal `json:"totals"`
}

// precheckOnly runs every check.
func (r *Runner) precheckOnly(ctx context.Context) (reading, error) {
	found, drafts, err := r.readAll(ctx)
	if err != nil {
		return found, err
	}
	results, failures, err := r.check(ctx, drafts)
	found.findings, found.details = append(found.findings, failures...), results
	return found, err
}

// readAll connects and drafts every wanted scope, and finds whatever would keep command run from beginning.
func (r *Runner) readAll(ctx context.Context) (found reading, drafts []draft, err error) {
	look := func(at stage) { found.findings = append(found.findings, r.couldBegin(ctx, at, drafts)...) }
	look(recorded)
	if err := r.connect(ctx, records.Header{}, false); err != nil {
		return found, nil, err
	}
	look(connected)
	if r.Config.Migration.Command == config.CommandPlan && r.Config.Migration.WriteUserSpec {
		next, err := r.inferSpec(ctx)
		if err != nil {
			return found, nil, err
		}
		found.next = append(found.next, next)
	}
	if drafts, err = r.draftAll(ctx, r.scopes()); err != nil {
		return found, nil, err
	}
	look(planned)
	if work(drafts) {
		look(leasing)
	}
	return found, drafts, nil
}

// status says what the records hold and what NSX's objects are.
func (r *Runner) status(ctx context.Context) (reading, error) {
	header, unfinished, err := r.recorded()
	if err != nil {
		return reading{}, err
	}
	var found reading
	switch {
	case r.live != nil:
		found.add("run %s (scope %s) is alive: state %s, %s, %d of %d %s %s; as of %s",
			r.live.RunID, r.live.Scope, r.live.State, r.live.Title, r.live.Done, r.live.Total, r.live.What, r.live.Waiting, r.live.Updated.Format("15:04:05 MST"))
	case unfinished:
		pending, applied, gone, waived, err := r.Records.CountUpdates()
		if err != nil {
			return reading{}, fmt.Errorf("counting the updates: %w", err)
		}
		found.add("run %s (scope %s) is unfinished: state %s since %s; updates: %d pending, %d applied, %d gone, %d waived",
			header.RunID, header.Scope, header.State, header.Updated.Format("2006-01-02 15:04:05 MST"), pending, applied, gone, waived)
	default:
		r.Report.Say("no unfinished run is recorded in %s", r.Config.Records.Directory)
	}
	if err := r.connect(ctx, records.Header{}, false); err != nil {
		return found, err
	}
	var other *elsewhere
	switch _, err := r.leaseIsHere(ctx, nil); {
	case errors.As(err, &other):
		found.add("%v", err)
	case err != nil:
		return found, err
	}
	if found.scopes, err = r.lookAtAll(ctx); err != nil || unfinished || r.live != nil {
		return found, err
	}
	for _, s := range found.scopes {
		lost, looked := r.lost[mp.Scope(s.Scope)]
		if !looked && s.Policy > 0 {
			return found, fmt.Errorf("whether records of scope %s are lost cannot be told", s.Scope)
		}
		if len(lost.refs) > 0 {
			found.add("%v", r.describeLost(ctx, mp.Scope(s.Scope), lost, false))
		}
	}
	return found, nil
}

func (f *reading) add(format string, args ...any) {
	f.findings = append(f.findings, fmt.Sprintf(format, args...))
}

// verifyOnly says whether the records are sound and NSX agrees with them.
func (r *Runner) verifyOnly(ctx context.Context) (reading, error) {
	found, err := r.status(ctx)
	if err != nil {
		return found, err
	}
	if r.Records != nil {
		if err := r.Records.Verify(); err != nil {
			found.add("%v", err)
		}
	}
	for _, s := range found.scopes {
		if s.Manager > 0 && s.Policy > 0 {
			found.add("scope %s is half-way: %d Manager, %d Policy", s.Scope, s.Manager, s.Policy)
		}
	}
	return found, nil
}
