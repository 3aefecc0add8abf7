package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/migrate"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/updates"
	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

// job is one run of one scope, whose state is in the records.
type job struct {
	*Runner
	header records.Header // as the job began
	// recovered says that an earlier execution left this run unfinished.
	recovered bool
	// turned is the failure that turned the run back in this execution.
	turned error
	phase2 *migrate.Migrator
}

func (j *job) scope() mp.Scope { return mp.Scope(j.header.Scope) }

// prepare takes the lease and starts the coordinator. Nothing has been sent yet.
func (j *job) prepare(ctx context.Context) error {
	if err := j.Records.Reserve(ballast(j.header.Objects)); err != nil {
		return fmt.Errorf("reserving room for the updates: %w", err)
	}
	if j.Config.NSX.Lease {
		if err := j.Records.Amend(func(h *records.Header) { h.Leased = true }); err != nil {
			return fmt.Errorf("recording that the lease is about to be taken: %w", err)
		}
	}
	if err := j.holdLease(ctx); err != nil {
		return err
	}
	service, err := j.startCoordinator(ctx)
	if err != nil {
		return err
	}
	return j.Records.Amend(func(h *records.Header) { h.CoordinatorPIDs = service.PIDs })
}

// ballast is the room that phases 3 and 4 will need on disk, in bytes: a disk that fills later must not
// be able to stop a rollback. An update takes about half a KiB.
func ballast(objects int) int64 { return int64(objects)*512 + 16<<20 }

func (j *job) migrate(ctx context.Context) error {
	if err := j.askedBack(); err != nil {
		return err
	}
	return j.migrator().Forward(ctx)
}

// migrator is made once per job, since it learns how fast NSX is.
func (j *job) migrator() *migrate.Migrator {
	if j.phase2 == nil {
		places := j.places()
		j.phase2 = &migrate.Migrator{
			API: j.NSX, Records: j.Records, Events: j.Report, Clock: j.Clock,
			Look: func(ctx context.Context, refs []mp.Ref) (map[mp.Ref]inventory.Finding, error) {
				return inventory.Look(ctx, j.NSX, j.Catalog, refs, places)
			},
			Gone:              j.isGone,
			Hold:              j.holdLease,
			UndoAdopted:       j.undoesAdopted(),
			BatchTimeout:      time.Duration(j.Config.NSX.Timeouts.Batch),
			FinishTimeout:     time.Duration(j.Config.NSX.Timeouts.Finish),
			TakeOutDuplicates: j.scope() == mp.Shared || j.header.Adopted > 0,
		}
	}
	return j.phase2
}

func (j *job) infer(ctx context.Context) error {
	if err := j.unclaimedDuplicates(); err != nil {
		return err
	}
	env := j.rulesEnv()
	now, err := j.readWorkloads(ctx, env)
	if err != nil {
		return err
	}
	noting := workloads.Note(now)
	env.Workloads = noting
	counts, err := updates.Infer(ctx, updates.InferInput{
		API: j.NSX, Records: j.Records, Rules: j.Rules, Env: env, Index: time.Duration(j.Config.NSX.Timeouts.Index),
		Total: j.header.Objects, Sleep: j.Clock.Sleep, Events: j.Report, IndexLost: j.noIndex,
	})
	if err != nil {
		return err
	}
	if err := j.comparePodsAgain(now); err != nil {
		return err
	}
	if answers := noting.Answers(); len(answers) > 0 {
		if err := j.Records.PutWorkloads(answers); err != nil {
			return err
		}
	}
	if counts.Objects == 0 {
		j.Report.Say("no update rule applies to these objects")
		return nil
	}
	j.Report.Say("%d objects looked at, %d of them need an update of tags or names", counts.Objects, counts.Updates)
	return nil
}

// rulesEnv is what the update rules know in phases 3 and 4: the id map is the migration records and the
// references that the plan found outside itself.
func (j *job) rulesEnv() updates.Env {
	criteria := map[string]bool{}
	for _, scope := range strings.Fields(j.header.Settings[criteriaSetting]) {
		criteria[scope] = true
	}
	var ids map[string]string
	env := j.env(j.scope(), func(id string) (string, bool) {
		if ids == nil {
			ids = j.idsOfRun()
		}
		path, ok := ids[id]
		if !ok && j.header.Adopted > 0 {
			return id, true // phase 4 of the lost run has put the Policy id there; no object's Manager id is unknown to a plan
		}
		return path, ok
	}, criteria)
	env.Platform, env.Cluster = j.header.Platform, j.header.Cluster // today's configuration may differ
	return env
}

func (j *job) idsOfRun() map[string]string {
	ids := map[string]string{}
	maps.Copy(ids, j.header.References)
	for mapping, err := range j.idMap() {
		if err != nil {
			j.Report.Warn("the id map of this run could not be read in full: %v", err)
			break
		}
		ids[mapping.ManagerID] = mapping.PolicyPath
	}
	return ids
}

