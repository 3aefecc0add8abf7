package programs

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

// Machine is the errand's VM: a folder with configuration, records and log. Its programs are started anew for each run.
type Machine struct {
	// Environment is added to that of the errand's process ("NAME=value").
	Environment []string

	programs *Programs
	nsx      Readier
	dir      string
}

// Readier is an NSX that says how to connect: the built simulator, or one within the test process.
type Readier interface{ Ready() Ready }

// NewMachine makes a machine in a folder, for an NSX. Configure it before the first run.
func (p *Programs) NewMachine(dir string, nsx Readier) *Machine {
	return &Machine{programs: p, nsx: nsx, dir: dir}
}

// Changes change config.json. Keys are dotted ("nsx.password"); the value nil takes a key out.
type Changes map[string]any

// Apply changes a configuration.
func (c Changes) Apply(config map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(c)) {
		set(config, strings.Split(key, "."), c[key])
	}
}

// ConfigFile, SpecFile, RecordsDir and LogDir are where things lie.
func (m *Machine) ConfigFile() string { return filepath.Join(m.dir, "config.json") }

// SpecFile is the user spec.
func (m *Machine) SpecFile() string { return filepath.Join(m.dir, "user-spec.yaml") }

// RecordsDir holds the migration records.
func (m *Machine) RecordsDir() string { return filepath.Join(m.dir, "records") }

// LogDir holds log, plan and reports.
func (m *Machine) LogDir() string { return filepath.Join(m.dir, "log") }

// Configure writes config.json as an operator would have it, armed and with all that NSX's ready file says, then
// changed as asked. The user spec is written when there is none.
func (m *Machine) Configure(changes ...Changes) error {
	ready := m.nsx.Ready()
	config := map[string]any{
		"ncp": map[string]any{"platform": ready.Platform, "cluster": ready.Cluster},
		"nsx": map[string]any{
			"managers": []string{strings.TrimPrefix(ready.URL, "https://")}, "username": ready.Username, "password": ready.Password,
			"ca_certificate": filepath.Join(m.dir, "ca.pem"), "requests_per_second": 10_000,
		},
		"migration": map[string]any{"enabled": true, "strategy": "all-down", "resources": "all", "user_spec": m.SpecFile()},
		"records":   map[string]any{"directory": m.RecordsDir(), "require_mount": false},
		"log":       map[string]any{"directory": m.LogDir(), "level": "debug"},
		"instance":  map[string]any{"bootstrap": true},
	}
	for _, change := range changes {
		change.Apply(config)
	}
	text, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the configuration: %w", err)
	}
	files := map[string][]byte{m.ConfigFile(): text, filepath.Join(m.dir, "ca.pem"): []byte(ready.CA)}
	if _, err := os.Stat(m.SpecFile()); err != nil {
		files[m.SpecFile()] = []byte(UserSpec(ready.Shared))
	}
	for path, content := range files {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return fmt.Errorf("configuring the errand: %w", err)
		}
	}
	return nil
}

// set puts a value at a path of nested maps.
func set(in map[string]any, path []string, value any) {
	for _, key := range path[:len(path)-1] {
		inner, ok := in[key].(map[string]any)
		if !ok {
			inner = map[string]any{}
			in[key] = inner
		}
		in = inner
	}
	if last := path[len(path)-1]; value == nil {
		delete(in, last)
	} else {
		in[last] = value
	}
}

// UserSpec is the user spec that lists these objects by their Manager ids.
func UserSpec(shared []model.Shared) string {
	lines := map[string]string{}
	for _, s := range shared {
		lines[s.List] += fmt.Sprintf("  - id: %s # %s\n", s.ID, s.DisplayName)
	}
	text := "version: 1\nshared:\n"
	for _, key := range slices.Sorted(maps.Keys(lines)) {
		text += "  " + key + ":\n" + lines[key]
	}
	return text
}

// Start starts migrate-mp2p with a command and the machine's configuration.
func (m *Machine) Start(command string, arguments ...string) (*Process, error) {
	return start(m.dir, m.Environment, m.programs.Migrate, append([]string{command, "--config", m.ConfigFile()}, arguments...)...)
}

// Run runs migrate-mp2p to its end.
func (m *Machine) Run(ctx context.Context, command string, arguments ...string) (Result, error) {
	p, err := m.Start(command, arguments...)
	if err != nil {
		return Result{}, err
	}
	return p.Wait(ctx)
}
