package run

import (
	"context"
	"errors"
	"fmt"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/report"
)

// conclude reads what is left behind, computes the exit code from it, and says what the operator must know
// and do next. The error that ended the run is printed; it decides nothing.
func (r *Runner) conclude(ctx context.Context, failure error) report.Outcome {
	facts, scopes, err := r.facts(ctx, failure)
	if err != nil {
		r.Report.Warn("the state left behind could not be read in full: %v", err)
	}
	out := report.Outcome{Code: Judge(facts), Scopes: scopes, Records: r.Config.Records.Directory}
	advise(&out, facts, r.advice(r.judged()))
	if n := len(r.done); n > 0 {
		last := r.done[n-1]
		out.Failure, out.Report, out.IDMap = last.failure, last.files.Text, last.files.IDMapCSV
		for _, earlier := range r.done[:n-1] { // NCP's configuration needs the ids of the shared objects above all
			if path := earlier.files.IDMapCSV; path != "" {
				out.Next = append(out.Next, fmt.Sprintf("the id map of scope %s is %s", earlier.scope, path))
			}
		}
	}
	if failure != nil {
		out.Failure = failure.Error()
		if !isForeign(failure) {
			r.reportUnfinished(&out)
		}
	}
	return out
}

// reportUnfinished writes the report of a run that is left unfinished.
func (r *Runner) reportUnfinished(out *report.Outcome) {
	header, unfinished, err := r.recorded()
	if err != nil || !unfinished {
		return
	}
	out.Report = r.writeReport(header, *out, nil).Text
}

func isForeign(failure error) bool {
	var foreign *foreignRecords
	return errors.As(failure, &foreign)
}

// facts reads the state left behind: the records, and by lists what NSX's objects are.
func (r *Runner) facts(ctx context.Context, failure error) (Facts, []report.ScopeState, error) {
	f := Facts{Armed: r.Config.Migration.Enabled}
	if isForeign(failure) {
		return f, nil, nil // they say nothing about our objects
	}
	var lost *lostRecords
	f.Suspect = errors.As(failure, &lost)
	header, unfinished, err := r.recorded()
	if err != nil {
		return f, nil, err
	}
	if unfinished {
		f.Unfinished = header.State
		if f.Unsettled, f.Sent, err = r.unsettled(); err != nil {
			return f, nil, err
		}
		if header.State == records.Applying {
			if f.Pending, _, _, _, err = r.Records.CountUpdates(); err != nil {
				return f, nil, fmt.Errorf("counting the updates: %w", err)
			}
		}
	}
	if !f.Armed {
		return f, nil, nil
	}
	var scopes []report.ScopeState
	if r.connected && ctx.Err() == nil && !nsx.IsKind(failure, nsx.KindUnreachable) {
		scopes, err = r.lookAtAll(ctx)
	}
	if ctx.Err() != nil { // SIGTERM: what finished runs of this execution have shown still holds
		scopes, err = r.shown(), nil
	}
	for i, s := range scopes {
		if s.Scope == string(r.judged()) {
			f.Census = &Counts{Manager: s.Manager, Policy: s.Policy, Undecided: s.Undecided}
		}
		if unfinished && header.Scope == s.Scope {
			scopes[i].Pending = f.Pending
			scopes[i].Note = fmt.Sprintf("run %s is unfinished (%s)", header.RunID, header.State)
		}
	}
	f.Interrupted = ctx.Err() != nil && (f.Census == nil || unfinished && !header.State.Finished())
	return f, scopes, err
}

// shown is what the runs of this execution found at their ends.
func (r *Runner) shown() []report.ScopeState {
	var states []report.ScopeState
	for _, d := range r.done {
		states = append(states, scopeState(string(d.scope), d.census))
	}
	return states
}

// lookAtAll reads by lists what the objects of both scopes are, unless a run has just done so at its end.
func (r *Runner) lookAtAll(ctx context.Context) ([]report.ScopeState, error) {
	var states []report.ScopeState
	for _, scope := range []catalog.Scope{catalog.Shared, catalog.NCP} {
		found, err := r.lookAt(ctx, scope)
		if err != nil {
			return states, fmt.Errorf("reading by lists what the objects of scope %s are: %w", scope, err)
		}
		if found != nil {
			states = append(states, scopeState(string(scope), found))
		}
	}
	return states, nil
}

