package crash_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"nsx-mp2p/e2e/programs"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

const (
	// patience bounds one execution. It only ends what hangs.
	patience = 30 * time.Minute
	// killed is the exit code of a process that SIGKILL ended.
	killed = 128 + 9
)

// foundation is one NSX within the test process, and the machine of its errand.
type foundation struct {
	state   *store.Store
	server  *nsxsim.Server
	machine *programs.Machine
	of      *world
	dir     string
	runs    int
	history strings.Builder // what was executed, and how it ended
}

// newFoundation is the world before any migration, or, where it is to go on from a snapshot, as that left it.
func (w *world) newFoundation(from *snapshot) (*foundation, error) {
	state := w.before.Clone()
	if from != nil {
		state = from.state.Clone()
	}
	server, err := nsxsim.Start(nsxsim.Options{Store: state, Coordinator: coordinator.New(coordinator.Options{})})
	if err != nil {
		return nil, err
	}
	f := &foundation{state: state, server: server, of: w}
	if f.dir, err = os.MkdirTemp(w.scratch, "mp2p-crash-"); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	f.machine = w.programs.NewMachine(f.dir, f)
	if err := f.machine.Configure(w.config); err != nil {
		return nil, errors.Join(err, f.close())
	}
	if from != nil {
		fmt.Fprintf(&f.history, "--- begun with what a kill leaves: %s (%d moments leave the same)\n", from.at, from.moments)
		if err := from.disk.restore(f.machine.RecordsDir()); err != nil {
			return nil, errors.Join(err, f.close())
		}
	}
	return f, nil
}

// Ready says how to connect to the NSX within the test process.
func (f *foundation) Ready() programs.Ready {
	return programs.Ready{
		URL: f.server.URL(), CA: string(f.server.CA()), Username: nsxsim.AdminUser, Password: f.server.Password(),
		Cluster: f.of.cluster, Platform: f.of.platform, Shared: f.of.shared,
	}
}

func (f *foundation) close() error { return errors.Join(f.server.Close(), os.RemoveAll(f.dir)) }

// moment is when an execution is killed: at the n-th of a kind.
type moment struct {
	kind kind
	n    int
}

type kind string

const (
	never         kind = "never"
	beforeRequest kind = "before a request takes effect"
	afterWrite    kind = "after a write took effect"
	atCommit      kind = "at a commit of the records"
)

func (m moment) String() string {
	switch m.kind {
	case never:
		return "to its end"
	case atCommit:
		return "killed at " + m.failpoint()
	}
	return fmt.Sprintf("killed %s (the %d. one)", m.kind, m.n)
}

// failpoint is the moment of a commit as the errand knows it: every second one is the other side of the same commit.
func (m moment) failpoint() string {
	if m.n%2 == 1 {
		return fmt.Sprintf("before-commit:%d", (m.n+1)/2)
	}
	return fmt.Sprintf("after-commit:%d", m.n/2)
}

// execution is one process and its end.
type execution struct {
	programs.Result
	// hit is the request at which the process was killed; its status is 200 if it took effect.
	hit nsxsim.Request
}

func (e execution) killed() bool { return e.Code == killed }

// execute runs the errand once, and kills it at a moment.
func (f *foundation) execute(ctx context.Context, m moment) (execution, error) {
	f.runs++
	f.machine.Environment = nil
	if m.kind == atCommit {
		f.machine.Environment = []string{"MIGRATE_MP2P_FAILPOINT=" + m.failpoint()}
	}
	var e execution
	process := make(chan *programs.Process, 1)
	hit := make(chan nsxsim.Request, 1)
	rules := f.rules(m, func(c faults.Call) {
		p := <-process
		at := nsxsim.Request{Method: c.Method, Path: c.Path, Query: c.Query}
		if m.kind == afterWrite {
			at.Status = http.StatusOK
		}
		hit <- at
		// A process that has ended already shows below, by its code.
		_ = p.Kill()
		<-p.Ended()
	})
	if err := f.server.Faults().Replace(rules); err != nil {
		return e, err
	}
	p, err := f.machine.Start("run")
	if err != nil {
		return e, err
	}
	process <- p
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	e.Result, err = p.Wait(ctx)
	select {
	case e.hit = <-hit:
	default:
	}
	fmt.Fprintf(&f.history, "--- execution %d, %s, ended with %d", f.runs, m, e.Code)
	if e.hit.Method != "" {
		fmt.Fprintf(&f.history, " at %s %s?%s", e.hit.Method, e.hit.Path, e.hit.Query)
	}
	fmt.Fprintf(&f.history, "\n%s\n", e.Output)
	return e, err
}

// rules make the simulator call kill at the moment. Rules keep their counts by their names, so that each execution has
// names of its own.
func (f *foundation) rules(m moment, kill func(faults.Call)) []faults.Rule {
	name := fmt.Sprintf("execution-%d", f.runs)
	switch m.kind {
	case beforeRequest:
		return []faults.Rule{{Name: name, Nth: m.n, When: faults.Before, Drop: true, Hook: kill}}
	case afterWrite:
		var writes atomic.Int64
		return []faults.Rule{{Name: name, When: faults.After, Hook: func(c faults.Call) {
			write := nsxsim.Request{Method: c.Method, Path: c.Path}.Writes()
			if write && writes.Add(1) == int64(m.n) {
				kill(c)
			}
		}}}
	}
	return nil
}

// seen are the requests that NSX has answered, and as the last one that at which an execution was killed.
func (f *foundation) seen(e execution) []nsxsim.Request {
	requests := f.server.Requests()
	if e.hit.Method != "" {
		requests = append(requests, e.hit)
	}
	return requests
}

// unfinished asks the program itself whether records of an unfinished run are left, and answers its words if so.
func (f *foundation) unfinished(ctx context.Context) (string, error) {
	result, err := f.machine.Run(ctx, "status")
	if err != nil || result.Code == 0 && strings.Contains(result.Stdout, "no unfinished run is recorded") {
		return "", err
	}
	return result.Output, nil
}
