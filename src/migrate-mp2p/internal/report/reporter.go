package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
)

// Options says where a Reporter speaks and how.
type Options struct {
	Out      io.Writer
	Terminal bool               // Out is a terminal: progress is a line that changes in place
	JSON     bool               // Out gets nothing but one JSON object at the end
	Log      logrus.FieldLogger // default: none
	LogDir   string             // where the log lies, for the line that says where the rest is
	Clock    func() time.Time
	Redact   *Redactor
	// MaxBytes bounds what is written to Out before the closing words (default 64 KiB). Progress takes at most
	// half of it, so that there is room for warnings.
	MaxBytes int
	// OnStatus gets what a progress or waiting line says, at the pace of a pipe; it may be nil.
	OnStatus func(Status)
}

// Status is where a run stands.
type Status struct {
	Phase   string // title
	Done    int
	Total   int
	What    string // what is counted
	Waiting string // why nothing moves; "" when it does
}

// Banner is what a run is about to do, and to what.
type Banner struct {
	Version    string
	Command    string
	Platform   string
	Cluster    string // value of the ncp/cluster tag
	Scope      string
	Mode       string // migration, rollback
	RunID      string
	Manager    string // address
	NodeID     string
	NSXVersion string
	Log        string // the log folder
}

// Phase is a part of an execution and when it was worked on.
type Phase struct {
	Title string    `json:"title"`
	Begun time.Time `json:"begun"`
	Ended time.Time `json:"ended,omitzero"`
}

// defaultMaxBytes leaves room for the closing words below 100 KB.
const defaultMaxBytes = 64 << 10

// maxWarnings bounds the warnings that are kept for the report; all of them are in the log.
const maxWarnings = 200

// Reporter tells the operator what happens. Its methods never fail: a run does not end because nobody listens.
type Reporter struct {
	o Options

	mu        sync.Mutex
	broken    bool // a write to Out has failed
	live      bool // the terminal shows a line without an end
	written   int
	progress  int // of written: bytes of progress lines
	silenced  bool
	quiet     bool // no more progress lines
	work      pace
	reason    string // of the present wait
	liveAt    time.Time
	hinted    time.Time
	phases    []Phase
	warnings  []string
	forgotten int // warnings beyond maxWarnings
}

// New makes a Reporter.
func New(o Options) *Reporter {
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		log := logrus.New()
		log.SetOutput(io.Discard)
		o.Log = log
	}
	return &Reporter{o: o, hinted: o.Clock()}
}

// Start introduces the execution.
func (r *Reporter) Start(b Banner) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b.Log != "" {
		r.o.LogDir = b.Log
	}
	r.say(fmt.Sprintf("migrate-mp2p %s: %s", b.Version, b.Command))
	log := ""
	if r.o.LogDir != "" {
		log = r.logPath() + " (to follow it: tail -f " + r.logPath() + ")"
	}
	for _, line := range []struct{ name, text string }{
		{"NSX Manager", strings.Join(nonEmpty(b.Manager, prefixed("NSX ", b.NSXVersion), prefixed("node ", b.NodeID)), ", ")},
		{"cluster", strings.Join(nonEmpty(b.Cluster, prefixed("platform ", b.Platform)), ", ")},
		{"scope", b.Scope},
		{"mode", b.Mode},
		{"run", b.RunID},
		{"log", log},
	} {
		if line.text != "" {
			r.say(fmt.Sprintf("  %-12s %s", line.name, line.text))
		}
	}
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

func nonEmpty(texts ...string) []string {
	var kept []string
	for _, t := range texts {
		if t != "" {
			kept = append(kept, t)
		}
	}
	return kept
}

// Phase says what is worked on from now on.
func (r *Reporter) Phase(title string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.o.Clock()
	r.endPhase(now)
	r.phases = append(r.phases, Phase{Title: title, Begun: now})
	r.work, r.reason = pace{}, ""
	r.log().Info("phase begins")
	r.print(title)
	r.status("")
}

func (r *Reporter) endPhase(now time.Time) {
	if n := len(r.phases); n > 0 && r.phases[n-1].Ended.IsZero() {
		r.phases[n-1].Ended = now
	}
}

