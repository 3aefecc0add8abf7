package report_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/sirupsen/logrus"

	"nsx-mp2p/migrate-mp2p/internal/report"
)

func TestReport(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Report")
}

var began = time.Date(2024, 5, 1, 8, 0, 0, 0, time.UTC)

// stage is a Reporter with what it writes and the time that it sees.
type stage struct {
	*report.Reporter
	out    *bytes.Buffer
	log    *bytes.Buffer
	now    time.Time
	redact *report.Redactor
	status []report.Status
}

func newStage(change func(*report.Options)) *stage {
	s := &stage{out: &bytes.Buffer{}, log: &bytes.Buffer{}, now: began, redact: &report.Redactor{}}
	log := logrus.New()
	log.SetOutput(s.log)
	o := report.Options{
		Out: s.out, Log: log, LogDir: "/var/log", Clock: func() time.Time { return s.now }, Redact: s.redact,
		OnStatus: func(st report.Status) { s.status = append(s.status, st) },
	}
	if change != nil {
		change(&o)
	}
	s.Reporter = report.New(o)
	return s
}

// lines is what has been written so far; it is forgotten then.
func (s *stage) lines() []string {
	text := strings.TrimSuffix(s.out.String(), "\n")
	s.out.Reset()
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// brokenPipe fails like a reader that has gone away.
type brokenPipe struct{ tries int }

func (b *brokenPipe) Write([]byte) (int, error) {
	b.tries++
	return 0, errors.New("broken pipe")
}

func outcome() report.Outcome {
	return report.Outcome{
		Code: 2, Meaning: "all NCP-created objects are Manager",
		Scopes: []report.ScopeState{
			{Scope: "shared", Policy: 3},
			{Scope: "ncp", Manager: 7, Pending: 2, Undecided: 1, Note: "run run-1 was rolled back"},
		},
		Failure: "migrating batch 3: NSX says no\nbecause of this",
		Next:    []string{"leave NCP stopped", "run again: bosh run-errand migrate-mp2p"},
		Ladder:  "step 1: run the errand again",
		Records: "/store", Report: "/log/report.html", IDMap: "/log/id-map.csv",
		Earlier: []report.Papers{{Scope: "shared", Report: "/log/runs/run-0/report.txt"}, {Scope: "ncp", IDMap: "/log/runs/run-0/id-map.csv"}},
	}
}

// plainWriter writes files as the records do, without their care.
func plainWriter(path string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

func read(path ...string) string {
	GinkgoHelper()
	data, err := os.ReadFile(filepath.Join(path...))
	Expect(err).NotTo(HaveOccurred())
	return string(data)
}
