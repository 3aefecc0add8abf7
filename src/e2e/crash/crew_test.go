package crash_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// workers is how many points are played at a time. Runs mostly wait for the coordinator, so that a core can serve a few.
func workers() int { return 4 * runtime.NumCPU() }

// maxFailures ends a family early: whatever breaks this often needs no further proof.
const maxFailures = 5

// tally counts what the points of a family came to.
type tally struct {
	mu         sync.Mutex
	reached    int // points whose every moment was reached
	partly     int // points whose recovery was over before it was to be killed
	missed     int // points whose execution was over before
	codes      map[int]int
	again      int
	executions map[int]int
	wrong      []string
}

func (t *tally) add(p point, e ending) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.wrong != "" {
		t.wrong = append(t.wrong, e.wrong)
		return
	}
	switch {
	case e.kills == len(p.kills):
		t.reached++
	case p.from == nil:
		t.missed++
		return
	default:
		t.partly++
	}
	t.codes[e.code]++
	t.executions[e.executions]++
	if e.again {
		t.again++
	}
}

// enough tells that further points would show nothing new.
func (t *tally) enough() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.missed > 0 || len(t.wrong) >= maxFailures
}

// playAll plays points until there is none left or one lies behind the end of the undisturbed run. It prints what they
// came to, and fails with every history that went wrong.
func (w *world) playAll(ctx context.Context, family string, points iter.Seq[point]) *tally {
	GinkgoHelper()
	begun := time.Now()
	t := &tally{codes: map[int]int{}, executions: map[int]int{}}
	queue := make(chan point)
	var crew sync.WaitGroup
	for range workers() {
		crew.Go(func() {
			for p := range queue {
				t.add(p, w.play(ctx, p))
			}
		})
	}
	for p := range points {
		if t.enough() || ctx.Err() != nil {
			break
		}
		queue <- p
	}
	close(queue)
	crew.Wait()
	AddReportEntry(w.platform+", "+family, fmt.Sprintf("killed at %d points (the recoveries of %d more were too short, %d ended before): %d ended in 0, %d in 2; after %d of these another run ended in 0; executions until the end: %v; %v with %d workers",
		t.reached, t.partly, t.missed, t.codes[allPolicy], t.codes[allManager], t.again, t.executions, time.Since(begun).Round(time.Second), workers()))
	if len(t.wrong) > 0 {
		Fail(strings.Join(t.wrong, "\n\n"))
	}
	Expect(ctx.Err()).NotTo(HaveOccurred())
	return t
}
