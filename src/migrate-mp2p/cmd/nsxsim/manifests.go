package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"

	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

// manifests prints what runs on a cluster of a model, for a real API server. The same
// flags given to serve make the NSX side of the same world.
func manifests(args []string, stdout, stderr io.Writer) error {
	var world worldFlags
	flags := flag.NewFlagSet("manifests", flag.ContinueOnError)
	world.register(flags)
	of := flags.String("of", "", "name of the cluster whose manifests are printed; default: the first one")
	if err := parse(flags, args, stderr); err != nil {
		return err
	}
	if err := world.check(); err != nil {
		return err
	}
	built, err := world.build()
	if err != nil {
		return err
	}
	workloads, err := workloadsOf(built, *of)
	if err != nil {
		return usageError{err}
	}
	out := bufio.NewWriter(stdout)
	return errors.Join(model.WriteManifests(out, workloads), out.Flush())
}

// workloadsOf finds the workloads of a cluster, or of the first one without a name.
func workloadsOf(world *model.World, cluster string) (*model.Workloads, error) {
	if cluster == "" && len(world.Foundations) > 0 {
		cluster = world.Foundations[0].Name
	}
	var names []string
	for _, workloads := range world.Workloads {
		if workloads.Cluster == cluster {
			return workloads, nil
		}
		names = append(names, workloads.Cluster)
	}
	return nil, fmt.Errorf("%q is none of the model's Kubernetes or TKGI clusters %q", cluster, names)
}