// confirm is the last look before the point of no return, by lists: everything that this run migrated is
// Policy, and nothing of ours is left, new or changed in Manager mode. Otherwise NCP was not really
// stopped, the search index was behind, or NSX skipped objects silently.
func (j *job) confirm(ctx context.Context) error {
	census, err := j.census(ctx)
	if err != nil {
		return fmt.Errorf("reading all objects: %w", err)
	}
	var wrong []string
	add := func(what string, c inventory.Count) {
		if c.N > 0 {
			wrong = append(wrong, fmt.Sprintf("%d %s: %s", c.N, what, strings.Join(c.First, ", ")))
		}
	}
	add("are still Manager", census.Manager)
	add("are new in Manager mode (is NCP really stopped?)", census.New)
	add("changed while they were being migrated (is NCP really stopped?)", census.Changed)
	add("no longer exist", census.Absent)
	add("cannot be told", census.Undecided)
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	return j.noteUnrealised(ctx)
}

// apply pushes the updates that are pending, and then reads everything that the run migrated once more: what does not show
// its update is pending again. What NSX refuses stays in the records for a re-run.
func (j *job) apply(ctx context.Context) error {
	env := j.rulesEnv()
	var err error
	if env.Workloads, err = j.recordedWorkloads(ctx, env); err != nil {
		return err
	}
	result, err := updates.Finish(nsx.WithOverwrite(ctx), updates.FinishInput{
		API: j.NSX, Records: j.Records, Rules: j.Rules, Env: env, Index: time.Duration(j.Config.NSX.Timeouts.Index),
		Total: j.header.Objects, Waive: j.Config.Migration.WaiveUpdates, Reinfer: j.Config.Migration.ReinferUpdates,
		Sleep: j.Clock.Sleep, Events: j.Report, IndexLost: j.noIndex,
	})
	for _, path := range result.NotWaived {
		j.Report.Warn("migration.waive_updates names %s, which has no pending update", path)
	}
	if err != nil {
		return err
	}
	if result.Total() == 0 {
		j.Report.Say("there is nothing to update")
	} else {
		j.Report.Say("updates: %s; %s", result, result.Verified)
	}
	if left := result.Left(); left > 0 {
		return fmt.Errorf("%d updates are still pending; the records and the report keep each with its URL and NSX's answer: %s", left, j.firstPending())
	}
	return nil
}

// firstPending names some of the pending updates by path, as migration.waive_updates takes them, with NSX's answers.
func (j *job) firstPending() string {
	const shown = 5
	var lines []string
	err := j.Records.Updates(func(u records.Update) error {
		if u.State == records.UpdatePending && len(lines) < shown {
			lines = append(lines, "\n"+u.Path+": "+cmp.Or(u.Answer, "not sent yet"))
		}
		return nil
	})
	if err != nil {
		return fmt.Sprintf("(reading them failed: %v)", err)
	}
	return strings.Join(lines, "")
}

// census reads by lists what the objects of this run are now, and finds those of NCP that it does not know.
func (j *job) census(ctx context.Context) (*inventory.Census, error) {
	known, err := j.recordedObjects()
	if err != nil {
		return nil, err
	}
	return inventory.TakeCensus(ctx, j.NSX, j.Catalog, inventory.CensusQuery{
		Scope: j.scope(), Cluster: j.header.Cluster, Platform: j.header.Platform, Known: known, OrphanRoutes: strings.Fields(j.header.Settings[orphanSetting]),
	})
}

// rollBack undoes phase 2.
func (j *job) rollBack(ctx context.Context) error {
	if err := j.holdLease(ctx); err != nil {
		return err
	}
	if _, err := j.startCoordinator(ctx); err != nil {
		return err
	}
	if err := j.stillAlone(ctx); err != nil {
		return err
	}
	return j.migrator().Back(ctx)
}

// principals are those in whose names the batches of the run were to be sent.
func (j *job) principals() ([]string, error) {
	found := map[string]bool{}
	err := j.Records.Batches(func(b records.Batch) error {
		request, err := j.Records.Request(b.Seq)
		if err == nil && request.SetupDetails != nil && request.SetupDetails.PrincipalIdentity != "" {
			found[request.SetupDetails.PrincipalIdentity] = true
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading from the records in whose names batches were sent: %w", err)
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// stillAlone refuses to roll back shared objects that others have built upon since: their objects would lose
// what they stand on.
func (j *job) stillAlone(ctx context.Context) error {
	if j.scope() != mp.Shared {
		return nil
	}
	var paths []string
	ours := map[string]bool{}
	err := j.Records.Migrated(func(m records.MigratedObject) error {
		if m.PolicyPath != "" {
			paths = append(paths, m.PolicyPath)
			ours[m.PolicyPath] = true
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the migration records: %w", err)
	}
	principals, err := j.principals()
	if err != nil {
		return err
	}
	others, err := inventory.FindBuiltUpon(ctx, j.NSX, paths, ours, principals)
	if err != nil {
		return err
	}
	if n := len(others); n > 0 {
		return fmt.Errorf("%d Policy objects that this run did not migrate are built upon its shared objects, which are therefore not taken back: %s; remove them, or let whoever made them do so, and run again",
			n, strings.Join(others[:min(n, 10)], ", "))
	}
	return nil
}
