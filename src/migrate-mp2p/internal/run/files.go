package run

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/report"
)

// reportDir is where plan and report of a run lie, in the log folder, which BOSH brings home.
func (r *Runner) reportDir(runID string) string {
	return filepath.Join(r.Config.Log.Directory, "runs", runID)
}

// writeReport writes the report of a run. A report that cannot be written is a warning: the migration is no worse
// for it.
func (r *Runner) writeReport(data report.Data) report.Files {
	dir := r.reportDir(data.RunID)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		r.Report.Warn("creating the folder of the report: %v", err)
		return report.Files{}
	}
	files, err := report.WriteFiles(dir, data, r.Redact, records.DurableStream)
	if err != nil {
		r.Report.Warn("%v", err)
	}
	return files
}

// reportData reads from the records what the report of a run says.
func (r *Runner) reportData(header records.Header, out report.Outcome) report.Data {
	data, err := r.readReportData(header, out)
	if err != nil {
		r.Report.Warn("the report is not complete: %v", err)
	}
	return data
}

func (r *Runner) readReportData(header records.Header, out report.Outcome) (report.Data, error) {
	stats := r.NSX.Stats()
	d := report.Data{
		Version: r.Version, Command: r.Config.Migration.Command, RunID: header.RunID, Platform: header.Platform, Cluster: header.Cluster,
		Scope: header.Scope, Manager: header.NodeAddress, NodeID: header.NodeID, NSXVersion: r.node.Version,
		Began: header.Created, Ended: r.Clock.Now().UTC(), Outcome: out,
		Phases: r.Report.Phases(), Warnings: r.Report.Warnings(),
		Requests: report.RequestCount{Requests: stats.Requests, Retries: stats.Retries, Waited: stats.Waited},
	}
	types := map[string]*report.TypeCount{}
	for name, n := range header.Already {
		types[name] = &report.TypeCount{Type: name, Already: n}
	}
	err := r.Records.Batches(func(b records.Batch) error {
		count, ok := types[b.Type]
		if !ok {
			count = &report.TypeCount{Type: b.Type}
			types[b.Type] = count
		}
		count.Planned += len(b.Entries)
		for _, e := range b.Entries {
			if e.NotOurs {
				count.NotOurs++
			} else if b.State == records.BatchMigrated {
				count.Migrated++
			}
		}
		return nil
	})
	if err != nil {
		return d, err
	}
	for _, name := range slices.Sorted(maps.Keys(types)) {
		d.Types = append(d.Types, *types[name])
	}
	err = r.Records.Updates(func(u records.Update) error {
		switch u.State {
		case records.UpdateApplied:
			d.Updates.Applied++
			return nil
		case records.UpdateGone:
			d.Updates.Gone++
		case records.UpdateWaived:
			d.Updates.Waived++
		default:
			d.Updates.Pending++
		}
		d.Unapplied = append(d.Unapplied, report.Update{Path: u.Path, State: string(u.State), URL: u.URL, Answer: u.Answer})
		return nil
	})
	if header.State == records.Complete {
		d.IDMap = r.idMap()
	}
	return d, err
}

// idMap streams the migration records: where each Manager object is found in Policy.
func (r *Runner) idMap() iter.Seq2[report.Mapping, error] {
	return func(yield func(report.Mapping, error) bool) {
		stopped := false
		err := r.Records.Migrated(func(m records.MigratedObject) error {
			if !stopped && !yield(report.Mapping{Type: m.Type, ManagerID: m.ID, PolicyPath: m.PolicyPath}, nil) {
				stopped = true
			}
			return nil
		})
		if err != nil && !stopped {
			yield(report.Mapping{}, err)
		}
	}
}

// archiveInput adds report and log to the archive of a run.
func (r *Runner) archiveInput(files report.Files) records.ArchiveInput {
	in := records.ArchiveInput{
		Files:  map[string]func(io.Writer) error{report.LogFile: records.FromFile(filepath.Join(r.Config.Log.Directory, report.LogFile))},
		CopyTo: r.Config.Log.Directory,
	}
	for _, path := range files.All() {
		in.Files[filepath.Base(path)] = records.FromFile(path)
	}
	return in
}

// writePlan writes plan.json into the log folder: everything that would be sent.
func (r *Runner) writePlan(drafts []draft) error {
	path := filepath.Join(r.Config.Log.Directory, "plan.json")
	err := records.DurableStream(path, func(w io.Writer) error { return r.encodePlan(w, drafts) })
	if err != nil {
		return fmt.Errorf("writing the plan: %w", err)
	}
	r.Report.Say("the whole plan: %s", path)
	return nil
}

// encodePlan writes one batch a line. Encoding a whole plan at once would hold it in memory several times.
func (r *Runner) encodePlan(w io.Writer, drafts []draft) error {
	out := bufio.NewWriter(w) // a write that failed makes Flush fail, too
	err := printJSON(out, `{"tool":%s,"cluster":%s,"scopes":{`, r.Version, r.Config.NCP.Cluster)
	for i, d := range drafts {
		err = errors.Join(err, printJSON(out, separator(i)+`%s:{"digest":%s,"totals":%s,"references":%s,"batches":[`,
			d.scope, d.plan.Digest, d.plan.Totals, d.plan.References))
		for j, b := range d.plan.Batches {
			err = errors.Join(err, printJSON(out, separator(j)+"%s", b))
		}
		err = errors.Join(err, printJSON(out, "]}"))
	}
	return errors.Join(err, printJSON(out, "}}\n"), out.Flush())
}

// printJSON prints values as JSON where the format says %s.
func printJSON(w io.Writer, format string, values ...any) error {
	texts := make([]any, len(values))
	for i, value := range values {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		texts[i] = text
	}
	_, err := fmt.Fprintf(w, format, texts...)
	return err
}

// separator stands before the i-th element of a list.
func separator(i int) string {
	if i == 0 {
		return "\n"
	}
	return ",\n"
}
