package director

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	boshjob "github.com/cloudfoundry/bosh-cli/v7/release/job"
	boshpkg "github.com/cloudfoundry/bosh-cli/v7/release/pkg"
	"gopkg.in/yaml.v2"
)

// manifest is the part of a deployment manifest that is obeyed here.
type manifest struct {
	Name   string  `yaml:"name"`
	Groups []group `yaml:"instance_groups"`
}

type group struct {
	Name               string `yaml:"name"`
	PersistentDisk     int    `yaml:"persistent_disk"`
	PersistentDiskType string `yaml:"persistent_disk_type"`
	Jobs               []struct {
		Name       string                      `yaml:"name"`
		Release    string                      `yaml:"release"`
		Properties map[interface{}]interface{} `yaml:"properties"`
	} `yaml:"jobs"`
}

func parseManifest(text []byte) (manifest, error) {
	var m manifest
	if err := yaml.Unmarshal(text, &m); err != nil {
		return manifest{}, fmt.Errorf("reading the manifest: %w", err)
	}
	if m.Name == "" {
		return manifest{}, errors.New("reading the manifest: it has no name")
	}
	return m, nil
}

func (d *Director) deployment(name string) manifest {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.deployments[name]
}

// deploy does what can fail early, as a real Director does: it renders all templates and compiles all packages. VMs of
// errands are created when they run.
func (d *Director) deploy(ctx context.Context, t *task, m manifest) error {
	var jobs []boshjob.Job
	err := t.step("Preparing deployment", "Preparing deployment", func() error {
		for _, g := range m.Groups {
			for i := range g.Jobs {
				job, folder, err := d.renderJob(m.Name, g, i)
				if err != nil {
					return fmt.Errorf("rendering templates of %s: %w", g.Name, err)
				}
				if err := os.RemoveAll(folder); err != nil {
					return err
				}
				jobs = append(jobs, job)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, job := range jobs {
		for _, p := range job.Packages {
			if _, err := d.compile(ctx, t, p); err != nil {
				return err
			}
		}
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.deployments[m.Name] = m
	return nil
}

// renderJob renders the templates of a group's job into a new folder.
func (d *Director) renderJob(deployment string, g group, index int) (boshjob.Job, string, error) {
	wanted := g.Jobs[index]
	d.mutex.Lock()
	release, ok := d.releases[wanted.Release]
	d.mutex.Unlock()
	if !ok {
		return boshjob.Job{}, "", fmt.Errorf("release %q is not uploaded", wanted.Release)
	}
	job, ok := release.FindJobByName(wanted.Name)
	if !ok {
		return boshjob.Job{}, "", fmt.Errorf("release %q has no job %q", wanted.Release, wanted.Name)
	}
	properties, err := yaml.Marshal(wanted.Properties)
	if err != nil {
		return boshjob.Job{}, "", err
	}
	folder, err := Render(job, properties, Instance{Deployment: deployment, Group: g.Name, ID: "0", Bootstrap: true})
	return job, folder, err
}

// compiledFile is where a package's compiled form is kept.
func (d *Director) compiledFile(p boshpkg.Compilable) string {
	return filepath.Join(d.options.Compiled, p.Name()+"-"+strings.ReplaceAll(p.Fingerprint(), ":", "-")+".tgz")
}

// compile makes sure that a package is compiled, what it depends on first, each in a VM of its own. It returns the file.
func (d *Director) compile(ctx context.Context, t *task, p boshpkg.Compilable) (string, error) {
	file := d.compiledFile(p)
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	dependencies := map[string]string{} // package name to file
	for _, dependency := range p.Deps() {
		compiled, err := d.compile(ctx, t, dependency)
		if err != nil {
			return "", err
		}
		dependencies[dependency.Name()] = compiled
	}
	err := t.step("Compiling packages", p.Name()+"/"+p.Fingerprint(), func() error {
		v, err := d.createVM("compilation", p.Name(), "")
		if err != nil {
			return err
		}
		return errors.Join(d.compileOn(ctx, v, p, dependencies, file), d.deleteVM(v))
	})
	return file, err
}

func (d *Director) compileOn(ctx context.Context, v *vm, p boshpkg.Compilable, dependencies map[string]string, file string) error {
	source, err := v.agent.put("source", p.ArchivePath())
	if err != nil {
		return err
	}
	needed := map[string]blob{}
	for _, dependency := range p.Deps() {
		b, err := v.agent.put(dependency.Name(), dependencies[dependency.Name()])
		if err != nil {
			return err
		}
		b.Name, b.Version = dependency.Name(), dependency.Fingerprint()
		needed[b.Name] = b
	}
	value, err := v.agent.run(ctx, "compile_package", source.BlobstoreID, source.SHA1, p.Name(), p.Fingerprint(), needed)
	if err != nil {
		return fmt.Errorf("compiling package %s: %w", p.Name(), err)
	}
	var answer struct{ Result blob }
	if err := json.Unmarshal(value, &answer); err != nil {
		return fmt.Errorf("compiling package %s: %w", p.Name(), err)
	}
	return v.agent.get(answer.Result.BlobstoreID, file)
}

// pack makes the archive of rendered jobs that an agent expects.
func pack(folders map[string]string, archive string) error {
	staging, err := os.MkdirTemp(filepath.Dir(archive), "rendered-")
	if err != nil {
		return err
	}
	for job, folder := range folders {
		if err == nil {
			err = os.CopyFS(filepath.Join(staging, job), os.DirFS(folder))
		}
	}
	if err == nil {
		var output []byte
		if output, err = exec.Command("tar", "-czf", archive, "-C", staging, ".").CombinedOutput(); err != nil {
			err = fmt.Errorf("packing rendered templates: %w: %s", err, output)
		}
	}
	return errors.Join(err, os.RemoveAll(staging))
}
