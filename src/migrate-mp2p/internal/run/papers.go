package run

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/report"
)

// finished is what one run of this execution came to.
type finished struct {
	scope   mp.Scope
	state   records.State
	failure string
	files   report.Files
	census  *Counts
	adopted int         // objects that were adopted and are Policy, although the run went back
	data    report.Data // of its report, which completeReports writes again
}

// result is what the run came to, in words that fit into a line.
func (f finished) result() string {
	if f.state == records.Complete {
		return fmt.Sprintf("scope %s was migrated: %d Policy, %d Manager", f.scope, f.census.Policy, f.census.Manager)
	}
	text := fmt.Sprintf("scope %s was rolled back", f.scope)
	if f.adopted > 0 {
		text += fmt.Sprintf(" as far as this run had sent it, and %d adopted objects are still Policy", f.adopted)
	}
	if f.failure != "" {
		text += ": " + brief(f.failure)
	}
	return text
}

// report notes the end of a run and writes its report. What the execution comes to is
// not known yet: until completeReports has written the report again, which a crash may prevent, its code is that of
// this scope alone, and it says so. adopted objects are Policy although the run went back.
func (j *job) report(header records.Header, census *Counts, adopted int, unrestored, unrealised []string) report.Files {
	r := j.Runner
	f := finished{scope: mp.Scope(header.Scope), state: header.State, failure: header.Failure, census: census, adopted: adopted}
	if j.turned != nil {
		f.failure = j.turned.Error()
	}
	f.data = r.reportData(header, report.Outcome{
		Code:    Judge(Facts{Armed: true, Unfinished: header.State, Sent: true, Census: census, Adopted: adopted}),
		Meaning: f.result() + "; this was written before the execution had ended, so that the code speaks of this scope alone",
		Scopes:  []report.ScopeState{scopeState(header.Scope, census)}, Failure: f.failure, Records: j.Records.Dir(),
		Next: []string{"look at the last line that the execution printed or, if it has none, run again: " + r.advice(f.scope).Rerun},
	})
	f.data.Unrestored, f.data.Unrealised, f.data.Result = unrestored, unrealised, f.result()
	f.files = r.writeReport(f.data)
	r.noteMoved(header)
	f.data.IDMap = nil // it is written, and the records that it is read from are cleared
	r.done = append(r.done, f)
	return f.files
}

// completeReports puts the judgement of the whole execution into the report of each of its runs, in the log folder and
// in the archive: screen, text, JSON and HTML then say the same.
func (r *Runner) completeReports(out report.Outcome) {
	for _, f := range r.done {
		f.data.Outcome, f.data.Warnings = out, r.Report.Warnings()
		files := r.writeReport(f.data)
		if err := r.replaceArchived(f.data.RunID, files); err != nil {
			r.Report.Warn("the archived report of run %s says nothing of what followed: %v", f.data.RunID, err)
		}
	}
}

// replaceArchived gives files to the archive of a run once more, and to its copy in the log folder.
func (r *Runner) replaceArchived(runID string, files report.Files) error {
	archive, found, err := r.Records.HasArchive(runID)
	if err != nil || !found { // not found: the disk was full, and the records are still in place
		return err
	}
	again := map[string]func(io.Writer) error{}
	for _, path := range files.All() {
		again[filepath.Base(path)] = records.FromFile(path)
	}
	err = archive.Replace(again)
	archive.Path = r.reportDir(runID)
	return errors.Join(err, archive.Replace(again))
}

// restoredRuns is how many of the newest finished runs get their papers back into the log folder.
const restoredRuns = 5

// reportName is the file of a report that people are sent to.
const reportName = "report.txt"

// paperNames are the files of a report that are given back.
var paperNames = []string{reportName, "report.json", "report.html", "id-map.csv", "id-map.json"}

// papers brings back into the log folder what it lacks of reports and id maps, since the folder of an errand's VM goes
// with the VM and the archives on the persistent disk stay. It answers where the newest ones of each scope lie. The
// newest id map of a scope is among them however old it is. A failure is a warning: nothing else depends on it.
func (r *Runner) papers() []report.Papers {
	var runs []records.ArchiveInfo
	err := records.Archives(r.Config.Records.Directory, func(a records.ArchiveInfo) error {
		if a.Kind == records.ArchiveFinished && !a.Thinned && a.Header.Cluster == r.Config.NCP.Cluster {
			runs = append(runs, a)
		}
		return nil
	})
	if err != nil {
		r.Report.Warn("reports and id maps of earlier runs may be missing in the log folder: %v", err)
	}
	slices.Reverse(runs)
	newest := map[string]*report.Papers{}
	for i, a := range runs {
		scope := a.Header.Scope
		p, known := newest[scope]
		if !known {
			p = &report.Papers{Scope: scope}
		}
		if wanted := p.IDMap == "" && a.Header.State == records.Complete; i >= restoredRuns && !wanted {
			continue
		}
		newest[scope] = p
		paths, err := a.Restore(r.reportDir(a.Header.RunID), paperNames...)
		if err != nil {
			r.Report.Warn("papers of an earlier run could not be copied to the log folder: %v", err)
		}
		for _, path := range paths {
			switch filepath.Base(path) {
			case reportName:
				p.Report = cmp.Or(p.Report, path)
			case "id-map.csv":
				p.IDMap = cmp.Or(p.IDMap, path)
			}
		}
	}
	var all []report.Papers
	for _, scope := range []mp.Scope{mp.Shared, mp.NCP} {
		if p := newest[string(scope)]; p != nil && (p.Report != "" || p.IDMap != "") {
			all = append(all, *p)
		}
	}
	return all
}

// withPapers adds to the last lines where reports and id maps lie that they do not name yet.
func (r *Runner) withPapers(out report.Outcome) report.Outcome {
	for _, p := range r.papers() {
		if p.Report == out.Report {
			p.Report = ""
		}
		if p.IDMap == out.IDMap {
			p.IDMap = ""
		}
		if p.Report != "" || p.IDMap != "" {
			out.Earlier = append(out.Earlier, p)
		}
	}
	return out
}
