package records_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/records"
)

// completeRun records a run that migrated the named switches and finished.
func completeRun(s *records.Store, id string, switches ...string) {
	GinkgoHelper()
	h := header()
	h.RunID = id
	Expect(s.Create(h, slices.Values([]records.PlannedBatch{plannedBatch("LOGICAL_SWITCH", switches...)}))).To(Succeed())
	walk(s, records.Migrating)
	send(s, 1)
	Expect(s.BatchDone(1, migratedObjects("LOGICAL_SWITCH", switches...))).To(Succeed())
	for _, state := range []records.State{records.Migrated, records.Inferred, records.Committing, records.Applying, records.Complete} {
		Expect(s.Transition(state, nil)).To(Succeed())
	}
}

// rolledBackRun records a run that came back to where it began.
func rolledBackRun(s *records.Store, id string) {
	GinkgoHelper()
	h := header()
	h.RunID = id
	Expect(s.Create(h, twoBatches())).To(Succeed())
	reach(s, records.RolledBack)
}

func unzip(path string) string {
	GinkgoHelper()
	file, err := os.Open(path)
	Expect(err).NotTo(HaveOccurred())
	zip, err := gzip.NewReader(file)
	Expect(err).NotTo(HaveOccurred())
	data, err := io.ReadAll(zip)
	Expect(err).NotTo(HaveOccurred())
	Expect(file.Close()).To(Succeed())
	return string(data)
}

func archives(s *records.Store) []records.ArchiveInfo {
	GinkgoHelper()
	var all []records.ArchiveInfo
	Expect(s.Archives(func(a records.ArchiveInfo) error { all = append(all, a); return nil })).To(Succeed())
	return all
}

