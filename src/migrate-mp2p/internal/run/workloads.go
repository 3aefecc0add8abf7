package run

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/plan"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/updates"
	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

// readWorkloads reads what the platform knows, if any rule may ask for it in this run. That is in phase 1 and again before
// phase 3; nothing else needs the platform.
func (r *Runner) readWorkloads(ctx context.Context, env updates.Env) (workloads.Source, error) {
	if !r.Rules.LooksUp(env) {
		return workloads.None{}, nil
	}
	source, err := r.Platform.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the workloads of %s %q: %w", env.Platform, env.Cluster, err)
	}
	return source, nil
}

// recordedWorkloads are those of phase 3, for whoever reads the updates again. The platform is asked only for what no rule
// asked for then, which are rules of the operator that came later.
func (j *job) recordedWorkloads(ctx context.Context, env updates.Env) (workloads.Source, error) {
	if !j.Rules.LooksUp(env) {
		return workloads.None{}, nil
	}
	answers, err := j.Records.Workloads()
	if err != nil {
		return nil, err
	}
	return workloads.Noted(answers, func() (workloads.Source, error) { return j.readWorkloads(ctx, env) }), nil
}

// foresee runs the update rules over a plan, as phase 3 will over the Policy objects, so that what they cannot do is known
// before anything is sent.
func (r *Runner) foresee(ctx context.Context, p *plan.Plan, env updates.Env) error {
	if r.Config.Migration.Command == config.CommandRollback {
		return nil // nothing is to be migrated
	}
	source, err := r.readWorkloads(ctx, env)
	if err != nil {
		return err
	}
	env.Workloads = source
	left := &counted{}
	env.LeftOut = func(o updates.Object, tag string) { left.add(fmt.Sprintf("%s of %s", tag, o.Name)) }
	if err := updates.Preview(r.Rules, objects(p), env); err != nil {
		return fmt.Errorf("foreseeing the updates of phase 3: %w", err)
	}
	if left.n > 0 {
		r.Report.Warn("%d optional tags are left out, as migration.leave_out_optional_tags asks, since the objects would have more than NSX allows: %s", left.n, left)
	}
	if env.Scope == mp.NCP && r.Platform.Provides(workloads.PodUID) {
		r.comparePods(objects(p), source)
	}
	return nil
}

// The tags by which the port of a pod names it (NCP 2.3 debug log).
const (
	projectTag = "ncp/project"
	podTag     = "ncp/pod"
	podUIDTag  = "ncp/pod_uid"
)

// comparePods counts the ports whose pods are gone or were made anew, which happens while NCP is stopped. Nothing that is
// migrated depends on them: NCP takes such ports away when it starts.
func (r *Runner) comparePods(objects iter.Seq[updates.Object], source workloads.Source) {
	gone, anew := &counted{}, &counted{}
	for o := range objects {
		pod := tagOf(o, podTag)
		if o.Type != mp.LogicalPort || pod == "" {
			continue
		}
		uid, err := source.Lookup(workloads.PodUID, tagOf(o, projectTag), pod)
		var missing *workloads.Missing
		switch {
		case errors.As(err, &missing):
			gone.add(fmt.Sprintf("%s (%s)", o.Name, o.ID))
		case err == nil && uid != tagOf(o, podUIDTag):
			anew.add(fmt.Sprintf("%s (%s)", o.Name, o.ID))
		}
	}
	const after = "; they are migrated as they are, and NCP takes them away when it starts"
	if gone.n > 0 {
		r.Report.Warn("ports whose pods are gone: %d (%s)%s", gone.n, gone, after)
	}
	if anew.n > 0 {
		r.Report.Warn("ports whose pods were made anew since: %d (%s)%s", anew.n, anew, after)
	}
}

// comparePodsAgain is comparePods for the ports that this run has migrated: pods go at any time.
func (j *job) comparePodsAgain(source workloads.Source) error {
	if j.scope() != mp.NCP || !j.Platform.Provides(workloads.PodUID) {
		return nil
	}
	var failed error
	j.comparePods(func(yield func(updates.Object) bool) {
		failed = j.Records.Migrated(func(m records.MigratedObject) error {
			if mp.Type(m.Type) != mp.LogicalPort {
				return nil
			}
			original, _, err := j.Records.Original(m.Type, m.ID)
			if err == nil {
				yield(updates.Object{Type: mp.LogicalPort, ID: m.ID, Name: original.Name, Tags: original.Tags})
			}
			return err
		})
	}, source)
	return failed
}

func tagOf(o updates.Object, scope string) string {
	for _, t := range o.Tags {
		if t.Scope == scope {
			return t.Tag
		}
	}
	return ""
}

// counted is how many there are, and the first few.
type counted struct {
	n     int
	first []string
}

func (c *counted) add(name string) {
	if c.n++; c.n <= 3 {
		c.first = append(c.first, name)
	}
}

func (c *counted) String() string {
	if c.n > len(c.first) {
		return "first " + strings.Join(c.first, ", ")
	}
	return strings.Join(c.first, ", ")
}
