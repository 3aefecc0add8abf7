package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/bounded"
	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// inferredSpec is the file's name in the log folder where no other was asked for.
const inferredSpec = "user-spec.yaml"

// inferSpec writes a user spec with what the cluster needs. Where none was given, the plan goes on with the written one,
// so that the operator sees at once what it would come to. It answers what the operator has to do next.
func (r *Runner) inferSpec(ctx context.Context) (next string, err error) {
	configured, err := r.configured()
	if err != nil {
		return "", err
	}
	r.Report.Say("inferring the user spec from what the objects of cluster %q refer to", r.Config.NCP.Cluster)
	needs, err := inventory.Infer(ctx, r.NSX, r.query(mp.NCP), configured)
	if err != nil {
		return "", err
	}
	path := r.UserSpecFile
	if path == "" {
		path = filepath.Join(r.Config.Log.Directory, inferredSpec)
	}
	text := r.specText(needs)
	if err := writeOnce(path, text); err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		r.Report.Say("  %s", strings.TrimRight(line, "\n"))
	}
	spec, err := config.LoadUserSpec(path, SpecKinds(r.Catalog))
	if err != nil {
		return "", fmt.Errorf("reading the inferred user spec again: %w", err)
	}
	next = fmt.Sprintf("read the inferred user spec %s, correct it, and give it as migration.user_spec", path)
	if len(r.Spec.Shared)+len(r.Spec.Custom) > 0 {
		return next + "; the plan above is that of the user spec that was given", nil
	}
	r.Spec = spec
	return next + "; the plan above is that of the inferred one", nil
}

// configured is what TKGI's configuration names, when it is given.
func (r *Runner) configured() ([]inventory.Configured, error) {
	if r.Config.Migration.TKGIConfiguration == "" {
		return nil, nil
	}
	types := inventory.TKGIKeys()
	names, err := config.LoadTKGIConfiguration(r.Config.Migration.TKGIConfiguration, slices.Sorted(maps.Keys(types)))
	if err != nil {
		return nil, fmt.Errorf("reading migration.tkgi_configuration: %w", err)
	}
	var all []inventory.Configured
	for _, n := range names {
		all = append(all, inventory.Configured{Key: n.Key, Type: types[n.Key], Name: n.Name})
	}
	return all, nil
}

// writeOnce writes a file that does not exist yet. A file with the same content is left as it is, and another one is an
// error, since somebody may have corrected it.
func writeOnce(path string, text []byte) error {
	there, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return records.DurableWrite(path, text)
	case err != nil:
		return fmt.Errorf("writing the inferred user spec: %w", err)
	case bytes.Equal(there, text):
		return nil
	}
	return fmt.Errorf("writing the inferred user spec: %s exists and says something else; keep it under another name, or remove it", path)
}

// specText is the user spec with the reason for each entry. The same NSX gives the same text.
func (r *Runner) specText(needs *inventory.Needs) []byte {
	var b bytes.Buffer
	comment := func(format string, values ...any) { fmt.Fprintf(&b, "# "+format+"\n", values...) }
	comment("Inferred from what the objects of cluster %q refer to. Nobody has decided this yet:", needs.Cluster)
	comment("read it, correct it, and give it as migration.user_spec. Each entry says why it is here.")
	if len(needs.Others) > 0 {
		comment("Other clusters on this NSX use such objects, too, which move for all of them at once, and may need others beside:")
		comment("%s", boundedNames(needs.Others))
	}
	b.WriteString("version: 1\n")
	listed := 0
	for _, e := range r.Catalog.Entries() {
		for i, n := range ofType(needs.Objects, e.Type, r.Catalog) {
			if listed == 0 {
				b.WriteString("shared:\n")
			}
			listed++
			if i == 0 {
				fmt.Fprintf(&b, "  %s:\n", e.SpecKey)
			}
			fmt.Fprintf(&b, "  # %q: %s\n  - id: %q\n", n.Name, why(n), n.Ref.ID)
		}
	}
	if listed == 0 {
		b.WriteString("shared: {}\n")
	}
	r.specRemarks(needs, comment)
	return b.Bytes()
}

// specRemarks says what was found beside the entries.
func (r *Runner) specRemarks(needs *inventory.Needs, comment func(string, ...any)) {
	for _, n := range needs.Objects {
		name := fmt.Sprintf("%s %q (%s)", n.Ref.Type, n.Name, n.Ref.ID)
		switch {
		case n.Listed(r.Catalog) || n.System:
		case n.PolicyPath != "":
			comment("Not listed, since it is Policy already: %s at %s.", name, n.PolicyPath)
		case n.Missing:
			comment("Not listed, since NSX has no such object: %s; %s.", name, why(n))
		default:
			comment("UNCERTAIN: %s cannot be listed, and is needed: %s.", name, why(n))
		}
	}
	for _, m := range needs.Markers {
		if m.PolicyPath == "" {
			comment("Not listed, since nothing refers to it: the firewall section %q, a marker beside NCP's sections.", m.Name)
			comment("To move it as well, add under shared: firewall_sections: [{id: %q}]", m.Ref.ID)
		}
	}
	comment("Transport zones and edge clusters are on both sides, and are never listed.")
}

// ofType gives the needs of a type that a user spec lists.
func ofType(all []inventory.Need, t mp.Type, types *catalog.Catalog) []inventory.Need {
	var some []inventory.Need
	for _, n := range all {
		if n.Ref.Type == t && n.Listed(types) {
			some = append(some, n)
		}
	}
	return some
}

// why says who refers to an object, and which keys of TKGI's configuration name it.
func why(n inventory.Need) string {
	var reasons []string
	if n.First != nil {
		users := fmt.Sprintf("%d objects refer to it, by %s; the first is", n.Users, strings.Join(n.By, ", "))
		if n.Users == 1 {
			users = fmt.Sprintf("1 object refers to it, by %s:", strings.Join(n.By, ", "))
		}
		reasons = append(reasons, fmt.Sprintf("%s %s %q", users, n.First.Ref, n.First.Name))
	}
	if len(n.Keys) > 0 {
		reasons = append(reasons, "named by TKGI's configuration: "+strings.Join(n.Keys, ", "))
	}
	if len(n.Others) > 0 {
		reasons = append(reasons, "also used by "+boundedNames(n.Others))
	}
	return strings.Join(reasons, "; ")
}

// boundedNames lists names in quotes, and not without end.
func boundedNames(names []string) string { return bounded.List(bounded.Quoted(names), 10) }
