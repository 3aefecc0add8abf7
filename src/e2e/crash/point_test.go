package crash_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"nsx-mp2p/e2e/programs"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// maxExecutions is how often the errand is run until it must have ended, the killed executions included.
const maxExecutions = 5

// point is one history: it begins with what a snapshot shows, if there is one, the first executions are killed at these
// moments, and then the errand is run until it ends.
type point struct {
	from  *snapshot
	kills []moment
}

func (p point) String() string {
	if p.from == nil {
		return fmt.Sprint(p.kills)
	}
	return fmt.Sprint(p.from.at, " ", p.kills)
}

// ending is what a point came to.
type ending struct {
	kills      int // moments that were reached
	code       int
	executions int
	again      bool // a further run followed a rollback
	wrong      string
}

// play runs a point's history.
func (w *world) play(ctx context.Context, p point) (end ending) {
	f, err := w.newFoundation(p.from)
	if err != nil {
		return ending{wrong: fmt.Sprintf("preparing: %v", err)}
	}
	wrong, err := f.play(ctx, w, p, &end)
	if err = errors.Join(err, f.close()); err != nil {
		wrong = append(wrong, err.Error())
	}
	if len(wrong) > 0 {
		end.wrong = fmt.Sprintf("point %v:\n%s\n%s", p, strings.Join(wrong, "\n"), f.history.String())
	}
	return end
}

func (f *foundation) play(ctx context.Context, w *world, p point, end *ending) ([]string, error) {
	last := execution{Result: programs.Result{Code: killed}}
	var err error
	for _, m := range p.kills {
		if last, err = f.execute(ctx, m); err != nil {
			return nil, err
		}
		if !last.killed() {
			break // the execution was over before that moment
		}
		end.kills++
	}
	expected := either
	switch {
	case p.from != nil && len(p.kills) == 0:
		expected = p.from.expected
	case p.from == nil && len(p.kills) == 1 && last.killed():
		expected = foretell(f.seen(last))
	}
	for !ended(last) {
		if f.runs == maxExecutions {
			return []string{fmt.Sprintf("after %d executions there is no end", maxExecutions)}, nil
		}
		if last, err = f.execute(ctx, moment{kind: never}); err != nil {
			return nil, err
		}
	}
	end.code, end.executions = last.Code, f.runs
	wrong, err := f.judge(w, last)
	if expected != either && expected != last.Code {
		wrong = append(wrong, fmt.Sprintf("the end is %d where only %d is right", last.Code, expected))
	}
	if err != nil || len(wrong) > 0 {
		return wrong, err
	}
	if last.Code == allManager {
		if end.again, err = w.firstOn(f.state); err != nil {
			return nil, err
		}
	}
	if end.again {
		if last, err = f.execute(ctx, moment{kind: never}); err != nil {
			return nil, err
		}
		if last.Code != allPolicy {
			wrong = append(wrong, "the run after the rollback did not end in 0")
		}
		more, err := f.judge(w, last)
		wrong = append(wrong, more...)
		if err != nil {
			return wrong, err
		}
	}
	left, err := f.unfinished(ctx)
	if left != "" {
		wrong = append(wrong, "records are left unfinished: "+left)
	}
	return wrong, err
}

// firstOn tells whether a further run after a rollback starts from an NSX from which none has started yet; with every, all do.
func (w *world) firstOn(state *store.Store) (bool, error) {
	on, err := footing(state)
	_, met := w.footings.LoadOrStore(on, true)
	return every || !met, err
}

// ended tells whether the errand says that it has come to an end.
func ended(e execution) bool { return e.Code == allPolicy || e.Code == allManager }

func (f *foundation) judge(w *world, last execution) ([]string, error) {
	report, wrong, err := w.judge(f.state, last.Code)
	if err != nil || len(wrong) == 0 {
		return nil, err
	}
	var text strings.Builder
	if err := report.WriteText(&text); err != nil {
		return nil, err
	}
	return append(wrong, fmt.Sprintf("code %d; the simulator's check:\n%s", last.Code, text.String())), nil
}
