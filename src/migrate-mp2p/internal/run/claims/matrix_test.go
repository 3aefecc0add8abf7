package claims_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim/liar"
)

// wanted is which cells are played: "every" for all of them, "pairs" for one of each kind of request with each unclear
// answer, on whichever course and however given, a number for so many, any other text for those whose name holds it.
// Without it, with "pairs" and with a number the seed chooses, so that further runs try the others.
var wanted = os.Getenv("MP2P_CLAIMS")

const (
	// cellsPlayed is how many cells are played without a wish.
	cellsPlayed = 100
	// maxExecutions is how often the errand is run until it must have ended: what is still 1 then is 1 for ever.
	maxExecutions = 10
	// maxFailures ends the matrix early where the seed chooses a part; whatever breaks this often needs no further
	// proof. It is also how many histories are printed.
	maxFailures = 5
)

// workers is how many cells are played at a time. The errand mostly waits before it asks again.
func workers() int { return 4 * runtime.NumCPU() }

// cell is one field of the matrix: a kind of request on a course, an unclear answer to it, and how it is given.
type cell struct {
	course course
	kind   string
	nth    int // of the requests of that kind in the course's stretch
	answer liar.Unclear
	after  bool // NSX has carried the request out
	times  int
}

func (c cell) String() string {
	when := "before"
	if c.after {
		when = "after"
	}
	return fmt.Sprintf("%s / %s #%d / %s %s, %dx", c.course.name, c.kind, c.nth, c.answer.Name, when, c.times)
}

// cells are all fields of the matrix: each kind of request of each course, the first and the last of it.
func cells(ctx context.Context) ([]cell, error) {
	var all []cell
	for _, c := range courses() {
		requests, err := c.inStretch(ctx, earth)
		if err != nil {
			return nil, err
		}
		count := map[string]int{}
		var kinds []liar.Request // one of each
		for _, r := range requests {
			kind := kindOf(r)
			if count[kind]++; count[kind] == 1 {
				kinds = append(kinds, r)
			}
		}
		for _, r := range kinds {
			kind := kindOf(r)
			for _, nth := range slices.Compact([]int{1, count[kind]}) {
				for _, answer := range liar.Unclears() {
					for _, times := range []int{1, 3} {
						if r.Method == http.MethodGet && nth > 1 && times > 1 {
							continue // as for the first one
						}
						all = append(all, cell{c, kind, nth, answer, false, times})
						if r.Method != http.MethodGet {
							all = append(all, cell{c, kind, nth, answer, true, times})
						}
					}
				}
			}
		}
	}
	return all, nil
}

// choose picks the cells to play. Without a wish each kind of request of each course has its turn before any comes twice.
func choose(all []cell) []cell {
	random := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), 1))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	played := cellsPlayed
	switch n, err := strconv.Atoi(wanted); {
	case wanted == "every":
		return all
	case wanted == "pairs":
		seen := map[string]bool{}
		return slices.DeleteFunc(all, func(c cell) bool {
			pair := c.kind + c.answer.Name
			known := seen[pair]
			seen[pair] = true
			return known
		})
	case err == nil:
		played = n
	case wanted != "":
		return slices.DeleteFunc(all, func(c cell) bool { return !strings.Contains(c.String(), wanted) })
	}
	turns := map[string]int{}
	turn := make(map[int][]cell)
	for _, c := range all {
		key := c.course.name + c.kind
		turn[turns[key]] = append(turn[turns[key]], c)
		turns[key]++
	}
	var chosen []cell
	for n := 0; len(chosen) < played && len(turn[n]) > 0; n++ {
		chosen = append(chosen, turn[n]...)
	}
	return chosen[:min(len(chosen), played)]
}

// ending is what a cell came to.
type ending struct {
	told       int
	code       int
	executions int
	wrong      string // all that is wrong, with the history
	brief      string // the same in a line
}

// play plays one cell until the errand has ended, and once more after a rollback.
func (c cell) play(ctx context.Context) (end ending) {
	m, err := c.course.begin(ctx, earth, liar.Lie{
		Name: "lie", Match: func(r liar.Request) bool { return kindOf(r) == c.kind }, Nth: c.nth, Times: c.times,
		First: delivery(c.after), Cut: c.answer.Cut, Answer: c.answer.Answer,
	})
	var wrong []string
	if err == nil {
		wrong, err = m.playOn(ctx, &end)
	}
	end.told = m.proxy.Told("lie")
	if err = errors.Join(err, m.close()); err != nil {
		wrong = append(wrong, err.Error())
	}
	if len(wrong) > 0 {
		end.wrong = strings.Join(append(wrong, m.history.String()), "\n")
		end.brief, _, _ = strings.Cut(wrong[0], "\n")
		end.brief += "; " + m.last.Failure
	}
	return end
}

