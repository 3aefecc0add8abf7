package director

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

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
	Name               string     `yaml:"name"`
	Instances          int        `yaml:"instances"`
	PersistentDisk     int        `yaml:"persistent_disk"`
	PersistentDiskType string     `yaml:"persistent_disk_type"`
	Jobs               []groupJob `yaml:"jobs"`
}

type groupJob struct {
	Name       string                      `yaml:"name"`
	Release    string                      `yaml:"release"`
	Properties map[interface{}]interface{} `yaml:"properties"`
}

// instances are those of a group; one of them is the bootstrap one.
func (d *Director) instances(deployment string, g group) []Instance {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	all := make([]Instance, g.Instances)
	for i := range all {
		all[i] = Instance{Deployment: deployment, Group: g.Name, ID: instanceID(deployment, g.Name, i), Index: i, Bootstrap: i == d.bootstrap[deployment]}
	}
	return all
}

// instanceID has the form of a real one, and is the same in every run.
func instanceID(deployment, group string, index int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", deployment, group, index))
	return fmt.Sprintf("%x-%x-4%x-8%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// String is the instance as the bosh CLI names it.
func (i Instance) String() string { return i.Group + "/" + i.ID }

func parseManifest(text []byte) (manifest, error) {
	var m manifest
	if err := yaml.Unmarshal(text, &m); err != nil {
		return manifest{}, fmt.Errorf("reading the manifest: %w", err)
	}
	if m.Name == "" {
		return manifest{}, errors.New("reading the manifest: it has no name")
	}
	for _, g := range m.Groups {
		if g.Instances < 1 {
			return manifest{}, fmt.Errorf("reading the manifest: instance group %q has no instances", g.Name)
		}
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
	m = d.withAddons(m)
	var jobs []boshjob.Job
	err := t.step("Preparing deployment", "Preparing deployment", func() error {
		for _, g := range m.Groups {
			for _, wanted := range g.Jobs {
				for _, instance := range d.instances(m.Name, g) {
					job, folder, err := d.renderJob(instance, wanted)
					if err != nil {
						return fmt.Errorf("rendering templates of %s: %w", instance, err)
					}
					if err := os.RemoveAll(folder); err != nil {
						return err
					}
					jobs = append(jobs, job)
				}
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

// renderJob renders the templates of a job for an instance into a new folder.
func (d *Director) renderJob(instance Instance, wanted groupJob) (boshjob.Job, string, error) {
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
	folder, err := Render(job, properties, instance)
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
	release, err := alone(ctx, file)
	if err != nil {
		return "", err
	}
	defer release()
	if _, err := os.Stat(file); err == nil {
		return file, nil // another Director has compiled it meanwhile
	}
	err = t.step("Compiling packages", p.Name()+"/"+p.Fingerprint(), func() error {
		v, err := d.createVM(Instance{Deployment: "compilation", Group: p.Name(), ID: "0"}, "")
		if err != nil {
			return err
		}
		return errors.Join(d.compileOn(ctx, v, p, dependencies, file), d.deleteVM(v))
	})
	return file, err
}

// alone lets one Director at a time compile a package: those who share the compiled ones wait for it. A process that dies lets go.
func alone(ctx context.Context, file string) (release func(), err error) {
	lock, err := os.OpenFile(file+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the compilation of %s: %w", filepath.Base(file), err)
	}
	release = func() { _ = lock.Close() } // which cannot lose anything
	for {
		switch err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
		case err == nil:
			return release, nil
		case !errors.Is(err, syscall.EWOULDBLOCK):
			release()
			return nil, fmt.Errorf("locking the compilation of %s: %w", filepath.Base(file), err)
		}
		select {
		case <-ctx.Done():
			release()
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
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