// Progress says how much of the present work is done; total 0 means that nobody knows how much there is. It may
// be called as often as convenient: lines come every few seconds at first and every half minute later.
func (r *Reporter) Progress(done, total int, what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.o.Clock()
	if !r.work.same(done, total, what) {
		r.work = pace{what: what, total: total, begun: now, first: done}
	}
	finished := total > 0 && done == total && r.work.last != done
	r.work.last, r.reason = done, ""
	r.moved(now, finished, r.work.line(now), "")
}

// Waiting says why nothing moves. The same reason is repeated at the pace of progress lines.
func (r *Reporter) Waiting(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fresh := reason != r.reason
	r.reason = reason
	now := r.o.Clock()
	text := "waiting: " + oneLine(reason)
	if r.work.what != "" {
		text = r.work.line(now) + "; " + text
	}
	r.moved(now, fresh, text, reason)
}

// moved shows a line of progress when it is time for it, or at once.
func (r *Reporter) moved(now time.Time, atOnce bool, text, waiting string) {
	if r.o.Terminal {
		r.showLive(now, atOnce, text)
	}
	if !atOnce && !r.work.due(now) {
		return
	}
	r.work.spoke = now
	r.log().WithField("done", r.work.last).WithField("total", r.work.total).Info(text)
	r.status(waiting)
	if r.o.Terminal {
		return
	}
	r.printProgress("  " + text)
	if now.Sub(r.hinted) >= hintPace {
		r.hinted = now
		r.printProgress(fmt.Sprintf("  (still at: %s, since %s; log: %s; when interrupted, run it again)", r.phase(), r.since(), r.logPath()))
	}
}

func (r *Reporter) status(waiting string) {
	if r.o.OnStatus != nil {
		r.o.OnStatus(Status{Phase: r.phase(), Done: r.work.last, Total: r.work.total, What: r.work.what, Waiting: waiting})
	}
}

func (r *Reporter) phase() string {
	if n := len(r.phases); n > 0 {
		return r.phases[n-1].Title
	}
	return ""
}

func (r *Reporter) since() string {
	if n := len(r.phases); n > 0 {
		return r.phases[n-1].Begun.UTC().Format("15:04:05 MST")
	}
	return "the start"
}

// Say tells something worth knowing.
func (r *Reporter) Say(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.say(fmt.Sprintf(format, args...))
}

func (r *Reporter) say(text string) {
	r.log().Info(text)
	r.print(text)
}

// Warn tells something that the operator should look at. Warnings are repeated in the report.
func (r *Reporter) Warn(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := r.o.Redact.Clean(fmt.Sprintf(format, args...))
	r.log().Warn(text)
	if len(r.warnings) < maxWarnings {
		r.warnings = append(r.warnings, text)
	} else {
		r.forgotten++
	}
	r.print("WARNING: " + shorten(text, longestFailure))
}

// Warnings returns what was warned of so far; the last one says how many more are in the log only.
func (r *Reporter) Warnings() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.allWarnings()
}

func (r *Reporter) allWarnings() []string {
	all := append([]string(nil), r.warnings...)
	if r.forgotten > 0 {
		all = append(all, fmt.Sprintf("%d more warnings are in the log", r.forgotten))
	}
	return all
}

// Phases returns the phases so far with their times; the present one has not ended.
func (r *Reporter) Phases() []Phase {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Phase(nil), r.phases...)
}

// Finish says how the execution ended. Nothing may follow it.
func (r *Reporter) Finish(o Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.endPhase(r.o.Clock())
	r.logOutcome(o)
	r.clearLive()
	if r.o.JSON {
		data, err := o.json(r.allWarnings())
		if err != nil { // only Details can do that
			o.Details = err.Error()
			data, err = o.json(r.allWarnings())
		}
		if err == nil {
			r.write(string(data) + "\n")
		}
		return
	}
	r.write(strings.Join(o.lines(), "\n") + "\n")
}

func (r *Reporter) logOutcome(o Outcome) {
	log := r.log().WithField("code", o.Code)
	for _, s := range o.Scopes {
		log.WithField("scope", s.Scope).Info(s.String())
	}
	if o.Failure != "" {
		log.Error(o.Failure)
	}
	for _, step := range o.Next {
		log.Info("next: " + step)
	}
	log.Info(o.lastLine())
}

func (r *Reporter) log() logrus.FieldLogger {
	if title := r.phase(); title != "" {
		return r.o.Log.WithField("phase", title)
	}
	return r.o.Log
}

// logPath is where the rest of what is cut here can be read.
func (r *Reporter) logPath() string { return filepath.Join(r.o.LogDir, LogFile) }
