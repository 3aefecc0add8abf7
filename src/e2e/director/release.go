package director

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/cloudfoundry/bosh-cli/v7/crypto"
	boshrelease "github.com/cloudfoundry/bosh-cli/v7/release"
	boshjob "github.com/cloudfoundry/bosh-cli/v7/release/job"
	jobmanifest "github.com/cloudfoundry/bosh-cli/v7/release/job/manifest"
	"github.com/cloudfoundry/bosh-cli/v7/release/resource"
	"github.com/cloudfoundry/bosh-cli/v7/templatescompiler"
	"github.com/cloudfoundry/bosh-cli/v7/templatescompiler/erbrenderer"
	boshcrypto "github.com/cloudfoundry/bosh-utils/crypto"
	"github.com/cloudfoundry/bosh-utils/fileutil"
	"github.com/cloudfoundry/bosh-utils/logger"
	"github.com/cloudfoundry/bosh-utils/property"
	"github.com/cloudfoundry/bosh-utils/system"
	"github.com/cloudfoundry/bosh-utils/uuid"
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

// Render renders all templates of a job by the bosh CLI's own renderer into a new folder, which the caller deletes.
// The properties are YAML, as under `properties:` in a manifest.
func Render(job boshjob.Job, properties []byte, deployment string) (string, error) {
	values := map[interface{}]interface{}{}
	if err := yaml.Unmarshal(properties, &values); err != nil {
		return "", fmt.Errorf("reading properties: %w", err)
	}
	given, err := property.BuildMap(values)
	if err != nil {
		return "", fmt.Errorf("reading properties: %w", err)
	}
	fs := system.NewOsFileSystem(quiet)
	erb := erbrenderer.NewERBRenderer(fs, system.NewExecCmdRunner(quiet), quiet)
	renderer := templatescompiler.NewJobRenderer(erb, fs, uuid.NewGenerator(), quiet)
	rendered, err := renderer.Render(job, &given, property.Map{}, property.Map{}, deployment, "127.0.0.1")
	if err != nil {
		return "", err
	}
	return rendered.Path(), nil
}
