package director

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cloudfoundry/bosh-cli/v7/crypto"
	boshrelease "github.com/cloudfoundry/bosh-cli/v7/release"
	boshjob "github.com/cloudfoundry/bosh-cli/v7/release/job"
	jobmanifest "github.com/cloudfoundry/bosh-cli/v7/release/job/manifest"
	"github.com/cloudfoundry/bosh-cli/v7/release/resource"
	"github.com/cloudfoundry/bosh-cli/v7/templatescompiler/erbrenderer"
	boshcrypto "github.com/cloudfoundry/bosh-utils/crypto"
	"github.com/cloudfoundry/bosh-utils/fileutil"
	"github.com/cloudfoundry/bosh-utils/logger"
	"github.com/cloudfoundry/bosh-utils/property"
	"github.com/cloudfoundry/bosh-utils/system"
	"gopkg.in/yaml.v2"
)

var quiet = logger.NewLogger(logger.LevelNone)

func (d *Director) addRelease(tarball string) error {
	fs := system.NewOsFileSystem(quiet)
	runner := system.NewExecCmdRunner(quiet)
	digest := crypto.NewDigestCalculator(fs, []boshcrypto.Algorithm{boshcrypto.DigestAlgorithmSHA256})
	provider := boshrelease.NewProvider(runner, fileutil.NewTarballCompressor(runner, fs), digest, fs, quiet)
	release, err := provider.NewExtractingArchiveReader().Read(tarball)
	if err != nil {
		return fmt.Errorf("reading the release: %w", err)
	}
	if err := os.Remove(tarball); err != nil {
		return err
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.releases[release.Name()] = release
	return nil
}

// JobFromFolder reads a job from its folder in a release's sources, ready to be rendered.
func JobFromFolder(folder string) (boshjob.Job, error) {
	fs := system.NewOsFileSystem(quiet)
	spec, err := jobmanifest.NewManifestFromPath(filepath.Join(folder, "spec"), fs)
	if err != nil {
		return boshjob.Job{}, err
	}
	job := boshjob.NewExtractedJob(resource.NewResource(spec.Name, "source", nil), folder, fs)
	job.Templates, job.PackageNames = spec.Templates, spec.Packages
	job.Properties = map[string]boshjob.PropertyDefinition{}
	for name, definition := range spec.Properties {
		value, err := property.Build(definition.Default)
		if err != nil {
			return boshjob.Job{}, fmt.Errorf("reading the default of property %q: %w", name, err)
		}
		job.Properties[name] = boshjob.PropertyDefinition{Description: definition.Description, Default: value}
	}
	return *job, nil
}

// Instance is what a Director tells templates of the instance for which they are rendered.
type Instance struct {
	Deployment string
	Group      string // the instance group's name
	ID         string // stays the same for the life of the deployment
	Index      int
	Bootstrap  bool
}

// Render renders all templates of a job by the bosh CLI's own ERB renderer into a new folder, which the caller deletes.
// Other than with create-env, they see the instance as a Director shows it. The properties are YAML, as under
// `properties:` in a manifest.
func Render(job boshjob.Job, properties []byte, instance Instance) (folder string, err error) {
	values := map[interface{}]interface{}{}
	if err := yaml.Unmarshal(properties, &values); err != nil {
		return "", fmt.Errorf("reading properties: %w", err)
	}
	given, err := property.BuildMap(values)
	if err != nil {
		return "", fmt.Errorf("reading properties: %w", err)
	}
	defaults := property.Map{}
	for name, definition := range job.Properties {
		defaults[name] = definition.Default
	}
	seen := evaluation{
		"deployment": instance.Deployment, "name": instance.Group, "id": instance.ID, "index": instance.Index,
		"bootstrap": instance.Bootstrap, "az": "z1", "ip": "127.0.0.1", "address": "127.0.0.1",
		"job":      map[string]any{"name": instance.Group},
		"networks": map[string]any{"default": map[string]any{"ip": "127.0.0.1"}},
		// The renderer merges those of create-env's manifest; a Director gives those of the job alone.
		"job_properties": given, "default_properties": defaults,
		"global_properties": property.Map{}, "cluster_properties": property.Map{},
	}
	folder, err = os.MkdirTemp("", "rendered-")
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}()
	fs := system.NewOsFileSystem(quiet)
	erb := erbrenderer.NewERBRenderer(fs, system.NewExecCmdRunner(quiet), quiet)
	files := map[string]string{"monit": "monit"}
	for source, target := range job.Templates {
		files[filepath.Join("templates", source)] = target
	}
	for source, target := range files {
		target = filepath.Join(folder, target)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return "", err
		}
		if err := erb.Render(filepath.Join(job.ExtractedPath(), source), target, seen); err != nil {
			return "", fmt.Errorf("rendering %s: %w", source, err)
		}
	}
	return folder, nil
}

// evaluation is what a template can ask for, in the renderer's own form.
type evaluation map[string]any

func (e evaluation) MarshalJSON() ([]byte, error) { return json.Marshal(map[string]any(e)) }
