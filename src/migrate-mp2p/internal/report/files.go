package report

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
)

// Writer makes a file hold exactly what write gives it, or leaves it as it was; records.DurableStream does that.
type Writer func(path string, write func(io.Writer) error) error

// Files are the paths of a report; "" for a file that was not written.
type Files struct {
	Text, JSON, HTML    string
	IDMapCSV, IDMapJSON string
}

// All lists the files that were written.
func (f Files) All() []string { return nonEmpty(f.Text, f.JSON, f.HTML, f.IDMapCSV, f.IDMapJSON) }

// WriteFiles writes the report of a run into a folder. One file that fails does not keep the others from being
// written; the files that exist are returned beside the error.
func WriteFiles(dir string, d Data, redact *Redactor, write Writer) (Files, error) {
	var files Files
	var failed error
	put := func(name string, path *string, content func(io.Writer) error) {
		full := filepath.Join(dir, name)
		if err := write(full, content); err != nil {
			failed = errors.Join(failed, fmt.Errorf("writing the report: %w", err))
			return
		}
		*path = full
	}
	if d.IDMap != nil {
		put("id-map.csv", &files.IDMapCSV, func(w io.Writer) error { return writeMapCSV(w, d) })
		put("id-map.json", &files.IDMapJSON, func(w io.Writer) error { return writeMapJSON(w, d) })
	}
	put("report.txt", &files.Text, clean(redact, func(w io.Writer) error { return writeText(w, d) }))
	put("report.json", &files.JSON, clean(redact, func(w io.Writer) error { return writeJSON(w, d) }))
	put("report.html", &files.HTML, clean(redact, func(w io.Writer) error { return writeHTML(w, d) }))
	return files, failed
}

// clean masks secrets in a file that fits into memory. The id maps hold nothing but ids and paths.
func clean(redact *Redactor, write func(io.Writer) error) func(io.Writer) error {
	return func(w io.Writer) error {
		var b strings.Builder
		if err := write(&b); err != nil {
			return err
		}
		_, err := io.WriteString(w, redact.Clean(b.String()))
		return err
	}
}

func writeJSON(w io.Writer, d Data) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(d)
}

func writeText(w io.Writer, d Data) error {
	out := bufio.NewWriter(w)
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	p := &printer{w: table}
	p.line("migrate-mp2p %s: %s", d.Version, d.Command)
	p.line("run\t%s", d.RunID)
	p.line("cluster\t%s (%s)", d.Cluster, d.Platform)
	p.line("scope\t%s", d.Scope)
	if d.Result != "" {
		p.line("result\t%s", oneLine(d.Result))
	}
	p.line("NSX Manager\t%s, NSX %s, node %s", d.Manager, d.NSXVersion, d.NodeID)
	p.line("began\t%s", stamp(d.Began))
	p.line("ended\t%s, after %s", stamp(d.Ended), d.Duration())
	p.line("NSX requests\t%d, %d of them repeated, held back for %s", d.Requests.Requests, d.Requests.Retries, d.Requests.Waited.Round(time.Second))
	if len(d.Types) > 0 {
		p.line("\nobjects\tplanned\tmigrated\tPolicy before\tnot ours")
		for _, t := range append(d.Types, totals(d.Types)) {
			p.line("  %s\t%d\t%d\t%d\t%d", t.Type, t.Planned, t.Migrated, t.Already, t.NotOurs)
		}
	}
	if len(d.Phases) > 0 {
		p.line("\nphases\tbegan\ttook")
		for _, phase := range d.Phases {
			p.line("  %s\t%s\t%s", phase.Title, stamp(phase.Begun), phase.Took())
		}
	}
	p.line("\nupdates\t%d applied, %d pending, %d gone, %d waived", d.Updates.Applied, d.Updates.Pending, d.Updates.Gone, d.Updates.Waived)
	for _, u := range d.Unapplied {
		p.line("  %s: %s", u.State, u.Path)
		if u.Answer != "" {
			p.line("    NSX answered: %s", oneLine(u.Answer))
		}
	}
	p.list("not restored by the rollback", d.Unrestored)
	p.list("not realised by NSX", d.Unrealised)
	p.list("warnings", d.Warnings)
	p.line("%s", strings.Join(d.Outcome.lines(), "\n"))
	return errors.Join(p.err, table.Flush(), out.Flush())
}

// printer remembers the first error, so that a page of output needs one check.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *printer) list(title string, items []string) {
	if len(items) == 0 {
		return
	}
	p.line("\n%s", title)
	for _, item := range items {
		p.line("  %s", oneLine(item))
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05 MST")
}

func writeMapCSV(w io.Writer, d Data) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"type", "manager_id", "policy_path"}); err != nil {
		return err
	}
	for m, err := range d.IDMap {
		if err != nil {
			return err
		}
		if err := out.Write([]string{m.Type, m.ManagerID, m.PolicyPath}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// writeMapJSON writes an array with one row a line, without holding more than a row in memory.
func writeMapJSON(w io.Writer, d Data) error {
	out := bufio.NewWriter(w)
	p := &printer{w: out}
	separator := "["
	for m, err := range d.IDMap {
		if err != nil {
			return err
		}
		row, err := json.Marshal(m)
		if err != nil {
			return err
		}
		p.line("%s%s", separator, row)
		separator = ","
	}
	if separator == "[" {
		p.line("[")
	}
	p.line("]")
	return errors.Join(p.err, out.Flush())
}
