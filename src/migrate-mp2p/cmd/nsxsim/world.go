package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

// worldFlags are the flags that say what a simulated NSX holds. All commands that take
// them make the same world from the same flags.
type worldFlags struct {
	model   string
	scale   int
	seed    int64
	options model.Options
}

func (w *worldFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&w.model, "model", "tas", "`MODEL` of what the NSX holds: "+modelNames())
	flags.IntVar(&w.scale, "scale", 1, "size of the model: `N` times about 500 NCP objects; up to 1000, and up to 2000 for tas "+
		"with no further clusters, which needs 6 GiB of memory")
	flags.Int64Var(&w.seed, "seed", 1, "seed `N` of all ids: the same seed makes the same world")
	flags.Func("cluster",
		"`NAME` of the model's foundation or cluster; repeated, it adds further ones, of another platform as "+
			"PLATFORM:NAME", w.addCluster)
	flags.BoolVar(&w.options.SectionBetween, "section-between", false,
		"put an administrator's firewall section between those of the first cluster")
	flags.BoolVar(&w.options.OtherProducts, "other-products", false, "add an OpenStack network to the model")
	flags.StringVar(&w.options.PolicyCluster, "policy-cluster", "",
		"`NAME` of one more, small cluster whose NCP works in Policy mode already")
	flags.BoolVar(&w.options.SharedTier1, "shared-tier1", false,
		"put all namespaces of the first Kubernetes or TKGI cluster on one Tier-1")
	flags.BoolVar(&w.options.SecondTier0, "second-tier0", false, "give the second cluster of model tkgi a Tier-0 of its own")
	flags.BoolVar(&w.options.NoNAT, "no-nat", false,
		"let pods and nodes of model tkgi be reached by their own addresses, without SNAT rules")
	flags.BoolVar(&w.options.Rare, "rare", false,
		"add what NCP makes only with some settings, such as DNAT and certificates without private key")
}

// addCluster takes one --cluster: the first names the foundation to migrate.
func (w *worldFlags) addCluster(value string) error {
	platform, name, given := strings.Cut(value, ":")
	if !given {
		platform, name = "", value
	}
	if w.options.Cluster == "" {
		if given {
			return errors.New("the platform of the first one is that of --model")
		}
		w.options.Cluster = name
		return nil
	}
	w.options.Further = append(w.options.Further, model.Foundation{Name: name, Platform: platform})
	return nil
}

func (w *worldFlags) check() error {
	if _, known := models[w.model]; !known {
		return usageError{fmt.Errorf("--model %q is none of %s", w.model, modelNames())}
	}
	return nil
}

func (w *worldFlags) build() (*model.World, error) {
	return models[w.model](w.scale, w.seed, w.options)
}

// models makes the worlds that --model offers.
var models = map[string]func(scale int, seed int64, o model.Options) (*model.World, error){
	"tas":        model.TAS,
	"tkgi":       model.TKGI,
	"kubernetes": model.Kubernetes,
	"empty":      func(_ int, seed int64, o model.Options) (*model.World, error) { return model.Empty(seed, o) },
}

// modelNames lists the models for people.
func modelNames() string { return strings.Join(slices.Sorted(maps.Keys(models)), ", ") }
