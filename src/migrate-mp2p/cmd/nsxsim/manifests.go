package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

// manifestsCommand prints what runs on a cluster of a model, for a real API server. The same
// flags given to serve make the NSX side of the same world.
func manifestsCommand(stdout io.Writer) *cobra.Command {
	var world worldFlags
	command := &cobra.Command{
		Use:   "manifests [flags]",
		Short: "print what runs on a cluster of a model, as Kubernetes manifests",
		Long: `Prints what runs on a cluster of a model, as Kubernetes manifests for a real API server. The same
flags given to serve make the NSX side of the same world.`,
		Example: `  nsxsim manifests --model kubernetes --cluster blue
  nsxsim manifests --model kubernetes --cluster blue --cluster tkgi:green --of green`,
	}
	world.register(command.Flags())
	of := command.Flags().String("of", "", "`NAME` of the cluster whose manifests are printed (default: the first one)")
	command.RunE = func(*cobra.Command, []string) error { return manifests(world, *of, stdout) }
	return command
}

func manifests(world worldFlags, of string, stdout io.Writer) error {
	if err := world.check(); err != nil {
		return err
	}
	built, err := world.build()
	if err != nil {
		return err
	}
	workloads, err := workloadsOf(built, of)
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
