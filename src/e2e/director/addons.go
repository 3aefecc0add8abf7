package director

import (
	"fmt"
	"io"
	"net/http"
	"slices"

	"gopkg.in/yaml.v2"
)

// addon adds jobs to the instance groups of deployments that a runtime config selects. Its deployments take effect when
// they are deployed the next time.
type addon struct {
	Name    string     `yaml:"name"`
	Jobs    []groupJob `yaml:"jobs"`
	Include selection  `yaml:"include"`
}

// selection holds where every kind that it names has one that fits. Names are exact, as in a real Director.
type selection struct {
	Deployments []string `yaml:"deployments"`
	Groups      []string `yaml:"instance_groups"`
	Jobs        []struct {
		Name    string `yaml:"name"`
		Release string `yaml:"release"`
	} `yaml:"jobs"`
}

func (s selection) holds(deployment string, g group) bool {
	if len(s.Deployments) > 0 && !slices.Contains(s.Deployments, deployment) || len(s.Groups) > 0 && !slices.Contains(s.Groups, g.Name) {
		return false
	}
	if len(s.Jobs) == 0 {
		return true
	}
	for _, has := range g.Jobs {
		for _, wanted := range s.Jobs {
			if has.Name == wanted.Name && has.Release == wanted.Release {
				return true
			}
		}
	}
	return false
}

// parseRuntimeConfig refuses what is not obeyed here, and what a real Director refuses.
func parseRuntimeConfig(text []byte) ([]addon, error) {
	var config struct {
		Releases []struct {
			Name    string `yaml:"name"`
			Version string `yaml:"version"`
		} `yaml:"releases"`
		Addons []addon `yaml:"addons"`
	}
	if err := yaml.UnmarshalStrict(text, &config); err != nil {
		return nil, fmt.Errorf("reading the runtime config: %w", err)
	}
	known := map[string]bool{}
	for _, r := range config.Releases {
		if r.Version == "" || r.Version == "latest" {
			return nil, fmt.Errorf("Runtime manifest contains the release '%s' with version as '%s'. Please specify the actual version string.", r.Name, r.Version) //nolint:staticcheck // a real Director's words
		}
		known[r.Name] = true
	}
	for _, a := range config.Addons {
		for _, job := range a.Jobs {
			if !known[job.Release] {
				return nil, fmt.Errorf("reading the runtime config: addon %q needs release %q, which is not listed", a.Name, job.Release)
			}
		}
	}
	return config.Addons, nil
}

func (d *Director) postRuntimeConfig(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	var addons []addon
	if err == nil {
		addons, err = parseRuntimeConfig(text)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	d.mutex.Lock()
	d.addons[r.URL.Query().Get("name")] = addons
	d.mutex.Unlock()
	w.WriteHeader(http.StatusCreated)
}

// withAddons is the manifest with the jobs that runtime configs add to it.
func (d *Director) withAddons(m manifest) manifest {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	m.Groups = slices.Clone(m.Groups)
	for i, g := range m.Groups {
		for _, addons := range d.addons {
			for _, a := range addons {
				if a.Include.holds(m.Name, g) {
					m.Groups[i].Jobs = append(slices.Clip(m.Groups[i].Jobs), a.Jobs...)
				}
			}
		}
	}
	return m
}
