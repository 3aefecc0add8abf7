package report_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/report"
)

func mappings(n int, failure error) iter.Seq2[report.Mapping, error] {
	return func(yield func(report.Mapping, error) bool) {
		for i := range n {
			if !yield(report.Mapping{Type: "LOGICAL_SWITCH", ManagerID: fmt.Sprint("id-", i), PolicyPath: fmt.Sprintf("/infra/segments/a,%d", i)}, nil) {
				return
			}
		}
		if failure != nil {
			yield(report.Mapping{}, failure)
		}
	}
}

func data() report.Data {
	return report.Data{
		Version: "1.2.3", Command: "run", RunID: "run-1", Platform: "tas", Cluster: "cf", Scope: "ncp",
		Manager: "nsx.example:443", NodeID: "node-1", NSXVersion: "4.1.2", Began: began, Ended: began.Add(83 * time.Minute),
		Result: "scope ncp was rolled back: NSX says no", Outcome: outcome(),
		Types: []report.TypeCount{
			{Type: "LOGICAL_SWITCH", Planned: 12, Migrated: 11, NotOurs: 1},
			{Type: "LOGICAL_PORT", Planned: 34567, Migrated: 34567, Already: 2},
		},
		Phases: []report.Phase{
			{Title: "phase 1: retrieving and planning", Begun: began, Ended: began.Add(time.Minute)},
			{Title: "phase 2: migrating", Begun: began.Add(time.Minute)},
		},
		Updates:    report.UpdateCount{Applied: 900, Pending: 1, Waived: 1},
		Unapplied:  []report.Update{{Path: "/infra/segments/s1", State: "pending", URL: "https://nsx/x", Answer: "the tag is\ntoo long"}},
		Unrestored: []string{"NAT rule 7 has lost its name"},
		Warnings:   []string{"the index was behind"},
		Requests:   report.RequestCount{Requests: 4321, Retries: 12, Waited: 90 * time.Second},
		IDMap:      mappings(2, nil),
	}
}

