package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// serveFlags are the flags of nsxsim serve.
type serveFlags struct {
	listen    string
	world     worldFlags
	load      string
	save      string
	faults    string
	requests  string
	readyFile string
	virtual   string
	principal string
	server    nsxsim.Options
	plan      coordinator.Options
}

func serveCommand(stdout io.Writer) *cobra.Command {
	f := &serveFlags{server: nsxsim.Options{Limits: nsxsim.DefaultLimits()}}
	command := &cobra.Command{
		Use:   "serve [flags]",
		Short: "run a simulated NSX until SIGINT or SIGTERM",
		Long: `Runs a simulated NSX until SIGINT or SIGTERM. It prints where it listens, and writes a file that says
how to connect. Durations are written as 500ms, 90s, 15m or 1h30m.`,
		Example: `  nsxsim serve --model tas --ready-file nsx.json
  nsxsim serve --load state --save state --nodes 3 --virtual-address source-ip`,
	}
	f.register(command.Flags())
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := f.check(); err != nil {
			return err
		}
		return serve(command.Context(), f, stdout)
	}
	return command
}

func (f *serveFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.listen, "listen", "127.0.0.1:0",
		"`ADDRESS` of the first node, host:port; further nodes take free ports of the same host")
	f.world.register(flags)
	flags.StringVar(&f.load, "load", "", "state to serve in place of a model: a `FILE` written by --save")
	flags.StringVar(&f.save, "save", "", "`FILE` for the state at exit, also on SIGTERM")
	flags.StringVar(&f.faults, "faults", "", "`FILE` with fault rules (YAML list)")
	flags.StringVar(&f.requests, "requests", "", "`FILE` for the journal of requests (JSON lines; it is replaced)")
	flags.StringVar(&f.readyFile, "ready-file", "",
		"`FILE` that says how to connect (JSON), written when the simulator listens")

	o := &f.server
	flags.StringVar(&o.Version, "nsx-version", nsxsim.DefaultVersion,
		"NSX `VERSION` to be, such as 3.0, 3.2, 4.0.1.1, 4.1.1, 4.2 or 9.0; a state that was upgraded keeps its own")
	flags.IntVar(&o.Nodes, "nodes", 1, "manager nodes, 1 to 3")
	flags.StringVar(&f.virtual, "virtual-address", "",
		"`KIND` of address in front of the nodes: source-ip (persistent), round-robin or cluster-ip (one node "+
			"until a failover)")
	flags.StringVar(&f.principal, "principal", "",
		"`NAME` of a principal identity; its client certificate goes into the ready file")
	flags.StringVar(&o.AdminPassword, "password", nsxsim.DefaultPassword, "`PASSWORD` of the users admin and auditor")
	flags.DurationVar(&o.SessionLifetime, "session-lifetime", 30*time.Minute, "how long a login session lasts; 0: for ever")
	flags.IntVar(&o.SessionStatus, "session-status", 403, "HTTP status `CODE` that answers a session that ended, 401 or 403")
	flags.BoolVar(&o.SessionsPerNode, "sessions-per-node", false, "a login session is good only on the node that opened it")
	flags.IntVar(&o.LockAfter, "lock-after", 5, "failed logins after which an account is locked; 0: never")
	flags.DurationVar(&o.LockFor, "lock-for", 15*time.Minute, "how long a locked account stays locked")
	flags.IntVar(&o.Limits.PerSecond, "requests-per-second", o.Limits.PerSecond,
		"rate limit of one user, `N` requests a second; 0: none")
	flags.IntVar(&o.Limits.InFlight, "concurrency", o.Limits.InFlight, "requests in flight of one user; 0: no limit")
	flags.IntVar(&o.Limits.TotalInFlight, "total-concurrency", o.Limits.TotalInFlight,
		"requests in flight of all users; 0: no limit")
	flags.IntVar(&o.Limits.ConcurrencyStatus, "concurrency-status", 429,
		"HTTP status `CODE` that answers above --concurrency, 429 or 503")
	flags.DurationVar(&o.Limits.RetryAfter, "retry-after", 0,
		"what Retry-After says when a limit refuses a request; 0: no such header")
	flags.DurationVar(&o.NotReadyFor, "not-ready-for", 0, "how long every call is refused after the start")
	flags.StringVar(&o.NotReadyAnswer, "not-ready-answer", "unavailable",
		"with what `ANSWER`: unavailable, backend-missing, cannot-connect or reconfiguring")
	flags.DurationVar(&o.Latency, "latency", 0, "time added to every answer")
	flags.DurationVar(&o.SearchLag, "search-lag", 0, "how far the search index runs behind")
	flags.IntVar(&o.Search.LargestPage, "search-page", 0, "largest page_size that the search can answer; 0: 1000")
	flags.IntVar(&o.Search.LargePageStatus, "search-page-status", 400,
		"HTTP status `CODE` that refuses a larger one: 400 or 503")
	flags.DurationVar(&o.Search.Reindexing, "search-reindexing", 0, "how long the search is refused after a reconcile")
	flags.DurationVar(&o.ServiceStartDelay, "service-start-delay", 0,
		"how long the migration coordinator's service takes to start")
	flags.IntVar(&o.MaxIntents, "max-intents", 5000, "how many objects one hierarchical PATCH may hold")
	flags.DurationVar(&o.PurgeDelay, "purge-delay", 0,
		"how long a deleted Policy object stays marked for deletion before it is purged")
	flags.DurationVar(&o.RealizationDelay, "realization-delay", 0,
		"how long a Policy intent is IN_PROGRESS after it was written")
	flags.BoolVar(&o.PartialPatch, "partial-patch", false, "a Policy PATCH keeps fields that its body does not name")
	flags.BoolVar(&o.KeepBodies, "bodies", false, "write request bodies into the journal")

	p := &f.plan
	flags.DurationVar(&p.PrecheckTime, "precheck-time", 0, "time that the pre-check of a batch takes")
	flags.DurationVar(&p.BatchTime, "batch-time", 0, "time that the migration of a batch takes")
	flags.DurationVar(&p.ObjectTime, "object-time", 0, "time added to both for each object")
	flags.DurationVar(&p.DoneTime, "done-time", 0, "time that workflow DONE takes")
	flags.DurationVar(&p.RollbackTime, "rollback-time", 0, "time that a rollback call takes")
	flags.DurationVar(&p.SectionTime, "section-time", 0, "time added to a rollback for each firewall section")
	flags.DurationVar(&p.OverallAhead, "overall-ahead", 0,
		"how long the overall status is final before the migration component is")
	flags.DurationVar(&p.BusyFor, "busy-for", 0, "how long the coordinator refuses plan actions after each one (30722)")
	flags.BoolVar(&p.EnforceLimits, "enforce-limits", false, "refuse batches above the sizes that vmware-nsx keeps to")
	flags.BoolVar(&p.StrictOrder, "strict-order", false, "demand load balancer services before their virtual servers")
	flags.BoolVar(&p.EnumOrder, "enum-order", false, "demand that types come in the order of NSX's own enumeration")
	flags.StringVar(&p.FailedOverall, "failed-overall", "PAUSED", "overall `STATUS` after a batch failed, PAUSED or FAILED")
	flags.IntVar(&p.PostStatus, "post-status", 200, "HTTP status `CODE` that answers an accepted batch, 200 or 204")
	flags.BoolVar(&p.ForgetOnRestart, "forget-on-restart", false,
		"lose workflow and plan when the coordinator's service stops")
	flags.BoolVar(&p.KeepOnRestore, "keep-on-restore", false, "bring workflow and plan back with a restored backup")
	flags.BoolVar(&p.AbortStops, "abort-stops", false, "let abort end a migration at work, with nothing of its batch promoted")
	flags.BoolVar(&p.KeepPartial, "keep-partial", false, "leave promoted what a failing or aborted batch had reached")
	flags.BoolVar(&p.LossyRollback, "lossy-rollback", false,
		"let firewall sections come back from a rollback in another place and with other rule ids")
	flags.Func("fail-precheck", "Manager `ID` that fails in the pre-check; may be repeated", failing(&p.FailPrecheck))
	flags.Func("fail-migration", "Manager `ID` that fails in the migration; may be repeated", failing(&p.FailMigration))
	flags.Func("fail-rollback", "Manager `ID` that fails in a rollback; may be repeated", failing(&p.FailRollback))
	flags.Func("skip-silently",
		"Manager `ID` that a batch reports as migrated and leaves alone; may be repeated", func(id string) error {
			if p.SkipSilently == nil {
				p.SkipSilently = map[string]bool{}
			}
			p.SkipSilently[id] = true
			return nil
		})
	flags.BoolVar(&o.UnfitIDs, "unfit-ids", false,
		"take Policy ids in bodies and batches that no path can name; every call to such an object is refused")
	flags.Func("unrealized",
		"promoted intents (a `RULE`) that DONE leaves behind, as GLOB=error[:REASON] or GLOB=late[:DURATION] "+
			"over their Policy paths; may be repeated, the first that fits counts", func(text string) error {
			rule, err := coordinator.ParseUnrealized(text)
			p.Unrealized = append(p.Unrealized, rule)
			return err
		})
}

