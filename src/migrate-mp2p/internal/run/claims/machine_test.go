package claims_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/report"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/internal/wait"
	"nsx-mp2p/migrate-mp2p/internal/wiring"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/liar"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// patience bounds one execution in real time. Waits of the product are cut short, so that reaching it means that there
// is no end.
const patience = 30 * time.Minute

// machine is the errand's machine, its NSX, and the proxy between the two.
type machine struct {
	state   *store.Store
	server  *nsxsim.Server
	proxy   *liar.Proxy
	dir     string
	config  *config.Config
	rules   int
	runs    int
	last    report.Outcome
	output  string          // of the last execution
	history strings.Builder // what was executed, and how it ended
}

func (w *world) newMachine(change ...func(*nsxsim.Options)) (m *machine, err error) {
	m = &machine{}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close())
		}
	}()
	if m.state, err = store.Load(bytes.NewReader(w.saved)); err != nil {
		return m, err
	}
	o := nsxsim.Options{Store: m.state, Coordinator: coordinator.New(coordinator.Options{})}
	for _, c := range change {
		c(&o)
	}
	if m.server, err = nsxsim.Start(o); err != nil {
		return m, err
	}
	if m.proxy, err = liar.Start(m.server.URL(), m.server.CA()); err != nil {
		return m, err
	}
	return m, m.configure(w)
}

// configure gives the machine its disk, and configures it as an operator would.
func (m *machine) configure(w *world) (err error) {
	if m.dir, err = os.MkdirTemp(w.scratch, "mp2p-claims-"); err != nil {
		return err
	}
	file := func(name string) string { return filepath.Join(m.dir, name) }
	c := config.Default()
	c.NCP = config.NCP{Platform: "tas", Cluster: cluster}
	c.NSX.Managers = []config.Manager{{Address: strings.TrimPrefix(m.proxy.URL(), "https://")}}
	c.NSX.Username, c.NSX.Password = nsxsim.AdminUser, config.Secret(m.server.Password())
	c.NSX.CACertificate, c.NSX.RequestsPerSecond, c.NSX.AllowOverwrite = file("ca.pem"), 10_000, true
	c.Migration.Enabled, c.Migration.Strategy, c.Migration.UserSpec = true, "all-down", file("user-spec.yaml")
	c.Records, c.Log.Directory = config.Records{Directory: file("records")}, file("log")
	m.config = c
	return errors.Join(
		os.WriteFile(c.NSX.CACertificate, m.proxy.CA(), 0o600),
		os.WriteFile(c.Migration.UserSpec, []byte(w.userSpec), 0o600),
	)
}

func (m *machine) close() error {
	var all []error
	if m.proxy != nil {
		all = append(all, m.proxy.Close())
	}
	if m.server != nil {
		all = append(all, m.server.Close())
	}
	if m.dir != "" {
		all = append(all, os.RemoveAll(m.dir))
	}
	return errors.Join(all...)
}

// fault puts rules in place of all, with counts that begin anew.
func (m *machine) fault(rules ...faults.Rule) error {
	for i := range rules {
		m.rules++
		rules[i].Name = fmt.Sprintf("fault-%d", m.rules)
	}
	return m.server.Faults().Replace(rules)
}

// execute runs the errand once, as a fresh process with the same disk would.
func (m *machine) execute(ctx context.Context) (code int, err error) {
	m.runs++
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errNoEnd)
	defer cancel()
	c := m.config
	redact := &report.Redactor{}
	redact.Register(c.NSX.Password.Reveal())
	log, closer, err := report.NewLogger("info", c.Log.Directory, redact)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	var out bytes.Buffer
	var r *run.Runner
	reporter := report.New(report.Options{Out: &out, Log: log, LogDir: c.Log.Directory, Redact: redact, OnStatus: func(s report.Status) { r.SaveStatus(s) }})
	if r, err = wiring.Runner(c, wiring.Parts{Version: "test", Report: reporter, Redact: redact, Log: log, FirstPause: 5 * time.Millisecond}); err != nil {
		return 0, err
	}
	defer r.NSX.Close()
	n := 0
	r.Clock, r.NewRunID = &leapingClock{}, func() string { n++; return fmt.Sprintf("run-%03d-%d", m.runs, n) }
	m.last = r.Do(ctx)
	r.Report.Finish(m.last)
	m.output = out.String()
	fmt.Fprintf(&m.history, "--- execution %d ended with %d: %s\n", m.runs, m.last.Code, m.output)
	if errors.Is(context.Cause(ctx), errNoEnd) {
		return m.last.Code, errNoEnd
	}
	return m.last.Code, nil
}

var errNoEnd = fmt.Errorf("an execution did not end within %s", patience)

// leapingClock is a clock on which no wait takes longer than a moment of real time.
type leapingClock struct{ ahead atomic.Int64 }

func (c *leapingClock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *leapingClock) Sleep(ctx context.Context, d time.Duration) error {
	c.ahead.Add(int64(d))
	return wait.For(ctx, min(d, 5*time.Millisecond))
}
