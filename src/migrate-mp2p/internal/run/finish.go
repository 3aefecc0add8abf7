package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/report"
)

// finish ends a run that is complete or rolled back: it reads once more by lists what the objects are,
// writes the report, gives up the coordinator and the lease, and archives the records. The order lets a
// crash anywhere in it be followed by doing all of it again.
func (j *job) finish(ctx context.Context) error {
	header, _, err := j.Records.Run()
	if err != nil {
		return fmt.Errorf("reading the records: %w", err)
	}
	census, err := j.census(ctx)
	if err != nil {
		return fmt.Errorf("verifying by lists: %w", err)
	}
	contradicts := header.State == records.Complete && census.Manager.N > 0 || header.State == records.RolledBack && census.Policy.N > 0
	if contradicts {
		if err := j.unlessRestored(ctx, header); err != nil {
			return err
		}
	}
	unrestored := j.verify(header, census)
	adopted, err := j.adoptedAtEnd(ctx, header)
	if err != nil {
		return err
	}
	j.verifySNAT(ctx, header)
	// What the objects are is known from here on, whatever becomes of the rest.
	if adopted.left == 0 {
		j.noteLost(j.scope(), lostObjects{})
	}
	if adopted.keepWorkflow {
		header.CoordinatorStarted = false
	}
	unrestored = append(unrestored, adopted.unrestored...)
	files := j.report(header, counts(census), adopted.left, unrestored, j.realization(ctx, header))
	if err := j.giveBack(ctx, header); err != nil {
		return err
	}
	return j.archive(files)
}

// counts are the numbers of a census that the exit code looks at. NCP's objects that are new count as Manager.
func counts(c *inventory.Census) *Counts {
	return &Counts{Manager: c.Manager.N + c.New.N, Policy: c.Policy.N, Undecided: c.Undecided.N, Orphans: c.Orphans.N}
}

func scopeState(scope string, c *Counts) report.ScopeState {
	return report.ScopeState{Scope: scope, Manager: c.Manager, Policy: c.Policy, Undecided: c.Undecided, Orphans: c.Orphans}
}

// verify says what the last look shows that should not be, and names what a rollback did not restore.
func (j *job) verify(header records.Header, census *inventory.Census) (unrestored []string) {
	complain := func(c inventory.Count, format string) {
		if c.N > 0 {
			j.Report.Warn("%d objects "+format+": %v", c.N, c.First)
		}
	}
	complain(census.Orphans, "stay Manager, since what they belong to is not migrated")
	complain(census.Undecided, "do not show whether they are Manager or Policy")
	if header.State == records.Complete {
		complain(census.Manager, "are Manager although the run is complete")
		complain(census.New, "were made in Manager mode while the run went on: NCP was not stopped")
		complain(census.Absent, "were deleted while the run went on")
		return nil
	}
	complain(census.Policy, "are still Policy although the run is rolled back")
	complain(census.Changed, "are not what they were before the run (look at them before NCP starts: NSX's rollback may "+
		"move firewall sections and give their rules new ids)")
	return slices.Concat(census.Policy.First, census.Changed.First, census.Absent.First)
}

// verifySNAT warns when migrated SNAT rules do not carry the firewall match that lets them pass the rules of a
// gateway's firewall. That Search knows the field is ASSUMED.
func (j *job) verifySNAT(ctx context.Context, header records.Header) {
	if header.State != records.Complete || j.scope() != mp.NCP {
		return
	}
	query := `resource_type:PolicyNatRule AND action:SNAT AND tags.scope:"ncp/cluster" AND tags.tag:` + mp.Quote(header.Cluster)
	other := 0
	_, err := j.NSX.Search(ctx, mp.Policy, query+" AND NOT firewall_match:BYPASS", func(results []json.RawMessage) error {
		for _, body := range results {
			var rule struct {
				Tags  []mp.Tag `json:"tags"`
				Match string   `json:"firewall_match"`
			}
			if err := json.Unmarshal(body, &rule); err != nil {
				return fmt.Errorf("reading a NAT rule: %w", err)
			}
			if rule.Match != "BYPASS" && slices.Contains(rule.Tags, mp.Tag{Scope: "ncp/cluster", Tag: j.header.Cluster}) { // Search compares loosely
				other++
			}
		}
		return nil
	})
	switch {
	case err != nil:
		j.Report.Warn("whether migrated SNAT rules carry firewall match BYPASS could not be found out: %v", err)
	case other > 0:
		j.Report.Warn("%d SNAT rules do not carry firewall match BYPASS: rules on the gateway's firewall may block their traffic", other)
	}
}

// archive moves the records to runs/<run id>. A disk that is full here costs nothing: the records stay, and
// the next run archives them.
func (j *job) archive(files report.Files) error {
	err := j.archived(j.Records.Archive(j.archiveInput(files)))
	var full *records.ErrNoSpace
	if errors.As(err, &full) {
		j.Report.Warn("the records stay in place, the next run archives them: %v", err)
		return nil
	}
	return err
}

// archived warns of what failed only after the records had been archived, which changes nothing else.
func (r *Runner) archived(err error) error {
	var after *records.ErrAfterArchive
	if errors.As(err, &after) {
		r.Report.Warn("%v", err)
		return nil
	}
	return err
}
