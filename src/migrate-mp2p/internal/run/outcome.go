package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/report"
)

// conclude reads what is left behind, computes the exit code from it, and says what the operator must know
// and do next. The error that ended the run is printed; it decides nothing. Its answer is the one judgement of this
// execution: the screen shows it, and every report that the execution leaves holds it.
func (r *Runner) conclude(ctx context.Context, failure error) report.Outcome {
	if other := (*elsewhere)(nil); errors.As(failure, &other) {
		return r.withPapers(r.withMount(r.standsAside(other)))
	}
	e, err := r.end(ctx, failure)
	if err != nil {
		r.Report.Warn("the state left behind could not be read in full: %v", err)
	}
	out := report.Outcome{Code: Judge(e.Facts), Scopes: e.scopes, Records: r.Config.Records.Directory}
	a := r.advice(e.judged)
	a.Unfinished, a.Suspected = mp.Scope(e.unfinished.Scope), cmp.Or(e.suspected, e.judged)
	if ncp, looked := e.scope(mp.NCP); looked {
		a.NCPManager = ncp.Policy+ncp.Undecided == 0
	}
	advise(&out, e.Facts, a)
	if r.Config.Migration.Command == config.CommandRollback && err == nil && !isForeign(failure) {
		adviseRollback(&out, e.Facts, a, len(r.done) > 0)
	}
	besides(&out, e, r.done, a)
	out = r.withMount(out)
	if n := len(r.done); n > 0 {
		last := r.done[n-1]
		out.Failure, out.Report, out.IDMap = last.failure, last.files.Text, last.files.IDMapCSV
	}
	if failure != nil {
		out.Failure = failure.Error()
	}
	reportsUnfinished := failure != nil && !isForeign(failure) && e.unfinished.RunID != ""
	if reportsUnfinished {
		out.Report = filepath.Join(r.reportDir(e.unfinished.RunID), reportName)
	}
	out = r.withPapers(out)
	if out.Code == AllPolicy {
		out.Moved = r.nowPolicy()
	}
	if reportsUnfinished {
		data := r.reportData(e.unfinished, out)
		data.Result = fmt.Sprintf("scope %s is unfinished (%s)", e.unfinished.Scope, e.unfinished.State)
		if r.writeReport(data).Text == "" {
			out.Report = ""
		}
	}
	r.completeReports(out)
	return out
}

// ending is what an execution leaves behind.
type ending struct {
	Facts
	judged     mp.Scope       // whose objects the code speaks of
	suspected  mp.Scope       // whose lost records ended the execution; "" for none
	lostBeside bool           // the records of the scope that the code does not speak of are lost
	unfinished records.Header // the zero value when no run is unfinished
	scopes     []report.ScopeState
}

func (e ending) scope(name mp.Scope) (report.ScopeState, bool) {
	i := slices.IndexFunc(e.scopes, func(s report.ScopeState) bool { return s.Scope == string(name) })
	if i < 0 {
		return report.ScopeState{}, false
	}
	return e.scopes[i], true
}

// besides adds to the last line what the code does not speak of: a run of this execution that was rolled back
// although the code is not that of a rollback, and objects of the other scope that are not all Policy.
func besides(out *report.Outcome, e ending, done []finished, a advice) {
	last := map[mp.Scope]finished{}
	for _, f := range done {
		last[f.scope] = f
	}
	for _, scope := range []mp.Scope{mp.Shared, mp.NCP} {
		f, ran := last[scope]
		state, seen := e.scope(scope)
		switch {
		case ran && f.state == records.RolledBack && (scope != e.judged || out.Code != AllManager):
			out.Meaning += "; " + f.result()
			out.Ladder = cmp.Or(out.Ladder, ladderAgain)
			if out.Code == AllPolicy {
				again := fmt.Sprintf("scope %s was rolled back: cure the cause and run again, or take out of the user spec what it was to migrate, which stays Manager: %s", scope, a.Rerun)
				out.Next = append([]string{again}, out.Next...)
			}
		case !seen || scope == e.judged:
		case e.lostBeside && scope != e.suspected:
			out.Meaning += "; some of " + a.objects(scope) + " are Policy and nobody's records say why"
		case state.Undecided > 0, state.Manager > 0 && state.Policy > 0, state.Manager > 0 && scope == mp.Shared && out.Code == AllPolicy:
			out.Meaning += "; " + state.String()
		}
	}
}

