package director

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// instanceFilter is an instance, or all of a group, as run-errand's --instance names it.
type instanceFilter struct{ Group, ID string }

// runErrand runs a job's bin/run side by side on all instances that have it, or on those that are wanted, each on a VM made
// for this run with the instance's own disk.
func (d *Director) runErrand(ctx context.Context, t *task, deployment, errand string, wanted []instanceFilter) error {
	var running sync.WaitGroup
	var mutex sync.Mutex
	var failures error
	started := 0
	for _, g := range d.deployment(deployment).Groups {
		if !slices.ContainsFunc(g.Jobs, func(job groupJob) bool { return job.Name == errand }) {
			continue
		}
		for _, instance := range d.instances(deployment, g) {
			if len(wanted) > 0 && !slices.ContainsFunc(wanted, func(f instanceFilter) bool {
				return f.Group == g.Name && (f.ID == "" || f.ID == instance.ID)
			}) {
				continue
			}
			started++
			running.Go(func() {
				err := d.runErrandOn(ctx, t, instance, g, errand)
				mutex.Lock()
				defer mutex.Unlock()
				failures = errors.Join(failures, err)
			})
		}
	}
	running.Wait()
	if started == 0 {
		return fmt.Errorf("Errand '%s' doesn't exist", errand) //nolint:staticcheck // a real Director's words
	}
	return failures
}

func (d *Director) runErrandOn(ctx context.Context, t *task, on Instance, g group, errand string) (err error) {
	disk := ""
	if g.PersistentDisk > 0 || g.PersistentDiskType != "" {
		disk = d.DiskDir(on.Deployment, g.Name, on.Index)
	}
	instance := on.String()
	var v *vm
	if err := t.step("Creating missing vms", instance, func() (err error) {
		v, err = d.createVM(on, disk)
		return err
	}); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, t.step("Deleting errand instances", instance, func() error { return d.deleteVM(v) }))
	}()
	if err := t.step("Updating instance", instance, func() error { return d.updateInstance(ctx, t, v, g) }); err != nil {
		return err
	}

	var result struct {
		ExitCode int    `json:"exit_code"`
		Stdout   string `json:"stdout"`
		Stderr   string `json:"stderr"`
	}
	if err := t.step("Running errand", instance, func() error {
		value, err := v.agent.run(ctx, "run_errand", errand)
		if err != nil {
			return err
		}
		return json.Unmarshal(value, &result)
	}); err != nil {
		return err
	}
	var logs blob
	if err := t.step("Fetching logs for "+instance, "Finding and packing log files", func() error {
		// Not the task's context: after a cancel the logs are wanted all the same.
		value, err := v.agent.run(context.Background(), "fetch_logs", "job", []string{})
		if err != nil {
			return err
		}
		if err := json.Unmarshal(value, &logs); err != nil {
			return err
		}
		return v.agent.get(logs.BlobstoreID, d.blobFile(logs.BlobstoreID))
	}); err != nil {
		return err
	}
	return t.addResult(map[string]any{
		"instance": map[string]string{"group": g.Name, "id": on.ID}, "errand_name": errand,
		"exit_code": result.ExitCode, "stdout": result.Stdout, "stderr": result.Stderr, "logs": logs,
	})
}

// updateInstance puts a group's jobs and packages on a VM and starts them, as for any instance.
func (d *Director) updateInstance(ctx context.Context, t *task, v *vm, g group) error {
	packages := map[string]blob{}
	var templates []map[string]string
	folders := map[string]string{}
	defer func() {
		for _, folder := range folders {
			_ = os.RemoveAll(folder) // a rest in the temporary folder harms nobody
		}
	}()
	for _, wanted := range g.Jobs {
		job, folder, err := d.renderJob(v.instance, wanted)
		if err != nil {
			return err
		}
		folders[job.Name()] = folder
		templates = append(templates, map[string]string{"name": job.Name(), "version": job.Fingerprint()})
		for _, p := range job.Packages {
			file, err := d.compile(ctx, t, p)
			if err != nil {
				return err
			}
			b, err := v.agent.put(p.Name(), file)
			if err != nil {
				return err
			}
			b.Name, b.Version = p.Name(), p.Fingerprint()
			packages[p.Name()] = b
		}
	}
	archive := filepath.Join(v.dir, "rendered.tgz")
	if err := pack(folders, archive); err != nil {
		return err
	}
	rendered, err := v.agent.put("rendered", archive)
	if err != nil {
		return err
	}
	if _, err := v.agent.run(ctx, "apply", map[string]any{
		"deployment": v.instance.Deployment, "name": g.Name, "index": v.instance.Index, "id": v.instance.ID, "az": "z1",
		"packages": packages, "networks": map[string]any{},
		"job":                        map[string]any{"name": g.Name, "templates": templates},
		"rendered_templates_archive": rendered, "configuration_hash": rendered.SHA1,
	}); err != nil {
		return err
	}
	if _, err := v.agent.run(ctx, "run_script", "pre-start", map[string]any{}); err != nil {
		return err
	}
	_, err = v.agent.call("start")
	return err
}