var _ = Describe("the archive of a run", func() {
	It("holds records and files, is private, and leaves the records empty", func() {
		dir, logs := GinkgoT().TempDir(), GinkgoT().TempDir()
		s := opened(dir)
		completeRun(s, "run-1", "s1", "s2")
		report := filepath.Join(GinkgoT().TempDir(), "report.txt")
		Expect(os.WriteFile(report, []byte("all is well"), 0o600)).To(Succeed())
		Expect(s.Archive(records.ArchiveInput{
			Files: map[string]func(io.Writer) error{
				"report.txt": records.FromFile(report),
				"plan.txt":   func(w io.Writer) error { _, err := io.WriteString(w, "the plan"); return err },
				"log.txt":    records.FromFile("/nowhere/log"),
			},
			CopyTo: logs,
		})).To(Succeed())

		folder := s.ArchivePath("run-1")
		Expect(folder).To(Equal(filepath.Join(dir, "runs", "run-1")))
		Expect(mode(folder)).To(BeEquivalentTo(0o700))
		want := []string{
			"archive.json", "batches.jsonl.gz", "entries.jsonl.gz", "log.txt.gz", "migrated.jsonl.gz", "originals.jsonl.gz", "plan.txt.gz", "report.txt.gz",
			"requests.jsonl.gz", "run.jsonl.gz", "updates.jsonl.gz",
		}
		Expect(names(folder + "/")).To(Equal(want))
		Expect(names(filepath.Join(logs, "runs", "run-1") + "/")).To(Equal(want))
		for _, name := range want {
			Expect(mode(filepath.Join(folder, name))).To(BeEquivalentTo(0o600))
		}
		Expect(unzip(filepath.Join(folder, "report.txt.gz"))).To(Equal("all is well"))
		Expect(unzip(filepath.Join(folder, "log.txt.gz"))).To(BeEmpty())
		Expect(strings.Split(unzip(filepath.Join(folder, "migrated.jsonl.gz")), "\n")[0]).To(MatchJSON(
			`{"type":"LOGICAL_SWITCH","id":"s1","policy_path":"/infra/segments/s1"}`))
		Expect(left(s)).To(Equal("none"))
		Expect(s.Verify()).To(Succeed())
		rolledBackRun(s, "run-2") // and the next run can begin
	})

	It("is made only of a finished run", func() {
		s := created(GinkgoT().TempDir())
		walk(s, records.Applying)
		Expect(s.Archive(records.ArchiveInput{})).To(MatchError(ContainSubstring("applying")))
		Expect(left(s)).To(HavePrefix("applying"))
	})

	It("that fails leaves the records in place and nothing half-made [R18]", func() {
		dir := GinkgoT().TempDir()
		s := opened(dir)
		completeRun(s, "run-1", "s1")
		broken := errors.New("broken")
		input := records.ArchiveInput{Files: map[string]func(io.Writer) error{"report.txt": func(io.Writer) error { return broken }}}
		Expect(s.Archive(input)).To(MatchError(broken))
		Expect(left(s)).To(HavePrefix("complete"))
		Expect(names(filepath.Join(dir, "runs") + "/")).To(BeEmpty())
		Expect(s.Archive(records.ArchiveInput{})).To(Succeed())
	})

	It("that was made before the records were cleared is made again", func() {
		dir := GinkgoT().TempDir()
		// The last transaction of a whole run clears the records.
		last := 0
		Expect(wholeRun(GinkgoT().TempDir(), func(_ records.Failpoint, n int) { last = n }, "")).To(Succeed())
		Expect(child("killed", dir, fmt.Sprintf("%s:%d", records.BeforeCommit, last)).Run()).NotTo(Succeed())
		s := opened(dir)
		Expect(left(s)).To(HavePrefix("complete"))
		Expect(archives(s)).To(HaveLen(1))
		Expect(s.Archive(records.ArchiveInput{})).To(Succeed())
		Expect(archives(s)).To(HaveLen(1))
		Expect(left(s)).To(Equal("none"))
	})

	It("is whole although its copy fails, which is told", func() {
		s := opened(GinkgoT().TempDir())
		completeRun(s, "run-1", "s1")
		file := filepath.Join(GinkgoT().TempDir(), "file")
		Expect(os.WriteFile(file, nil, 0o600)).To(Succeed())
		var after *records.ErrAfterArchive
		Expect(errors.As(s.Archive(records.ArchiveInput{CopyTo: file}), &after)).To(BeTrue())
		Expect(after.Path).To(Equal(s.ArchivePath("run-1")))
		Expect(left(s)).To(Equal("none"))
		Expect(archives(s)).To(HaveLen(1))
	})

	It("tells which objects a completed run migrated, the newest first [I3]", func() {
		s := opened(GinkgoT().TempDir())
		completeRun(s, "run-1", "s1", "s2")
		Expect(s.Archive(records.ArchiveInput{})).To(Succeed())
		completeRun(s, "run-2", "s3")
		Expect(s.Archive(records.ArchiveInput{})).To(Succeed())
		completeRun(s, "run-3", "s4")
		Expect(s.Discard("run-3")).To(Succeed())
		completeRun(s, "run-4", "s5")
		Expect(s.ArchiveVoid(records.ArchiveInput{})).To(Succeed())

		ref := func(id string) records.Ref { return records.Ref{Type: "LOGICAL_SWITCH", ID: id} }
		claimed, err := s.ClaimedByArchive([]records.Ref{ref("s1"), ref("s3"), ref("s4"), ref("s5"), ref("unknown")})
		Expect(err).NotTo(HaveOccurred())
		Expect(claimed).To(Equal(map[records.Ref]string{ref("s1"): path("s1"), ref("s3"): path("s3")}))
		Expect(s.ClaimedByArchive(nil)).To(BeEmpty())
	})

	It("is made by discarding exactly the run that was named, in any state [I10]", func() {
		s := created(GinkgoT().TempDir())
		walk(s, records.Migrating)
		Expect(s.Discard("run-0")).To(MatchError(And(ContainSubstring("run-0"), ContainSubstring("run-1"))))
		Expect(left(s)).To(HavePrefix("migrating"))
		Expect(s.Discard("run-1")).To(Succeed())
		Expect(left(s)).To(Equal("none"))
		Expect(archives(s)[0].Kind).To(Equal(records.ArchiveDiscarded))
		Expect(archives(s)[0].Header.State).To(Equal(records.Migrating))
	})

	It("is thinned when there are 20 newer ones, but keeps what it claims; the newest complete one of a scope stays whole [I3] [R21]", func() {
		dir := GinkgoT().TempDir()
		s := opened(dir)
		report := records.ArchiveInput{Files: map[string]func(io.Writer) error{"id-map.csv": records.FromFile("/nowhere")}}
		for _, run := range []struct{ id, object string }{{"first", "s1"}, {"second", "s2"}} {
			completeRun(s, run.id, run.object)
			Expect(s.Archive(report)).To(Succeed())
		}
		for i := range 21 {
			rolledBackRun(s, fmt.Sprintf("run-%02d", i))
			Expect(s.Archive(records.ArchiveInput{})).To(Succeed())
		}
		all := archives(s)
		Expect(all).To(HaveLen(22)) // first, thinned, second, and the newest 20 of the others
		Expect(all[0].Header.RunID).To(Equal("first"))
		Expect(all[0].Thinned).To(BeTrue())
		Expect(all[1].Header.RunID).To(Equal("second"))
		Expect(names(s.ArchivePath("second") + "/")).To(ContainElement("id-map.csv.gz"))
		Expect(all[2].Header.RunID).To(Equal("run-01"))
		Expect(names(s.ArchivePath("first") + "/")).To(Equal([]string{"archive.json", "migrated.jsonl.gz"}))
		claimed, err := s.ClaimedByArchive([]records.Ref{{Type: "LOGICAL_SWITCH", ID: "s1"}})
		Expect(err).NotTo(HaveOccurred())
		Expect(claimed).To(HaveLen(1))
	})

	It("is the newest one although the wall clock was set back before it was made, and older ones are thinned first [I3]", func() {
		dir := GinkgoT().TempDir()
		now := began
		s, err := records.Open(dir, records.Options{Clock: func() time.Time { now = now.Add(-time.Hour); return now }})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { Expect(s.Close()).To(Succeed()) })
		for i := range 22 {
			rolledBackRun(s, fmt.Sprintf("run-%02d", i))
			Expect(s.Archive(records.ArchiveInput{})).To(Succeed())
		}
		var ids []string
		for _, a := range archives(s) {
			ids = append(ids, a.Header.RunID)
		}
		Expect(ids).To(HaveLen(20))
		Expect(ids[0]).To(Equal("run-02"))
		Expect(ids[19]).To(Equal("run-21"))

		completeRun(s, "with-old-path", "s1")
		Expect(s.Archive(records.ArchiveInput{})).To(Succeed())
		h := header()
		h.RunID = "with-new-path"
		Expect(s.Create(h, slices.Values([]records.PlannedBatch{plannedBatch("LOGICAL_SWITCH", "s1")}))).To(Succeed())
		walk(s, records.Migrating)
		send(s, 1)
		Expect(s.BatchDone(1, []records.MigratedObject{{Type: "LOGICAL_SWITCH", ID: "s1", PolicyPath: "/infra/segments/new"}})).To(Succeed())
		for _, state := range []records.State{records.Migrated, records.Inferred, records.Committing, records.Applying, records.Complete} {
			Expect(s.Transition(state, nil)).To(Succeed())
		}
		Expect(s.Archive(records.ArchiveInput{})).To(Succeed())
		claimed, err := s.ClaimedByArchive([]records.Ref{{Type: "LOGICAL_SWITCH", ID: "s1"}})
		Expect(err).NotTo(HaveOccurred())
		Expect(claimed).To(HaveKeyWithValue(records.Ref{Type: "LOGICAL_SWITCH", ID: "s1"}, "/infra/segments/new"))
	})

	It("of a release that did not count them is older than every one that has a number, whatever the clock said [I3]", func() {
		dir := GinkgoT().TempDir()
		// As release 0.1.0 wrote it, in a year that the clock has not reached yet.
		for _, old := range []struct{ id, archived string }{{"uncounted-b", "2031-02-01T00:00:00Z"}, {"uncounted-a", "2031-01-01T00:00:00Z"}} {
			folder := filepath.Join(dir, "runs", old.id)
			Expect(os.MkdirAll(folder, 0o700)).To(Succeed())
			Expect(os.WriteFile(filepath.Join(folder, "archive.json"), []byte(`{
  "kind": "finished",
  "header": {"format": 1, "run_id": "`+old.id+`", "scope": "ncp", "state": "rolled-back", "objects": 3},
  "migrated": 0,
  "archived": "`+old.archived+`"
}
`), 0o600)).To(Succeed())
		}
		s := opened(dir)
		rolledBackRun(s, "counted")
		Expect(s.Archive(records.ArchiveInput{})).To(Succeed())
		var ids []string
		for _, a := range archives(s) {
			ids = append(ids, fmt.Sprintf("%s %d", a.Header.RunID, a.Sequence))
		}
		Expect(ids).To(Equal([]string{"uncounted-a 0", "uncounted-b 0", "counted 1"}))
	})

	It("is made although another one cannot be read, which is told [R18]", func() {
		dir := GinkgoT().TempDir()
		s := opened(dir)
		rolledBackRun(s, "run-1")
		Expect(s.Archive(records.ArchiveInput{})).To(Succeed())
		Expect(os.WriteFile(filepath.Join(s.ArchivePath("run-1"), "archive.json"), []byte("{"), 0o600)).To(Succeed())
		rolledBackRun(s, "run-2")
		var after *records.ErrAfterArchive
		Expect(errors.As(s.Archive(records.ArchiveInput{}), &after)).To(BeTrue())
		Expect(after.Error()).To(ContainSubstring("run-1"))
		Expect(left(s)).To(Equal("none"))
	})

	It("is found by the id of its run, with what became of it [I8]", func() {
		s := opened(GinkgoT().TempDir())
		completeRun(s, "run-1", "s1")
		Expect(s.ArchiveVoid(records.ArchiveInput{})).To(Succeed())
		info, found, err := s.HasArchive("run-1")
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeTrue())
		Expect(info.Kind).To(Equal(records.ArchiveVoided))
		for _, other := range []string{"run-2", "", ".", "..", "../runs/run-1", "run-1/"} {
			_, found, err := s.HasArchive(other)
			Expect(err).NotTo(HaveOccurred())
			Expect(found).To(BeFalse(), other)
		}
	})

	It("gives back the files that a run left in it, but none over those that are there [R21]", func() {
		s := opened(GinkgoT().TempDir())
		completeRun(s, "run-1", "s1")
		text := func(text string) func(io.Writer) error {
			return func(w io.Writer) error { _, err := io.WriteString(w, text); return err }
		}
		Expect(s.Archive(records.ArchiveInput{Files: map[string]func(io.Writer) error{
			"report.txt": text("written before the end"), "id-map.csv": text("the map"),
		}})).To(Succeed())
		run := archives(s)[0]
		Expect(run.Replace(map[string]func(io.Writer) error{"report.txt": text("written at the end")})).To(Succeed())

		folder := filepath.Join(GinkgoT().TempDir(), "runs", "run-1")
		paths, err := run.Restore(folder, "report.txt", "report.html", "id-map.csv")
		Expect(err).NotTo(HaveOccurred())
		Expect(paths).To(Equal([]string{filepath.Join(folder, "report.txt"), filepath.Join(folder, "id-map.csv")}))
		for name, content := range map[string]string{"report.txt": "written at the end", "id-map.csv": "the map"} {
			data, err := os.ReadFile(filepath.Join(folder, name))
			Expect(err).NotTo(HaveOccurred())
			Expect(string(data)).To(Equal(content))
			Expect(mode(filepath.Join(folder, name))).To(BeEquivalentTo(0o600))
		}

		Expect(os.WriteFile(filepath.Join(folder, "report.txt"), []byte("mine"), 0o600)).To(Succeed())
		Expect(run.Restore(folder, "report.txt")).To(HaveLen(1))
		data, err := os.ReadFile(filepath.Join(folder, "report.txt"))
		Expect(err).NotTo(HaveOccurred())
		Expect(string(data)).To(Equal("mine"))

		Expect(os.WriteFile(filepath.Join(run.Path, "id-map.csv.gz"), []byte("no gzip"), 0o600)).To(Succeed())
		elsewhere := GinkgoT().TempDir()
		paths, err = run.Restore(elsewhere, "report.txt", "id-map.csv")
		Expect(err).To(MatchError(And(ContainSubstring("id-map.csv"), ContainSubstring("run-1"))))
		Expect(paths).To(HaveLen(1), "the others are restored all the same")
		Expect(names(elsewhere + "/")).To(Equal([]string{"report.txt"}))
	})

	It("never leaves its folder, whatever the run is called [I10]", func() {
		s := opened(GinkgoT().TempDir())
		rolledBackRun(s, "../run")
		Expect(s.Archive(records.ArchiveInput{})).To(MatchError(ContainSubstring("../run")))
		Expect(left(s)).To(HavePrefix("rolled-back"))
	})
})
