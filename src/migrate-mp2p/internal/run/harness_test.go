package run_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/report"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/internal/wait"
	"nsx-mp2p/migrate-mp2p/internal/wiring"
	"nsx-mp2p/migrate-mp2p/internal/workloads"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// foundation is a simulated NSX with a TAS foundation, and the disk of the errand's VM.
type foundation struct {
	server *nsxsim.Server
	state  *store.Store
	dir    string
	out    *bytes.Buffer // what the last execution printed
	runs   int
	// unjudged says that the spec has changed what the judge of readiness reads, or waived updates, so that a code 0 is
	// not held against it.
	unjudged bool
}

const cluster = "tas1"

// options of the simulator that a test may change before it starts.
type options struct {
	nsxsim.Options
	plan coordinator.Options
}

func newFoundation(scale int, change ...func(*options)) *foundation {
	GinkgoHelper()
	return newNSX(scale, 1, change...)
}

// newNSX makes another NSX for each seed.
func newNSX(scale int, seed uint64, change ...func(*options)) *foundation {
	GinkgoHelper()
	world, err := model.TAS(scale, int64(seed), model.Options{Cluster: cluster})
	Expect(err).NotTo(HaveOccurred())
	st := store.New(seed)
	Expect(nsxsim.LoadWorld(st, world)).To(Succeed())
	return serve(st, change...)
}

func serve(st *store.Store, change ...func(*options)) *foundation {
	GinkgoHelper()
	o := &options{Options: nsxsim.Options{Store: st, KeepBodies: true}}
	for _, c := range change {
		c(o)
	}
	o.Coordinator = coordinator.New(o.plan)
	server, err := nsxsim.Start(o.Options)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(server.Close)
	f := &foundation{server: server, state: st, dir: GinkgoT().TempDir()}
	Expect(os.WriteFile(filepath.Join(f.dir, "ca.pem"), server.CA(), 0o600)).To(Succeed())
	return f
}

// config is what an operator would have configured; tests change it.
func (f *foundation) config() *config.Config {
	c := config.Default()
	c.NCP = config.NCP{Platform: "tas", Cluster: cluster}
	c.NSX.Managers = []config.Manager{{Address: strings.TrimPrefix(f.server.URL(), "https://")}}
	c.NSX.Username, c.NSX.Password = nsxsim.AdminUser, config.Secret(f.server.Password())
	c.NSX.CACertificate = filepath.Join(f.dir, "ca.pem")
	c.NSX.RequestsPerSecond = 10_000
	c.NSX.AllowOverwrite = true
	c.Migration.Enabled, c.Migration.Strategy = true, "all-down"
	c.Migration.UserSpec = f.userSpec()
	c.Records = config.Records{Directory: filepath.Join(f.dir, "records")}
	c.Log.Directory = filepath.Join(f.dir, "log")
	return c
}

// userSpec writes what the administrator gave to the foundation into a file.
func (f *foundation) userSpec() string {
	GinkgoHelper()
	shared, err := nsxsim.Shared(f.state)
	Expect(err).NotTo(HaveOccurred())
	types, err := catalog.New(nil)
	Expect(err).NotTo(HaveOccurred())
	text := "version: 1\nshared:\n"
	for _, e := range types.Entries() {
		lines := ""
		for _, s := range shared {
			if s.Kind == string(e.Type) {
				lines += fmt.Sprintf("  - id: %s # %s\n", s.ID, s.DisplayName)
			}
		}
		if lines != "" {
			text += "  " + e.SpecKey + ":\n" + lines
		}
	}
	path := filepath.Join(f.dir, "user-spec.yaml")
	Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
	return path
}

// fastClock is the wall's clock with waits cut short.
type fastClock struct{}

func (fastClock) Now() time.Time { return time.Now() }

func (fastClock) Sleep(ctx context.Context, d time.Duration) error {
	return wait.For(ctx, min(d, 5*time.Millisecond))
}

