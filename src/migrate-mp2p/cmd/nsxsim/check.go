package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// errFindings means that the check did its work and is not content. What it found is
// printed already.
var errFindings = errors.New("the state is not as it should be")

// checkFlags are the flags of nsxsim check.
type checkFlags struct {
	load      string
	cluster   string
	output    string
	ready     bool
	before    string
	workloads string
}

func checkCommand(stdout io.Writer) *cobra.Command {
	f := &checkFlags{}
	command := &cobra.Command{
		Use:   "check --load FILE --cluster NAME [flags]",
		Short: "judge a saved state: consistent? how many of a cluster's objects are Manager, Policy, half-way?",
		Long: `Judges a saved state. It is as it should be if it is consistent, and the cluster is all Manager or all
Policy; flags demand more.`,
		Example: `  nsxsim check --load state --cluster tas1
  nsxsim check --load after --before before --cluster tas1 --ready`,
	}
	flags := command.Flags()
	flags.StringVar(&f.load, "load", "", "state to check: a `FILE` written by serve --save; must be given")
	flags.StringVar(&f.cluster, "cluster", "", "`NAME` of the foundation or cluster; must be given")
	flags.StringVar(&f.output, "output", "text", "`FORM` of what is printed: text or json")
	flags.BoolVar(&f.ready, "ready", false,
		"also demand that NCP in Policy mode could start; what DONE left in error or late is shown, and does not count")
	flags.StringVar(&f.before, "before", "",
		"earlier state, a `FILE`: also demand that nothing but the cluster and what it shares changed since, "+
			"nor the order and rules of firewall sections")
	flags.StringVar(&f.workloads, "workloads", "",
		"`FILE` with manifests of the cluster, as nsxsim manifests prints them: once all is Policy, also demand exactly "+
			"their uids, ports and purposes")
	command.RunE = func(*cobra.Command, []string) error {
		if err := f.check(); err != nil {
			return err
		}
		return checkState(f, stdout)
	}
	return command
}

func (f *checkFlags) check() error {
	if f.load == "" || f.cluster == "" {
		return usageError{errors.New("check needs --load and --cluster")}
	}
	if f.output != "text" && f.output != "json" {
		return usageError{fmt.Errorf("--output %q is neither text nor json", f.output)}
	}
	return nil
}

// findings is the output of nsxsim check.
type findings struct {
	*check.Report
	// Touched lists what changed since --before and should not have.
	Touched []string `json:"touched,omitempty"`
}

// checkState judges a saved state. It ends well if the state is consistent and the
// cluster all Manager or all Policy; with workloads, if an all-Policy one has their values, too.
func checkState(f *checkFlags, stdout io.Writer) error {
	st, err := loadState(f.load)
	if err != nil {
		return err
	}
	var options check.Options
	if f.workloads != "" {
		if options.Workloads, err = check.LoadWorkloads(f.workloads); err != nil {
			return err
		}
	}
	found := findings{}
	if found.Report, err = check.InspectWith(st, f.cluster, options); err != nil {
		return err
	}
	if f.before != "" {
		if found.Touched, err = touched(f.before, st, f.cluster); err != nil {
			return err
		}
	}
	if err := found.print(stdout, f.output); err != nil {
		return err
	}
	if !found.OK() || len(found.Touched) > 0 || (f.ready && !found.Ready()) || (f.workloads != "" && len(found.NotReady) > 0) {
		return errFindings
	}
	return nil
}

// touched compares an earlier state with a later one.
func touched(before string, after *store.Store, cluster string) ([]string, error) {
	earlier, err := loadState(before)
	if err != nil {
		return nil, err
	}
	except := check.Except{Cluster: cluster}
	shared, err := nsxsim.Shared(earlier)
	if err != nil {
		return nil, err
	}
	for _, one := range shared {
		except.Shared = append(append(except.Shared, one.ID), one.Ports...)
	}
	return check.Untouched(earlier, after, except)
}

func (f findings) print(w io.Writer, format string) error {
	if format == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(f); err != nil {
			return fmt.Errorf("printing the findings: %w", err)
		}
		return nil
	}
	for _, line := range f.Touched {
		if _, err := fmt.Fprintln(w, "touched:", line); err != nil {
			return fmt.Errorf("printing the findings: %w", err)
		}
	}
	return f.WriteText(w)
}