// brief makes a failure fit into a line; the whole of it stands above the line, and in the report.
func brief(failure string) string {
	const limit = 300
	first, _, _ := strings.Cut(failure, "\n")
	if len(first) <= limit {
		return first
	}
	return strings.ToValidUTF8(first[:limit], "") + " ..."
}

func isForeign(failure error) bool {
	var foreign *foreignRecords
	return errors.As(failure, &foreign)
}

// end reads the state left behind: the records, and by lists what NSX's objects are.
func (r *Runner) end(ctx context.Context, failure error) (ending, error) {
	e := ending{Facts: Facts{Armed: r.Config.Migration.Enabled}, judged: r.judged()}
	if isForeign(failure) {
		return e, nil // they say nothing about our objects
	}
	var lost *lostRecords
	if e.Suspect = errors.As(failure, &lost); e.Suspect {
		e.suspected = lost.scope
	}
	for _, d := range r.done {
		e.Adopted += d.adopted
	}
	header, unfinished, err := r.recorded()
	if err != nil {
		return e, err
	}
	if unfinished {
		e.unfinished, e.Unfinished = header, header.State
		if e.Unsettled, e.Sent, err = r.unsettled(); err != nil {
			return e, err
		}
		if header.State == records.Applying {
			if e.Pending, _, _, _, err = r.Records.CountUpdates(); err != nil {
				return e, fmt.Errorf("counting the updates: %w", err)
			}
		}
	}
	if !e.Armed {
		return e, nil
	}
	if r.connected && ctx.Err() == nil && !mp.IsKind(failure, mp.KindUnreachable) {
		e.scopes, err = r.lookAtAll(ctx)
	}
	if ctx.Err() != nil { // SIGTERM: what finished runs of this execution have shown still holds
		e.scopes, err = r.shown(), nil
	}
	e.judged = judgedScope(e)
	_, looked := r.lost[e.judged]
	e.Unproven = !looked
	e.Suspect = e.Suspect || r.isLost(e.judged)
	e.lostBeside = r.isLost(other(e.judged))
	for i, s := range e.scopes {
		if s.Scope == string(e.judged) {
			e.Census = &Counts{Manager: s.Manager, Policy: s.Policy, Undecided: s.Undecided, Orphans: s.Orphans}
		}
		if unfinished && header.Scope == s.Scope {
			e.scopes[i].Pending = e.Pending
			e.scopes[i].Note = fmt.Sprintf("run %s is unfinished (%s)", header.RunID, header.State)
		}
	}
	e.Interrupted = ctx.Err() != nil && (e.Census == nil || unfinished && !header.State.Finished())
	return e, err
}

