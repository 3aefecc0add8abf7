package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/plan"
	"nsx-mp2p/migrate-mp2p/internal/precheck"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/report"
	"nsx-mp2p/migrate-mp2p/internal/updates"
	"nsx-mp2p/migrate-mp2p/internal/wait"
	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

// Runner holds the parts that one execution works with; cmd puts them together.
type Runner struct {
	Version  string
	Config   *config.Config
	Spec     *config.UserSpec
	NSX      *nsx.Client
	Records  *records.Store // nil for the commands that only read and found none
	Catalog  *catalog.Catalog
	Rules    *updates.Rules
	Platform workloads.Platform
	Report   *report.Reporter
	Log      logrus.FieldLogger
	Clock    wait.Clock
	// Job is the uid of the Kubernetes Job whose pod this is; empty elsewhere. Its server may let another pod follow one that
	// was lost, which must do no more than that one would have done.
	Job string
	// UserSpecFile is where command plan writes an inferred user spec when migration.write_user_spec asks for one; empty
	// means user-spec.yaml in the log folder.
	UserSpecFile string
	// NewRunID makes an id that no other run has.
	NewRunID func() string

	// Redact masks secrets in reports.
	Redact *report.Redactor
	// OnFailpoint is handed to the records; it is for crash tests.
	OnFailpoint func(at records.Failpoint, transaction int)

	// onDisk changes what is asked of the records' disk; it is for tests.
	onDisk func(*records.Options)

	node      mp.Node
	connected bool
	live      *records.Status   // of another process that holds the records
	locked    error             // says who that is
	running   records.Header    // the run that this execution is at, or was at last
	shared    []inventory.Known // objects of the user spec, once it was resolved
	moved     []report.Moved    // what is printed of them
	created   []inventory.Known // NCP's objects, once they were retrieved
	absent    bool              // NCP made nothing under the cluster's name, and that has been said
	// orphanRoutes are static routes of NCP that no plan takes along, as a census asks for them.
	orphanRoutes []string
	// lost holds, for each scope that was looked at, the objects which show that a migration of theirs was begun and not ended.
	lost map[mp.Scope]lostObjects
	// adoptsShared says that the run of scope shared takes over what an interrupted one left.
	adoptsShared bool
	indexLost    sync.Once  // that Search does not work is said once
	done         []finished // runs that this execution brought to their end
}

func (r *Runner) run(ctx context.Context) error {
	header, unfinished, err := r.Records.Run()
	if err != nil {
		return err
	}
	if !r.Config.Migration.Enabled {
		return nil // disarmed: nothing is looked at, nothing is touched
	}
	if err := r.mayBegin(ctx, recorded, nil); err != nil {
		return err
	}
	if id := r.Config.Records.Discard; unfinished && id != "" {
		if err := r.archived(r.Records.Discard(id)); err != nil {
			return fmt.Errorf("discarding the records of run %s as records.discard asks: %w", id, err)
		}
		r.Report.Warn("the records of run %s were archived unfinished, as records.discard asks", id)
		unfinished = false
	}
	if unfinished {
		r.running = header
	}
	if err := r.connect(ctx, header, unfinished); err != nil {
		return err
	}
	if unfinished {
		again, err := r.recover(ctx, header)
		if err != nil || !again {
			return err
		}
	} else if err := r.actsHere(ctx); err != nil {
		return err
	}
	return r.fresh(ctx)
}

func (r *Runner) rollback(ctx context.Context) error {
	header, unfinished, err := r.Records.Run()
	if err != nil {
		return err
	}
	if unfinished {
		if pastCommit(header.State) {
			return errPastCommit
		}
		r.running = header
	}
	if id := r.Config.Records.Discard; id != "" {
		r.Report.Warn("records.discard names run %s; command rollback does not look at it", id)
	}
	if err := r.connect(ctx, header, unfinished); err != nil {
		return err
	}
	if !unfinished {
		if err := r.actsHere(ctx); err != nil {
			return err
		}
		return r.rollbackLost(ctx)
	}
	_, err = r.recover(ctx, header)
	if err == nil && header.State == records.Planned {
		return r.rollbackLost(ctx) // nothing of it was sent; what it was to take back is still there
	}
	return err
}