func delivery(after bool) liar.Delivery {
	if after {
		return liar.Now
	}
	return liar.Never
}

// playOn runs the errand until it has ended and no records are left. Each code must be true when it is given, and a
// rollback must leave nothing behind that keeps the next run from its end.
func (m *machine) playOn(ctx context.Context, end *ending) (wrong []string, err error) {
	for again := false; ; {
		if m.runs == maxExecutions {
			return append(wrong, fmt.Sprintf("after %d executions there is no end", m.runs)), nil
		}
		seen := len(m.proxy.Requests())
		code, err := m.execute(ctx)
		if err != nil {
			return wrong, err
		}
		if err := m.fault(); err != nil {
			return wrong, err
		}
		wrong = append(wrong, loggedInAgain(m.proxy.Requests()[seen:])...)
		left, err := m.unfinished()
		if err != nil {
			return wrong, err
		}
		untrue, err := earth.judge(m.state, code, left)
		if wrong = append(wrong, untrue...); err != nil {
			return wrong, err
		}
		if !ended(code) {
			continue
		}
		if !again {
			end.code, end.executions = code, m.runs
			again = true
		}
		if len(wrong) > 0 || code == run.AllPolicy && left == "" {
			return wrong, nil
		}
	}
}

// loggedInAgain says when an execution logged in once more although a login had been refused: that locks accounts.
func loggedInAgain(requests []liar.Request) []string {
	refused := false
	for _, r := range requests {
		if r.Path != "/api/session/create" {
			continue
		}
		if refused {
			return []string{"a login was repeated after one that was refused"}
		}
		refused = r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden
	}
	return nil
}

// tally counts what cells came to.
type tally struct {
	mu         sync.Mutex
	told       int
	missed     int
	codes      map[int]int
	executions map[int]int
	wrong      []string // with their histories
	brief      []string // the same in lines
}

func (t *tally) add(c cell, e ending) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.wrong != "" {
		t.wrong = append(t.wrong, fmt.Sprintf("%v:\n%s", c, e.wrong))
		t.brief = append(t.brief, fmt.Sprintf("%v: %s", c, strings.Join(strings.Fields(e.brief), " ")))
		return
	}
	if e.told == 0 {
		t.missed++
		return
	}
	t.told++
	t.codes[e.code]++
	t.executions[e.executions]++
}

func (t *tally) enough() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return wanted == "" && len(t.wrong) >= maxFailures
}

var _ = Describe("an unclear answer", Ordered, func() {
	It("to any kind of request ends with all Manager or all Policy, and no code says otherwise than NSX is [I1] [I2] [I3] [R17] [R18] [R19]", func(ctx SpecContext) {
		defer debug.SetGCPercent(debug.SetGCPercent(400))
		begun := time.Now()
		all, err := cells(ctx)
		Expect(err).NotTo(HaveOccurred())
		size := len(all)
		chosen := choose(all)
		Expect(chosen).NotTo(BeEmpty())
		t := &tally{codes: map[int]int{}, executions: map[int]int{}}
		queue := make(chan cell)
		var crew sync.WaitGroup
		for range workers() {
			crew.Go(func() {
				for c := range queue {
					if end := c.play(ctx); ctx.Err() == nil { // what the end of the spec broke off says nothing
						t.add(c, end)
					}
				}
			})
		}
		for _, c := range chosen {
			if t.enough() || ctx.Err() != nil {
				break
			}
			queue <- c
		}
		close(queue)
		crew.Wait()
		AddReportEntry("matrix", fmt.Sprintf("of %d cells %d were chosen: in %d the lie was told, in %d it was not; %d ended in 0, %d in 2; executions until the end: %v; %d are wrong; %v with %d workers",
			size, len(chosen), t.told, t.missed, t.codes[run.AllPolicy], t.codes[run.AllManager], t.executions, len(t.wrong), time.Since(begun).Round(time.Second), workers()))
		if len(t.wrong) > 0 {
			slices.Sort(t.brief)
			AddReportEntry("wrong cells", strings.Join(t.brief, "\n"))
			Fail(strings.Join(t.wrong[:min(len(t.wrong), maxFailures)], "\n\n"))
		}
		Expect(ctx.Err()).NotTo(HaveOccurred())
		Expect(t.told).NotTo(BeZero())
	})
})