// lookAt answers nil for a scope that has no objects to look at: an empty user spec.
func (r *Runner) lookAt(ctx context.Context, scope catalog.Scope) (*Counts, error) {
	if n := len(r.done); n > 0 && r.done[n-1].scope == scope {
		return r.done[n-1].census, nil // nothing was written since
	}
	known, err := r.known(ctx, scope)
	if err != nil || scope == catalog.Shared && len(known) == 0 {
		return nil, err
	}
	census, err := inventory.TakeCensus(ctx, r.NSX, r.Catalog, inventory.CensusQuery{Scope: scope, Cluster: r.Config.NCP.Cluster, Known: known})
	if err != nil {
		return nil, err
	}
	return counts(census), nil
}

// judged is the scope whose objects the exit code speaks of: NCP's, because they decide in which mode NCP
// may run, except where only the shared ones were asked for and no run of NCP's had to be taken up.
func (r *Runner) judged() catalog.Scope {
	if r.Config.Migration.Resources == string(catalog.Shared) && r.running.Scope != string(catalog.NCP) {
		return catalog.Shared
	}
	return catalog.NCP
}

// unsettled counts the batches of which nobody knows whether they took effect, and says whether any was
// ever sent.
func (r *Runner) unsettled() (unsettled int, sent bool, err error) {
	err = r.Records.Batches(func(b records.Batch) error {
		switch b.State {
		case records.BatchPlanned:
		case records.BatchPosting, records.BatchStarting, records.BatchContinuing, records.BatchRollingBack:
			unsettled++
			sent = true
		default:
			sent = true
		}
		return nil
	})
	if err != nil {
		return 0, false, fmt.Errorf("reading the batches from the records: %w", err)
	}
	return unsettled, sent, nil
}

// advice is what the texts depend on beside the facts.
type advice struct {
	Platform, Cluster string
	Scope             catalog.Scope // that the code speaks of
	OneByOne          bool
	Rerun             string // the command that runs the errand again
	NeverMounted      bool   // records.require_mount is false
}

func (r *Runner) advice(scope catalog.Scope) advice {
	a := advice{
		Platform: r.Config.NCP.Platform, Cluster: r.Config.NCP.Cluster, Scope: scope,
		OneByOne: r.Config.Migration.Strategy == "one-by-one", Rerun: "bosh run-errand migrate-mp2p",
		NeverMounted: !r.Config.Records.RequireMount,
	}
	if a.Platform == "kubernetes" {
		a.Rerun = "kubectl replace --force -f nsx-ncp-migrate-mp2p.yml (the Job nsx-ncp-migrate-mp2p, on the same volume)"
	}
	return a
}

// The steps of the recovery ladder: 1 run again, 2 skip this cluster for now, 3 restore the NSX backup.
const (
	ladderAgain   = "step 1 of 3: run the errand again; it goes on from its records, as often as needed"
	ladderForward = "step 1 of 3: run the errand again; it sends the kept updates, as often as needed, until all are done"
	ladderSkip    = "step 1 of 3: cure the cause and run the errand again; step 2, if that does not help now: skip this cluster and migrate the others first; step 3, the last resort: "
	ladderRestore = "restore the NSX backup and start NCP everywhere in the mode it had then"
	ladderNoWay   = "there is none with strategy one-by-one, since the other clusters may have made new workloads that a restored NSX backup would not know"
)

// skip is the ladder where running again alone may not help.
func (a advice) skip() string {
	if a.OneByOne {
		return ladderSkip + ladderNoWay
	}
	return ladderSkip + ladderRestore
}