// check completes the options with what takes more than one flag, and refuses values that there are not.
func (f *serveFlags) check() error {
	f.plan.UnfitIDs = f.server.UnfitIDs
	if err := f.world.check(); err != nil {
		return err
	}
	if _, _, err := net.SplitHostPort(f.listen); err != nil {
		return usageError{fmt.Errorf("--listen %q is not host:port: %w", f.listen, err)}
	}
	switch f.server.VirtualAddress = nsxsim.VirtualAddress(f.virtual); f.server.VirtualAddress {
	case nsxsim.NoVirtualAddress, nsxsim.SourcePersistent, nsxsim.RoundRobin, nsxsim.ClusterIP:
	default:
		return usageError{fmt.Errorf("--virtual-address %q is none of %q, %q, %q", f.virtual, nsxsim.SourcePersistent, nsxsim.RoundRobin, nsxsim.ClusterIP)}
	}
	return nil
}

// failing collects the ids of a repeatable flag, each with the text of its failure.
func failing(ids *map[string]string) func(string) error {
	return func(id string) error {
		if *ids == nil {
			*ids = map[string]string{}
		}
		(*ids)[id] = "fails because the simulator was told so"
		return nil
	}
}

// serve runs the simulator until the context ends.
func serve(ctx context.Context, f *serveFlags, stdout io.Writer) (err error) {
	if f.server.Store, err = f.state(); err != nil {
		return err
	}
	if f.server.Faults, err = readFaults(f.faults); err != nil {
		return err
	}
	if f.requests != "" {
		journal, err := os.Create(f.requests)
		if err != nil {
			return fmt.Errorf("creating the journal: %w", err)
		}
		f.server.Journal = journal
		defer func() { err = errors.Join(err, journal.Close()) }()
	}
	if f.server.Listeners, err = f.listeners(); err != nil {
		return err
	}
	f.server.Seed = uint64(f.world.seed)
	f.server.Coordinator = coordinator.New(f.plan)
	server, err := nsxsim.Start(f.server)
	if err != nil {
		return err
	}
	served := f.announce(server, stdout)
	if served == nil {
		<-ctx.Done()
	}
	return errors.Join(served, server.Close(), f.keep(server.Store()))
}

