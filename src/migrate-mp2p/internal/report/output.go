package report

import (
	"fmt"
	"time"
)

// print writes lines of text to Out while there is room.
func (r *Reporter) print(text string) {
	if r.o.JSON || r.silenced {
		return
	}
	r.clearLive()
	if !r.o.Terminal && r.written+len(text) > r.o.MaxBytes {
		r.silenced = true
		text = fmt.Sprintf("(this output is long enough; the rest is in %s)", r.logPath())
	}
	r.write(text + "\n")
}

// printProgress is print for lines that come again and again. They must leave room for what is said once.
func (r *Reporter) printProgress(text string) {
	if r.quiet {
		return
	}
	r.progress += len(text) + 1
	if r.progress > r.o.MaxBytes/2 {
		r.quiet = true
		text = fmt.Sprintf("  (no more progress is shown here; follow it in %s)", r.logPath())
	}
	r.print(text)
}

// liveWidth fits the usual terminal; a longer line would not be overwritten whole.
const liveWidth = 79

// showLive replaces the terminal's present line.
func (r *Reporter) showLive(now time.Time, atOnce bool, text string) {
	if r.o.JSON || !atOnce && now.Sub(r.liveAt) < livePace {
		return
	}
	r.liveAt = now
	if runes := []rune(text); len(runes) > liveWidth {
		text = string(runes[:liveWidth])
	}
	r.write("\r\x1b[K" + text)
	r.live = true
}

func (r *Reporter) clearLive() {
	if r.live {
		r.write("\r\x1b[K")
		r.live = false
	}
}

// write writes to Out, unless that has failed before: the other end is gone, and the log has it all.
func (r *Reporter) write(text string) {
	if r.broken {
		return
	}
	text = r.o.Redact.Clean(text)
	r.written += len(text)
	if _, err := r.o.Out.Write([]byte(text)); err != nil {
		r.broken = true
		r.o.Log.WithError(err).Warn("standard output cannot be written to; going on without it")
	}
}
