package director

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// runErrand runs a job's bin/run in the group that has it, on a VM made for this run, with the group's disk.
func (d *Director) runErrand(ctx context.Context, t *task, deployment, errand string) error {
	for _, g := range d.deployment(deployment).Groups {
		for _, job := range g.Jobs {
			if job.Name == errand {
				return d.runErrandIn(ctx, t, deployment, g, errand)
			}
		}
	}
	return fmt.Errorf("Errand '%s' doesn't exist", errand) //nolint:staticcheck // a real Director's words
}

func (d *Director) runErrandIn(ctx context.Context, t *task, deployment string, g group, errand string) (err error) {
	disk := ""
	if g.PersistentDisk > 0 || g.PersistentDiskType != "" {
		disk = d.DiskDir(deployment, g.Name)
	}
	instance := g.Name + "/0"
	var v *vm
	if err := t.step("Creating missing vms", instance, func() (err error) {
		v, err = d.createVM(deployment, g.Name, disk)
		return err
	}); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, t.step("Deleting errand instances", instance, func() error { return d.deleteVM(v) }))
	}()
	if err := t.step("Updating instance", instance, func() error { return d.updateInstance(ctx, t, v, deployment, g) }); err != nil {
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
		"instance": map[string]string{"group": g.Name, "id": "0"}, "errand_name": errand,
		"exit_code": result.ExitCode, "stdout": result.Stdout, "stderr": result.Stderr, "logs": logs,
	})
}

// updateInstance puts a group's jobs and packages on a VM and starts them, as for any instance.
func (d *Director) updateInstance(ctx context.Context, t *task, v *vm, deployment string, g group) error {
	packages := map[string]blob{}
	var templates []map[string]string
	folders := map[string]string{}
	defer func() {
		for _, folder := range folders {
			_ = os.RemoveAll(folder) // a rest in the temporary folder harms nobody
		}
	}()
	for i := range g.Jobs {
		job, folder, err := d.renderJob(deployment, g, i)
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
		"deployment": deployment, "name": g.Name, "index": 0, "id": "0", "az": "z1",
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