// state loads the saved state, or makes the model.
func (f *serveFlags) state() (*store.Store, error) {
	if f.load != "" {
		return loadState(f.load)
	}
	world, err := f.world.build()
	if err != nil {
		return nil, err
	}
	st := store.New(uint64(f.world.seed))
	return st, nsxsim.LoadWorld(st, world)
}

func loadState(path string) (*store.Store, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the state: %w", err)
	}
	st, err := store.Load(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return st, nil
}

func readFaults(path string) ([]faults.Rule, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading fault rules: %w", err)
	}
	rules, err := faults.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return rules, nil
}

// listeners opens the asked-for address for the first node, and free ports of the same host for the others.
func (f *serveFlags) listeners() ([]net.Listener, error) {
	host, _, err := net.SplitHostPort(f.listen)
	if err != nil {
		return nil, err
	}
	addresses := []string{f.listen}
	for len(addresses) < f.server.Nodes {
		addresses = append(addresses, net.JoinHostPort(host, "0"))
	}
	if f.server.VirtualAddress != nsxsim.NoVirtualAddress {
		addresses = append(addresses, net.JoinHostPort(host, "0"))
	}
	var listeners []net.Listener
	for _, address := range addresses {
		l, err := net.Listen("tcp", address)
		if err != nil {
			for _, open := range listeners {
				err = errors.Join(err, open.Close())
			}
			return nil, fmt.Errorf("listening on %s: %w", address, err)
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

// ready is what the ready file says.
type ready struct {
	URL      string   `json:"url"`
	Nodes    []string `json:"nodes"`
	CA       string   `json:"ca"`
	Username string   `json:"username"`
	Password string   `json:"password"`
	Cluster  string   `json:"cluster"`
	Platform string   `json:"platform"`
	// Clusters are the names of all users of the NSX; the first is Cluster.
	Clusters []string `json:"clusters"`
	// Principal is the identity of --principal.
	Principal *nsxsim.Principal `json:"principal,omitempty"`
	// Shared is what the user spec of this cluster lists.
	Shared []model.Shared `json:"shared"`
}

// announce prints where the simulator listens, and writes the ready file.
func (f *serveFlags) announce(server *nsxsim.Server, stdout io.Writer) error {
	r := ready{URL: server.URL(), CA: string(server.CA()), Username: nsxsim.AdminUser, Password: server.Password()}
	for node := range f.server.Nodes {
		r.Nodes = append(r.Nodes, server.NodeURL(node))
	}
	users, err := nsxsim.Foundations(server.Store())
	if err != nil {
		return err
	}
	if len(users) > 0 {
		r.Cluster, r.Platform = users[0].Name, users[0].Platform
	}
	for _, user := range users {
		r.Clusters = append(r.Clusters, user.Name)
	}
	if f.principal != "" {
		principal, err := server.NewPrincipal(f.principal, api.EnterpriseAdmin)
		if err != nil {
			return err
		}
		r.Principal = &principal
	}
	if r.Shared, err = nsxsim.Shared(server.Store()); err != nil {
		return err
	}
	if f.readyFile != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return fmt.Errorf("encoding the ready file: %w", err)
		}
		if err := writeDurably(f.readyFile, func(w io.Writer) error {
			_, err := w.Write(append(text, '\n'))
			return err
		}); err != nil {
			return fmt.Errorf("writing the ready file: %w", err)
		}
	}
	_, err = fmt.Fprintf(stdout, "serving NSX %s with cluster %q on %s\n", server.Version(), r.Cluster, r.URL)
	return err
}

// keep saves the state if that was asked for.
func (f *serveFlags) keep(st *store.Store) error {
	if f.save == "" {
		return nil
	}
	if err := writeDurably(f.save, st.Save); err != nil {
		return fmt.Errorf("saving the state to %s: %w", f.save, err)
	}
	return nil
}