// advise fills in meaning, next steps and the step of the ladder: one table from code and state to words.
func advise(out *report.Outcome, f Facts, a advice) {
	where := map[catalog.Scope]string{
		catalog.NCP:    fmt.Sprintf("the NCP-created objects of %s %q", a.Platform, a.Cluster),
		catalog.Shared: "the shared objects of the user spec",
	}[a.Scope]
	switch {
	case out.Code == AllPolicy && !f.Armed:
		out.Meaning = "DISARMED: migration.enabled is false, so nothing was looked at and nothing was changed"
		out.Next = []string{"to migrate, set migration.enabled to true, deploy, and run: " + a.Rerun}
	case out.Code == AllPolicy && a.Scope == catalog.Shared:
		out.Meaning = "all of " + where + " are Policy and no update is pending"
		out.Next = []string{"leave NCP stopped; migrate the NCP-created objects next (migration.resources: ncp), then run: " + a.Rerun}
	case out.Code == AllPolicy:
		out.Meaning = "all of " + where + " are Policy and no update is pending"
		when := "when all other foundations and clusters are migrated too, "
		if a.OneByOne {
			when = ""
		}
		out.Next = []string{
			when + "put the Policy ids of the id map into NCP's configuration and start NCP in Policy mode",
			fmt.Sprintf("after its start NCP reconciles %s; meanwhile creating app instances or pods may fail and changes are slow, and NCP retries by itself; very large foundations add at least 45 minutes to the window", objectsText(f.Census)),
			"migrated SNAT rules carry firewall match BYPASS; those that NCP makes from now on follow NCP's configuration (natfirewallmatch)",
			"remove the source-IP persistence from the load balancer in front of the NSX managers when everything is migrated",
		}
	case out.Code == Mixed && f.Suspect:
		out.Meaning = "some of " + where + " are Policy and nobody's records say why: NCP may run in neither mode"
		out.Next = []string{"start NCP in neither mode", "run the errand where the records of that migration lie"}
		out.Ladder = a.skip()
	case out.Code == Mixed && !f.Armed:
		out.Meaning = fmt.Sprintf("DISARMED with an unfinished run (%s): nothing was touched; NCP may run in neither mode", f.Unfinished)
		out.Next = []string{"start NCP in neither mode", "set migration.enabled to true, deploy, and run: " + a.Rerun}
		out.Ladder = ladderAgain
	case out.Code == Mixed && f.Unfinished == records.Applying:
		out.Meaning = fmt.Sprintf("all of %s are Policy, but %d updates are pending: NCP may run in neither mode", where, f.Pending)
		out.Next = []string{"start NCP in neither mode", "run again: " + a.Rerun}
		out.Ladder = ladderForward
	case out.Code == Mixed:
		out.Meaning = "some of " + where + " are, or may be, Policy while others are Manager: NCP may run in neither mode"
		out.Next = []string{"start NCP in neither mode", "run again: " + a.Rerun}
		out.Ladder = ladderAgain
	case out.Code == AllManager:
		out.Meaning = "all of " + where + " are Manager; nothing of them is Policy"
		wait := "leave NCP stopped until the others are migrated (starting it in Manager mode voids the NSX backup), or start it in Manager mode and give this window up"
		if a.OneByOne {
			wait = "leave NCP stopped until this is tried again, or start it in Manager mode and give this window up"
		}
		out.Next = []string{
			wait,
			"to try again, cure the cause and run: " + a.Rerun,
			"to skip this cluster for now, leave its NCP stopped and migrate the others; then start NCP here in Manager mode and there in Policy mode, let it run for at least 60 minutes, and begin again from the first step",
		}
		out.Ladder = a.skip()
	case out.Code == Interrupted:
		out.Meaning = "ended by SIGTERM before it had finished; the records are whole"
		out.Next = []string{"start NCP in neither mode", "run again: " + a.Rerun}
		out.Ladder = ladderAgain
	default:
		out.Meaning = "cannot tell what " + where + " are: assume nothing"
		out.Next = []string{"cure the cause named above and run again: " + a.Rerun}
		out.Ladder = ladderAgain
	}
	if a.NeverMounted {
		out.Meaning += neverMounted
	}
}

const neverMounted = " (records.require_mount is false: the records may lie on a disk that goes away with this machine)"

func objectsText(c *Counts) string {
	if c == nil {
		return "everything"
	}
	return fmt.Sprintf("%d objects", c.Policy)
}

// Refused is the outcome of an execution that ended before anything was looked at.
func Refused(err error) report.Outcome {
	return report.Outcome{
		Code: CannotTell, Failure: err.Error(), Ladder: ladderAgain,
		Meaning: "nothing was looked at and nothing was changed: assume nothing",
		Next:    []string{"cure the cause named above and run again"},
	}
}