var errPastCommit = errors.New("the run is past the point of no return (DONE): NSX has realised the Policy objects, so it can only go forward; use `run`")

// connect pins one manager. With unfinished records only the node that they name is used, because the
// migration coordinator's state lives on that node alone.
func (r *Runner) connect(ctx context.Context, header records.Header, unfinished bool) error {
	want := ""
	if unfinished {
		want = header.NodeID
		if other := r.Config.NSX.AcceptOtherNode; other != "" && other != want {
			r.Report.Warn("using manager node %s instead of %s, as nsx.accept_other_node asks", other, want)
			want = other
		}
	}
	node, err := r.NSX.Connect(ctx, want)
	if mp.IsKind(err, mp.KindOtherNode) && want == header.NodeID && header.State == records.Planned {
		node, err = r.NSX.Connect(ctx, "") // nothing was sent to that node
	}
	if err != nil {
		return fmt.Errorf("connecting to NSX Manager: %w", err)
	}
	r.node = node
	if unfinished {
		if err := r.foreign(header); err != nil {
			return err
		}
	}
	if err := precheck.Version(r.Config.NCP.Platform, node.Version); err != nil {
		return err
	}
	r.connected = true
	banner := report.Banner{
		Version: r.Version, Command: r.Config.Migration.Command, Platform: r.Config.NCP.Platform, Cluster: r.Config.NCP.Cluster,
		Manager: node.Address, NodeID: node.ID, NSXVersion: node.Version, Log: r.Config.Log.Directory,
	}
	if unfinished {
		banner.RunID, banner.Scope = header.RunID, header.Scope
	}
	if r.writes() {
		banner.Mode = "migration"
		if r.Config.Migration.Command == config.CommandRollback {
			banner.Mode = "rollback"
		}
		if s, err := stepOf(header.State); err == nil && unfinished && (s.Found == records.RollingBack || s.Found == records.Closing) {
			banner.Mode = "rollback"
		}
	}
	r.Report.Start(banner)
	return nil
}

// foreignRecords says that the records on this disk belong to another NSX or cluster.
type foreignRecords struct{ what, recorded, configured string }

func (e *foreignRecords) Error() string {
	return fmt.Sprintf("the unfinished records on this disk are of another %s: they name %q, this is %q; nothing was touched: attach the right disk, or correct the configuration", e.what, e.recorded, e.configured)
}

// env is what the update rules know of a run.
func (r *Runner) env(scope mp.Scope, ids func(string) (string, bool), criteria map[string]bool) updates.Env {
	return updates.Env{
		Platform: r.Config.NCP.Platform, Scope: scope, Cluster: r.Config.NCP.Cluster,
		IDMap: ids, Workloads: workloads.None{}, CriteriaScopes: criteria, LeaveOutOptional: r.Config.Migration.LeaveOutOptionalTags,
	}
}

// known are the objects whose state a census of the scope asks for beside what it finds by itself: those of
// the unfinished run, or else those that a plan would count.
func (r *Runner) known(ctx context.Context, scope mp.Scope) ([]inventory.Known, error) {
	header, unfinished, err := r.recorded()
	if err != nil {
		return nil, err
	}
	if unfinished && header.Scope == string(scope) {
		return r.recordedObjects()
	}
	if scope == mp.NCP {
		return r.createdObjects(ctx), nil
	}
	if r.shared != nil || len(r.wanted()) == 0 {
		return r.shared, nil
	}
	inv, err := inventory.Retrieve(ctx, r.NSX, r.query(scope))
	if err != nil {
		return nil, err
	}
	if _, err := r.lookForLost(ctx, scope, inv); err != nil {
		r.Report.Warn("whether records of scope %s are lost could not be found out: %v", scope, err)
	}
	r.leaveConfigurations(inv, nil)
	r.shared = inv.Known()
	r.noteShared(inv)
	return r.shared, nil
}

