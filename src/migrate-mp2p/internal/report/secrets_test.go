package report_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/sirupsen/logrus"

	"nsx-mp2p/migrate-mp2p/internal/report"
)

// hostile holds what the spellings of JSON and URLs change.
const hostile = `p"a&<ss>\w/ö rd`

const key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----\n"

var _ = Describe("secrets", func() {
	It("do not reach standard output, log or report, in any spelling [I7]", func() {
		dir := GinkgoT().TempDir()
		s := newStage(nil)
		s.redact.Register(hostile, key, "")
		log, closer, err := report.NewLogger("debug", dir, s.redact)
		Expect(err).NotTo(HaveOccurred())
		s.Reporter = report.New(report.Options{Out: s.out, Log: log, LogDir: dir, Redact: s.redact})

		inJSON, err := json.Marshal(map[string]string{"password": hostile})
		Expect(err).NotTo(HaveOccurred())
		for _, text := range []string{hostile, string(inJSON), "https://u:" + url.QueryEscape(hostile) + "@nsx", url.PathEscape(hostile), key, "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"} {
			s.Say("said %s", text)
			s.Warn("warned %s", text)
			log.WithField("body", text).WithError(errors.New(text)).Debug(text)
			log.WithField("structure", map[string]string{"a": text}).Info("with structure")
		}
		o := outcome()
		o.Failure = "login with " + hostile
		s.Finish(o)
		d := data()
		d.Outcome = o
		d.Warnings = append(s.Warnings(), key)
		_, err = report.WriteFiles(dir, d, s.redact, plainWriter)
		Expect(err).NotTo(HaveOccurred())
		Expect(closer.Close()).To(Succeed())

		everything := s.out.String()
		files, err := os.ReadDir(dir)
		Expect(err).NotTo(HaveOccurred())
		Expect(len(files)).To(BeNumerically(">", 4))
		for _, f := range files {
			everything += read(dir, f.Name())
		}
		Expect(everything).To(ContainSubstring("said ***"))
		for _, part := range []string{hostile, "ss>", `ss\u003e`, "ss%3E", "ss&gt;", "MIIEvQIBADAN", "BKcwggSjAgEA"} {
			Expect(everything).NotTo(ContainSubstring(part))
		}
	})

	It("that are too short to be told from words are left alone", func() {
		var r report.Redactor
		r.Register("a", "ab", "abcd")
		Expect(r.Clean("a ab abcd")).To(Equal("a ab ***"))
	})

	It("within each other leave no rest", func() {
		var r report.Redactor
		r.Register("secret", "secret-and-more")
		Expect(r.Clean("x secret-and-more y secret")).To(Equal("x *** y ***"))
	})

	It("need not exist", func() {
		var none *report.Redactor
		Expect(none.Clean("text")).To(Equal("text"))
		Expect((&report.Redactor{}).Clean("text")).To(Equal("text"))
	})
})

var _ = Describe("the log", func() {
	It("is appended to, as JSON lines, for its owner only", func() {
		dir := filepath.Join(GinkgoT().TempDir(), "log")
		for _, text := range []string{"first", "second"} {
			log, closer, err := report.NewLogger("info", dir, nil)
			Expect(err).NotTo(HaveOccurred())
			log.WithField("phase", "2").Info(text)
			log.Debug("not wanted")
			Expect(closer.Close()).To(Succeed())
		}
		path := filepath.Join(dir, report.LogFile)
		info, err := os.Stat(path)
		Expect(err).NotTo(HaveOccurred())
		Expect(info.Mode().Perm()).To(BeEquivalentTo(0o600))
		lines := strings.Split(strings.TrimSpace(read(path)), "\n")
		Expect(lines).To(HaveLen(2))
		var entry map[string]any
		Expect(json.Unmarshal([]byte(lines[1]), &entry)).To(Succeed())
		Expect(entry).To(And(HaveKeyWithValue("msg", "second"), HaveKeyWithValue("phase", "2"), HaveKeyWithValue("level", "info"), HaveKey("time")))
	})

	It("names the property whose level is unknown [I10]", func() {
		_, _, err := report.NewLogger("loud", GinkgoT().TempDir(), nil)
		Expect(err).To(MatchError(And(ContainSubstring("log.level"), ContainSubstring("loud"), ContainSubstring("debug"))))
	})

	It("names the folder that cannot be used [I10]", func() {
		_, _, err := report.NewLogger("info", "/dev/null/log", nil)
		Expect(err).To(MatchError(ContainSubstring("/dev/null/log")))
	})

	It("that cannot be written to any more does not disturb, and tells at the end [R18]", func() {
		dir := GinkgoT().TempDir()
		Expect(os.Symlink("/dev/full", filepath.Join(dir, report.LogFile))).To(Succeed())
		log, closer, err := report.NewLogger("info", dir, nil)
		Expect(err).NotTo(HaveOccurred())
		failed := false
		log.AddHook(hook(func() { failed = true }))
		log.Info("one")
		log.Info("two")
		Expect(failed).To(BeTrue())
		Expect(closer.Close()).To(MatchError(ContainSubstring("2 lines of the log are lost")))
	})
})

// hook notices that entries are made.
type hook func()

func (h hook) Levels() []logrus.Level         { return logrus.AllLevels }
func (h hook) Fire(entry *logrus.Entry) error { h(); return nil }