// judgedScope turns from the shared objects to NCP's where those have gone ahead: where some of them are Policy, "all
// Manager" of the shared ones would let NCP start in Manager mode, and where all of them are, there is no NCP scope
// left to be migrated.
func judgedScope(e ending) mp.Scope {
	ncp, looked := e.scope(mp.NCP)
	if e.judged == mp.Shared && looked && ncp.Policy > 0 {
		shared, _ := e.scope(mp.Shared)
		if shared.Policy == 0 || ncp.Manager+ncp.Undecided == 0 {
			return mp.NCP
		}
	}
	return e.judged
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
	for _, scope := range []mp.Scope{mp.Shared, mp.NCP} {
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
func (r *Runner) lookAt(ctx context.Context, scope mp.Scope) (*Counts, error) {
	if n := len(r.done); n > 0 && r.done[n-1].scope == scope {
		return r.done[n-1].census, nil // nothing was written since
	}
	known, err := r.known(ctx, scope)
	if err != nil || scope == mp.Shared && len(known) == 0 {
		return nil, err
	}
	census, err := inventory.TakeCensus(ctx, r.NSX, r.Catalog, inventory.CensusQuery{
		Scope: scope, Cluster: r.Config.NCP.Cluster, Platform: r.Config.NCP.Platform, Known: known, OrphanRoutes: r.orphanRoutes,
	})
	if err != nil {
		return nil, err
	}
	c := counts(census)
	if scope == mp.NCP && c.Manager+c.Policy+c.Undecided == 0 {
		return c, r.nothing(ctx)
	}
	return c, nil
}

// judged is the scope whose objects the exit code speaks of: NCP's, because they decide in which mode NCP
// may run, except where only the shared ones were asked for and no run of NCP's had to be taken up.
func (r *Runner) judged() mp.Scope {
	if r.Config.Migration.Resources == string(mp.Shared) && r.running.Scope != string(mp.NCP) {
		return mp.Shared
	}
	return mp.NCP
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
	Scope             mp.Scope // that the code speaks of
	Unfinished        mp.Scope // of the run that is left unfinished; "" for none
	Suspected         mp.Scope // whose records are lost, where any are
	OneByOne          bool
	surroundings
	NCPManager bool // NCP's objects were looked at, and all are Manager
}

// surroundings is what the operator has where the program runs. Texts that need no word of it say "run again".
type surroundings struct {
	Rerun string // the command that runs the program again
	Apply string // what comes between a change of the configuration and that command, as part of a sentence
}

// surroundingsOf knows two: TAS and TKGI have an errand of BOSH, Kubernetes has a Job, whose script applies the configuration.
func surroundingsOf(platform string) surroundings {
	if platform == config.PlatformKubernetes {
		return surroundings{Rerun: "sh migrate.sh run FOLDER, which replaces the Job nsx-ncp-migrate-mp2p and keeps its volume", Apply: " in config.json"}
	}
	return surroundings{Rerun: "bosh run-errand migrate-mp2p", Apply: ", deploy,"}
}

// andRun ends a sentence that begins with a change of the configuration.
func (s surroundings) andRun() string { return s.Apply + " and run: " + s.Rerun }

func (r *Runner) advice(scope mp.Scope) advice {
	a := advice{
		Platform: r.Config.NCP.Platform, Cluster: r.Config.NCP.Cluster, Scope: scope,
		OneByOne: r.Config.Migration.Strategy == "one-by-one", surroundings: surroundingsOf(r.Config.NCP.Platform),
	}
	return a
}

// The steps of the recovery ladder: 1 run again, 2 skip this cluster for now, 3 restore the NSX backup.
const (
	ladderAgain   = "step 1 of 3: run again; it goes on from its records, as often as needed"
	ladderForward = "step 1 of 3: run again; it sends the kept updates, as often as needed, until all are done"
	ladderSkip    = "step 1 of 3: cure the cause and run again; step 2, if that does not help now: skip this cluster and migrate the others first; step 3, the last resort: "
	ladderLast    = "step 3 of 3, the last resort: "
	ladderRestore = "restore the NSX backup and start NCP everywhere in the mode it had then"
	ladderNoWay   = "there is none with strategy one-by-one, since the other clusters may have made new workloads that a restored NSX backup would not know"
)

// lastResort is what the last step of the ladder is.
func (a advice) lastResort() string {
	if a.OneByOne {
		return ladderNoWay
	}
	return ladderRestore
}

// skip is the ladder where running again alone may not help.
func (a advice) skip() string { return ladderSkip + a.lastResort() }

// objects names what a scope migrates.
func (a advice) objects(scope mp.Scope) string {
	if scope == mp.Shared {
		return "the shared objects of the user spec"
	}
	if a.Platform == "tkgi" {
		return fmt.Sprintf("the NCP-created objects of tkgi %q and its nodes' network", a.Cluster)
	}
	return fmt.Sprintf("the NCP-created objects of %s %q", a.Platform, a.Cluster)
}

// advise fills in meaning, next steps and the step of the ladder: one table from code and state to words.
func advise(out *report.Outcome, f Facts, a advice) {
	where := a.objects(a.Scope)
	under := where // what is under way is that of the unfinished run
	if a.Unfinished != "" {
		under = a.objects(a.Unfinished)
	}
	switch {
	case out.Code == AllPolicy && !f.Armed:
		out.Meaning = "DISARMED: migration.enabled is false, so nothing was looked at and nothing was changed"
		out.Next = []string{"to migrate, set migration.enabled to true" + a.andRun()}
	case out.Code == AllPolicy && a.Scope == mp.Shared:
		out.Meaning = "all of " + where + " are Policy and no update is pending"
		out.Next = []string{"leave NCP stopped; migrate the NCP-created objects next (migration.resources: ncp), then run: " + a.Rerun}
	case out.Code == AllPolicy:
		out.Meaning = "all of " + where + " are Policy and no update is pending"
		if f.Census != nil && f.Census.Orphans > 0 {
			out.Meaning = fmt.Sprintf("%s are Policy and no update is pending, but %d orphans stay Manager", where, f.Census.Orphans)
		}
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
	case out.Code == Mixed && f.Adopted > 0:
		out.Meaning = fmt.Sprintf("%d objects of a migration whose records are lost were adopted and are still Policy: NCP may run in neither mode", f.Adopted)
		out.Next = []string{"start NCP in neither mode", "cure the cause and run again with migration.adopt: true: " + a.Rerun, "or take back what can be with command rollback and migration.adopt: true"}
		out.Ladder = a.skip()
	case out.Code == Mixed && f.Suspect:
		out.Meaning = "some of " + a.objects(a.Suspected) + " are Policy and nobody's records say why: NCP may run in neither mode"
		out.Next = []string{"start NCP in neither mode", "run again where the records of that migration lie, or take its objects over (migration.adopt), as said above"}
		out.Ladder = a.skip()
	case out.Code == Mixed && !f.Armed:
		out.Meaning = fmt.Sprintf("DISARMED with an unfinished run (%s): nothing was touched; NCP may run in neither mode", f.Unfinished)
		out.Next = []string{"start NCP in neither mode", "set migration.enabled to true" + a.andRun()}
		out.Ladder = ladderAgain
	case out.Code == Mixed && f.Unfinished == records.Applying:
		out.Meaning = fmt.Sprintf("all of %s are Policy, but %d updates are pending: NCP may run in neither mode", under, f.Pending)
		out.Next = []string{"start NCP in neither mode", "run again: " + a.Rerun}
		out.Ladder = ladderForward
	case out.Code == Mixed:
		out.Meaning = "some of " + under + " are, or may be, Policy while others are Manager: NCP may run in neither mode"
		out.Next = []string{"start NCP in neither mode", "run again: " + a.Rerun}
		out.Ladder = ladderAgain
	case out.Code == AllManager:
		out.Meaning = "all of " + where + " are Manager; nothing of them is Policy"
		wait := "leave NCP stopped until the others are migrated (starting it in Manager mode voids the NSX backup), or start it in Manager mode and give this window up"
		switch {
		case a.Scope == mp.Shared && !a.NCPManager:
			wait = "leave NCP stopped, or as it is where its own objects are Policy already" // they were not looked at
		case a.OneByOne:
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
}

// adviseRollback is advise for command rollback where nothing was there to be rolled back, or could be.
func adviseRollback(out *report.Outcome, f Facts, a advice, rolledBack bool) {
	toRun := "set migration.command to run" + a.andRun()
	switch {
	case !f.Armed && f.Unfinished == "":
		out.Next = []string{"to roll back, set migration.enabled to true" + a.andRun() + "; but no run is unfinished"}
	case !f.Armed:
	case pastCommit(f.Unfinished):
		out.Meaning = "nothing was rolled back, since the run is past DONE and can only go forward: " + out.Meaning
		out.Next = []string{"start NCP in neither mode", toRun}
	case f.Unfinished != "", rolledBack, out.Code == Interrupted:
	case f.Suspect:
		out.Meaning = "nothing was rolled back: " + out.Meaning
	case out.Code == AllPolicy:
		out.Meaning = "nothing was rolled back, and nothing can be: all of " + a.objects(a.Scope) + " are Policy, and a migration that is past DONE only goes forward"
		out.Next = []string{
			"to leave everything as it is needs nothing; what to do about NCP is in the report of the run that migrated them",
			"to bring back what was before, only the last resort is left",
		}
		out.Ladder = ladderLast + a.lastResort()
	case out.Code == AllManager:
		out.Meaning = "nothing was rolled back, since no run is unfinished: " + out.Meaning
		out.Next = []string{out.Next[0], "to migrate, " + toRun}
		out.Ladder = ""
	default:
		out.Meaning = "nothing was rolled back, since no run is unfinished: " + out.Meaning
		out.Next = []string{"start NCP in neither mode", "cure the cause if one is named above; then " + toRun}
	}
}

// pastCommit says that a run in this state can only go forward.
func pastCommit(s records.State) bool {
	return s == records.Committing || s == records.Applying || s == records.Complete
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