// recordedObjects are all objects of the unfinished run, as they were before it.
func (r *Runner) recordedObjects() ([]inventory.Known, error) {
	var known []inventory.Known
	err := r.Records.Batches(func(b records.Batch) error {
		for _, e := range b.Entries {
			original, _, err := r.Records.Original(e.Type, e.ID)
			if err != nil {
				return err
			}
			known = append(known, inventory.Known{
				Ref:   mp.Ref{Type: mp.Type(e.Type), ID: e.ID},
				Place: inventory.Place{Parent: original.Facts["parent"], PolicyPath: e.PolicyPath},
				Hash:  original.Hash,
			})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the objects of the run from the records: %w", err)
	}
	header, _, err := r.Records.Run()
	if err != nil {
		return nil, err
	}
	for _, s := range header.Skipped { // asked for, too, and no less at the end than what the run migrated
		known = append(known, inventory.Known{
			Ref: mp.Ref{Type: mp.Type(s.Type), ID: s.ID}, Place: inventory.Place{Parent: s.Parent, PolicyPath: s.PolicyPath},
		})
	}
	return known, nil
}

// query asks for everything of one scope.
func (r *Runner) query(scope mp.Scope) inventory.Query {
	return inventory.Query{
		Scope: scope, Cluster: r.Config.NCP.Cluster, Platform: r.Config.NCP.Platform, Catalog: r.Catalog, Spec: r.wanted(),
		IndexTimeout: time.Duration(r.Config.NSX.Timeouts.Index), Waiting: r.Report.Waiting, Sleep: r.Clock.Sleep,
		Whole:     r.Config.Migration.Adopt,
		IndexLost: r.noIndex,
	}
}

// noIndex says once that Search does not work, and what helps.
func (r *Runner) noIndex(cause error) {
	r.indexLost.Do(func() {
		r.Report.Warn("NSX's search index does not work, so that the lists are read instead, which takes longer (%v); to have it built anew, log in to the CLI of each NSX manager and type: start search resync all", cause)
	})
}

// places tells where recorded objects live: the parent as it was read, and for allocations, whose evidence lies
// nowhere else, the Policy path that the plan expects. The batches are read once, when the first place is asked for.
func (r *Runner) places() func(mp.Ref) inventory.Place {
	var expected map[mp.Ref]string
	return func(ref mp.Ref) inventory.Place {
		if expected == nil {
			expected = r.expectedAllocations()
		}
		original, _, err := r.Records.Original(string(ref.Type), ref.ID)
		if err != nil {
			return inventory.Place{} // the object then shows as undecided
		}
		return inventory.Place{Parent: original.Facts["parent"], PolicyPath: expected[ref]}
	}
}

// expectedAllocations are the Policy paths that the plan expects of the run's allocations.
func (r *Runner) expectedAllocations() map[mp.Ref]string {
	expected := map[mp.Ref]string{}
	err := r.Records.Batches(func(b records.Batch) error {
		for _, e := range b.Entries {
			if ref := (mp.Ref{Type: mp.Type(e.Type), ID: e.ID}); ref.Type == mp.IPPoolAllocation {
				expected[ref] = e.PolicyPath
			}
		}
		return nil
	})
	if err != nil {
		r.Report.Warn("reading from the records where allocations go failed, so that they show as undecided: %v", err)
	}
	return expected
}

// object shows an entry of a plan to the update rules.
func object(e plan.Entry) updates.Object {
	return updates.Object{Type: e.Type, ID: e.ID, PolicyPath: e.PolicyPath, Name: e.Name, Tags: e.Tags, Names: e.Names, Facts: e.Facts}
}
