package report

import (
	"fmt"
	"time"
)

const (
	earlyPace = 5 * time.Second // between two lines about the same work
	earlySpan = time.Minute     // from the begin of that work
	latePace  = 30 * time.Second
	livePace  = 200 * time.Millisecond // on a terminal
	hintPace  = 10 * time.Minute

	// estimateFrom is the share of the work from which the time left can be told without guessing.
	estimateFrom = 0.01
)

// pace says when to speak, and how fast one piece of work goes.
type pace struct {
	what  string
	total int
	begun time.Time
	first int // done when it began: a resumed run must not count what an earlier one did
	last  int
	spoke time.Time // zero: not yet
}

// same says whether an event still belongs to this piece of work.
func (p *pace) same(done, total int, what string) bool {
	return p.what == what && p.total == total && done >= p.last
}

// due says whether it is time for the next line.
func (p *pace) due(now time.Time) bool {
	if p.spoke.IsZero() {
		return true
	}
	wait := latePace
	if now.Sub(p.begun) < earlySpan {
		wait = earlyPace
	}
	return now.Sub(p.spoke) >= wait
}

// line says how far the work is.
func (p *pace) line(now time.Time) string {
	if p.total <= 0 {
		return fmt.Sprintf("%d %s", p.last, p.what)
	}
	share := float64(p.last) / float64(p.total)
	text := fmt.Sprintf("%d/%d %s (%d%%)", p.last, p.total, p.what, int(100*share))
	elapsed := now.Sub(p.begun)
	gained := p.last - p.first
	if gained <= 0 || elapsed < time.Second {
		return text
	}
	rate := float64(gained) / elapsed.Seconds()
	text += fmt.Sprintf(", %s", rateText(rate))
	if left := p.total - p.last; left > 0 && float64(gained)/float64(p.total-p.first) >= estimateFrom {
		remaining := time.Duration(float64(left) / rate * float64(time.Second))
		text += fmt.Sprintf(", about %s left", remaining.Round(roundTo(remaining)))
	}
	return text
}

func rateText(perSecond float64) string {
	if perSecond < 1 {
		return fmt.Sprintf("%.1f/min", 60*perSecond)
	}
	return fmt.Sprintf("%.1f/s", perSecond)
}

// roundTo keeps estimates from looking more exact than they are.
func roundTo(d time.Duration) time.Duration {
	if d > 10*time.Minute {
		return time.Minute
	}
	return time.Second
}