var _ = Describe("the report files", func() {
	It("are five, and say the same to people and programs", func() {
		dir := GinkgoT().TempDir()
		files, err := report.WriteFiles(dir, data(), nil, plainWriter)
		Expect(err).NotTo(HaveOccurred())
		var names []string
		for _, f := range files.All() {
			names = append(names, filepath.Base(f))
		}
		Expect(names).To(ConsistOf("report.txt", "report.json", "report.html", "id-map.csv", "id-map.json"))

		for _, file := range []string{files.Text, files.HTML} {
			for _, words := range []string{
				"run-1", "nsx.example:443", "LOGICAL_SWITCH", "phase 1: retrieving and planning", "2024-05-01 08:00:00 UTC",
				"/infra/segments/s1", "too long", "NAT rule 7 has lost its name", "the index was behind", "leave NCP stopped",
				"step 1: run the errand again", "ncp: 0 Policy, 7 Manager", "1h23m0s",
				"scope ncp was rolled back: NSX says no", "/log/runs/run-0/report.txt", "/log/runs/run-0/id-map.csv",
			} {
				Expect(read(file)).To(ContainSubstring(words), file)
			}
		}
		Expect(read(files.Text)).To(MatchRegexp(`all +34579 +34578 +2 +1\n`))
		Expect(read(files.Text)).To(HaveSuffix("exit code 2: all NCP-created objects are Manager\n"))
		Expect(read(files.HTML)).To(ContainSubstring("34\u202f579"))

		var got report.Data
		Expect(json.Unmarshal([]byte(read(files.JSON)), &got)).To(Succeed())
		want := data()
		want.IDMap = nil
		Expect(got).To(Equal(want))
	})

	It("hold the id map as CSV and JSON [R21]", func() {
		dir := GinkgoT().TempDir()
		d := data()
		d.IDMap = mappings(2500, nil)
		files, err := report.WriteFiles(dir, d, nil, plainWriter)
		Expect(err).NotTo(HaveOccurred())
		rows, err := csv.NewReader(strings.NewReader(read(files.IDMapCSV))).ReadAll()
		Expect(err).NotTo(HaveOccurred())
		Expect(rows).To(HaveLen(2501))
		Expect(rows[:2]).To(Equal([][]string{{"type", "manager_id", "policy_path"}, {"LOGICAL_SWITCH", "id-0", "/infra/segments/a,0"}}))
		var all []report.Mapping
		Expect(json.Unmarshal([]byte(read(files.IDMapJSON)), &all)).To(Succeed())
		Expect(all).To(HaveLen(2500))
		Expect(all[2499].ManagerID).To(Equal("id-2499"))
	})

	It("hold an empty id map as an empty list, and none where nothing was migrated", func() {
		d := data()
		d.IDMap = mappings(0, nil)
		files, err := report.WriteFiles(GinkgoT().TempDir(), d, nil, plainWriter)
		Expect(err).NotTo(HaveOccurred())
		Expect(read(files.IDMapJSON)).To(MatchJSON(`[]`))
		d.IDMap = nil
		files, err = report.WriteFiles(GinkgoT().TempDir(), d, nil, plainWriter)
		Expect(err).NotTo(HaveOccurred())
		Expect(files.IDMapCSV).To(BeEmpty())
		Expect(files.All()).To(HaveLen(3))
	})

	It("are written as far as possible when one fails, whose error names it", func() {
		broken := errors.New("records are damaged")
		d := data()
		d.IDMap = mappings(1, broken)
		files, err := report.WriteFiles(GinkgoT().TempDir(), d, nil, func(path string, write func(io.Writer) error) error {
			if err := plainWriter(path, write); err != nil {
				return fmt.Errorf("writing %s: %w", path, err)
			}
			return nil
		})
		Expect(err).To(MatchError(broken))
		Expect(err).To(MatchError(And(ContainSubstring("id-map.csv"), ContainSubstring("id-map.json"))))
		Expect(files.All()).To(HaveLen(3))
	})

	It("show foreign text as text, never as part of the page [I10]", func() {
		d := data()
		evil := `<script>alert("x")</script>`
		d.Cluster, d.Outcome.Failure, d.Outcome.Next[0], d.Unapplied[0].Answer, d.Warnings[0] = evil, evil, evil, evil, evil
		d.Types[0].Type = evil
		files, err := report.WriteFiles(GinkgoT().TempDir(), d, nil, plainWriter)
		Expect(err).NotTo(HaveOccurred())
		Expect(read(files.HTML)).NotTo(ContainSubstring("<script"))
		Expect(strings.Count(read(files.HTML), "&lt;script&gt;")).To(BeNumerically(">=", 6))
	})

	It("need nothing from elsewhere to be shown", func() {
		files, err := report.WriteFiles(GinkgoT().TempDir(), data(), nil, plainWriter)
		Expect(err).NotTo(HaveOccurred())
		Expect(read(files.HTML)).NotTo(Or(ContainSubstring("src="), ContainSubstring("@import"), ContainSubstring("<link")))
	})

	It("show the first 500 unapplied updates on the page and say how many more there are", func() {
		d := data()
		d.Unapplied = nil
		for i := range 700 {
			d.Unapplied = append(d.Unapplied, report.Update{Path: fmt.Sprintf("/infra/segments/n%d", i), State: "pending"})
		}
		files, err := report.WriteFiles(GinkgoT().TempDir(), d, nil, plainWriter)
		Expect(err).NotTo(HaveOccurred())
		Expect(read(files.HTML)).To(And(ContainSubstring("/infra/segments/n499<"), Not(ContainSubstring("/infra/segments/n500<")), ContainSubstring("200 more are in report.json")))
		Expect(read(files.JSON)).To(ContainSubstring("/infra/segments/n699"))
	})
})
