package crash_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/programs"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// camera takes the snapshots of an execution. At each moment the errand is stopped as it is, with all of its threads: what it
// has written by then is what a kill would leave. NSX goes on meanwhile, as it does after a kill.
type camera struct {
	f       *foundation
	started chan struct{} // closed when process is set
	process *programs.Process

	mu      sync.Mutex
	shots   []*snapshot
	commits atomic.Int64
	version uint64
	err     error
}

// film runs the errand on a foundation that nothing disturbs, and answers what its moments leave behind, and how many of those
// are sides of a commit.
func film(ctx context.Context, w *world, f *foundation) (shots []*snapshot, commits int) {
	GinkgoHelper()
	c := &camera{f: f, started: make(chan struct{})}
	socket := filepath.Join(f.dir, "moments")
	listener, err := net.Listen("unix", socket)
	Expect(err).NotTo(HaveOccurred())
	defer func() { Expect(listener.Close()).To(Succeed()) }()
	go c.atCommits(listener)
	Expect(f.server.Faults().Replace([]faults.Rule{
		{Name: "before", When: faults.Before, Hook: func(call faults.Call) { c.atRequest("before", call, 0) }},
		{Name: "after", When: faults.After, Hook: func(call faults.Call) { c.atRequest("after", call, http.StatusOK) }},
	})).To(Succeed())
	f.machine.Environment = []string{"MIGRATE_MP2P_FAILPOINT=ask:" + socket}
	c.process, err = f.machine.Start("run")
	Expect(err).NotTo(HaveOccurred())
	close(c.started)
	result, err := c.process.Wait(ctx)
	Expect(err).NotTo(HaveOccurred())
	Expect(result.Code).To(Equal(allPolicy), result.Output)
	Expect(c.err).NotTo(HaveOccurred())
	Expect(f.judge(w, execution{Result: result})).To(BeEmpty(), result.Output)
	return c.shots, int(c.commits.Load())
}

// atRequest takes what a kill before a request took effect leaves, or one after a write did.
func (c *camera) atRequest(when string, call faults.Call, status int) {
	r := nsxsim.Request{Method: call.Method, Path: call.Path, Query: call.Query, Status: status}
	if status == 0 || r.Writes() {
		c.take(fmt.Sprintf("%s %s %s?%s", when, r.Method, r.Path, r.Query), &r)
	}
}

// atCommits takes what a kill before and after each commit of the records leaves.
func (c *camera) atCommits(listener net.Listener) {
	conn, err := listener.Accept()
	if err != nil {
		return // the errand did not get so far, which its end shows
	}
	defer func() { _ = conn.Close() }() // the errand may have gone first
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		c.commits.Add(1)
		c.take(lines.Text(), nil)
		if _, err := fmt.Fprintln(conn); err != nil {
			return
		}
	}
}

// take adds a snapshot where the moment leaves anything else than the one before it did.
func (c *camera) take(at string, hit *nsxsim.Request) {
	<-c.started
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err = func() (err error) {
		if err := c.process.Freeze(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.process.Thaw()) }()
		return c.look(at, hit)
	}()
}

func (c *camera) look(at string, hit *nsxsim.Request) error {
	now := &snapshot{at: at, seen: c.f.server.Requests(), moments: 1}
	if hit != nil {
		now.seen = append(now.seen, *hit)
	}
	now.expected = foretell(now.seen)
	var last *snapshot
	var disk image
	if len(c.shots) > 0 {
		last = c.shots[len(c.shots)-1]
		disk = last.disk
	}
	disk, changed, err := photograph(c.f.machine.RecordsDir(), disk)
	if err != nil {
		return err
	}
	version, err := version(c.f.state)
	if err != nil {
		return err
	}
	if last != nil && !changed && version == c.version {
		return last.join(now)
	}
	now.disk = disk
	if last != nil && version == c.version {
		now.state = last.state
	} else {
		now.state = c.f.state.Clone() // never older than the version
	}
	c.version = version
	c.shots = append(c.shots, now)
	return nil
}

func version(state *store.Store) (version uint64, err error) {
	err = state.View(func(tx *store.Tx) error {
		version = tx.Version()
		return nil
	})
	return version, err
}

// join counts a later moment that left the same behind. What must follow from the one must follow from the other.
func (s *snapshot) join(later *snapshot) error {
	s.moments++
	switch {
	case s.expected == either:
		s.expected = later.expected
	case later.expected != either && later.expected != s.expected:
		return fmt.Errorf("%q and %q leave the same behind, but %d should follow from the first and %d from the second", s.at, later.at, s.expected, later.expected)
	}
	return nil
}
