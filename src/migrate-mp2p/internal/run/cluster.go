package run

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// orphanSetting keeps in the records which static routes are orphans, separated by spaces, since no list shows them.
const orphanSetting = "orphan_routes"

// noteCreated keeps what a draft has read of NCP's objects, so that everything that is counted later means the same
// objects as the plan.
func (r *Runner) noteCreated(inv *inventory.Inventory, err error) {
	var absent *inventory.NoSuchCluster
	switch {
	case errors.As(err, &absent):
		r.absent = true
	case err == nil:
		r.created, r.orphanRoutes = inv.Known(), inv.OrphanRoutes()
	}
}

// leaveOrphans drops the orphans that are none, since what they belong to moves with an earlier scope.
func leaveOrphans(inv *inventory.Inventory, assume map[string]string) {
	inv.Orphans = slices.DeleteFunc(inv.Orphans, func(o inventory.Orphan) bool {
		_, moves := assume[o.Parent.ID]
		return moves
	})
}

// createdObjects are NCP's objects as a plan would count them. Where they cannot be read in this way, the census finds
// those that carry tags of their own, which is enough to tell a state, and says so.
func (r *Runner) createdObjects(ctx context.Context) []inventory.Known {
	if r.created != nil || r.absent {
		return r.created
	}
	inv, err := inventory.Retrieve(ctx, r.NSX, r.query(mp.NCP))
	var absent *inventory.NoSuchCluster
	switch {
	case err == nil:
		r.noteCreated(inv, nil)
		if _, err := r.lookForLost(ctx, mp.NCP, inv); err != nil {
			r.Report.Warn("whether records of scope %s are lost could not be found out: %v", mp.NCP, err)
		}
	case !errors.As(err, &absent): // that is for the census to find out
		r.Report.Warn("only NCP objects with tags of their own are counted, without addresses and ports of routers: %v", err)
	}
	return r.created
}

// nothing says why no list shows any object of NCP: "nothing to object to" would be a lie. While records are unfinished
// they decide. In scope shared it is no more than a warning.
func (r *Runner) nothing(ctx context.Context) error {
	_, unfinished, err := r.recorded()
	if err != nil || unfinished || r.absent {
		return err
	}
	err = inventory.CheckCluster(ctx, r.NSX, r.Catalog, r.Config.NCP.Cluster)
	var absent *inventory.NoSuchCluster
	switch {
	case err == nil:
		return fmt.Errorf("reading the objects of cluster %q: the search index knows some, but no list shows any", r.Config.NCP.Cluster)
	case errors.As(err, &absent):
		r.absent = true // said once
		if !slices.Contains(r.scopes(), mp.NCP) {
			r.Report.Warn("%v", err)
			return nil
		}
	}
	return err
}

// warnAbsent warns where only shared objects are asked for and NCP made nothing under the cluster's name.
func (r *Runner) warnAbsent(ctx context.Context) error {
	if slices.Contains(r.scopes(), mp.NCP) {
		return nil // the draft of scope ncp finds out
	}
	err := inventory.CheckCluster(ctx, r.NSX, r.Catalog, r.Config.NCP.Cluster)
	var absent *inventory.NoSuchCluster
	if !errors.As(err, &absent) {
		return err
	}
	r.absent = true
	r.Report.Warn("%v", err)
	return nil
}