// execute runs the errand once, as a fresh process with the same disk would.
func (f *foundation) execute(ctx context.Context, c *config.Config, change ...func(*run.Runner)) report.Outcome {
	GinkgoHelper()
	f.out = &bytes.Buffer{}
	f.runs++
	redact := &report.Redactor{}
	redact.Register(c.NSX.Password.Reveal())
	log, closer, err := report.NewLogger("debug", c.Log.Directory, redact)
	Expect(err).NotTo(HaveOccurred())
	defer func() { Expect(closer.Close()).To(Succeed()) }()
	var r *run.Runner
	reporter := report.New(report.Options{Out: f.out, Log: log, LogDir: c.Log.Directory, Redact: redact, OnStatus: func(s report.Status) { r.SaveStatus(s) }})
	var platform workloads.Platform = workloads.TAS{}
	if c.NCP.Platform != config.PlatformTAS {
		platform = everything{} // unless the spec has one of its own
	}
	r, err = wiring.Runner(c, wiring.Parts{
		Version: "test", Report: reporter, Redact: redact, Log: log, Platform: platform, FirstPause: 5 * time.Millisecond,
	})
	Expect(err).NotTo(HaveOccurred())
	defer r.NSX.Close()
	r.Clock = fastClock{}
	n := 0
	r.NewRunID = func() string { n++; return fmt.Sprintf("run-%03d-%d", f.runs, n) }
	for _, ch := range change {
		ch(r)
	}
	out := r.Do(ctx)
	r.Report.Finish(out)
	AddReportEntry(fmt.Sprintf("execution %d", f.runs), f.out.String(), ReportEntryVisibilityFailureOrVerbose)
	f.expectTruth(c, out)
	return out
}

// expectTruth demands that NCP could start where a run has said so: whatever the spec is about, a code 0 must not lie.
func (f *foundation) expectTruth(c *config.Config, out report.Outcome) {
	GinkgoHelper()
	says := out.Code == run.AllPolicy && c.Migration.Command == config.CommandRun && strings.Contains(out.Meaning, "NCP-created objects")
	if says && !f.unjudged && len(c.Migration.WaiveUpdates) == 0 {
		Expect(f.inspect().NotReady).To(BeEmpty(), "NCP was told that it may start:\n%s", f.out)
	}
}

// inspect is the simulator's own judgement of the state of NSX.
func (f *foundation) inspect() *check.Report {
	GinkgoHelper()
	r, err := check.Inspect(f.state, cluster)
	Expect(err).NotTo(HaveOccurred())
	return r
}

// copyState is the state of NSX as it is now.
func (f *foundation) copyState() *store.Store {
	GinkgoHelper()
	var b bytes.Buffer
	Expect(f.state.Save(&b)).To(Succeed())
	st, err := store.Load(&b)
	Expect(err).NotTo(HaveOccurred())
	return st
}

// writes lists the requests since the n-th that could change something on NSX.
func (f *foundation) writes(since int) []string {
	var all []string
	for _, r := range f.server.Requests() {
		if r.Seq > since && r.Writes() {
			all = append(all, r.Method+" "+r.Path+" "+r.Query)
		}
	}
	return all
}

// fault adds a rule to those in force.
func (f *foundation) fault(rules ...faults.Rule) {
	GinkgoHelper()
	Expect(f.server.Faults().Replace(rules)).To(Succeed())
}

// unfinished answers the state of the records on disk, "" for none.
func (f *foundation) unfinished() records.State {
	GinkgoHelper()
	return f.recorded().State
}

// recorded is the header on disk; the zero value when no run is recorded.
func (f *foundation) recorded() records.Header {
	GinkgoHelper()
	store, err := records.OpenReadOnly(filepath.Join(f.dir, "records"))
	Expect(err).NotTo(HaveOccurred())
	defer func() { Expect(store.Close()).To(Succeed()) }()
	header, _, err := store.Run()
	Expect(err).NotTo(HaveOccurred())
	return header
}

// sharedIDs are the Manager ids of everything that the user spec moves.
func (f *foundation) sharedIDs() []string {
	GinkgoHelper()
	shared, err := nsxsim.Shared(f.state)
	Expect(err).NotTo(HaveOccurred())
	var ids []string
	for _, s := range shared {
		ids = append(append(append(append(ids, s.ID), s.Ports...), s.StaticRoutes...), s.Allocations...)
	}
	return ids
}

// leapingClock is a clock on which no wait takes longer than a moment of real time.
type leapingClock struct{ ahead atomic.Int64 }

func (c *leapingClock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *leapingClock) Sleep(ctx context.Context, d time.Duration) error {
	c.ahead.Add(int64(d))
	return wait.For(ctx, min(d, 5*time.Millisecond))
}
