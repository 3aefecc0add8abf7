package run_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

var _ = Describe("a user spec inferred by command plan", func() {
	// infers asks for a plan without a user spec that writes one.
	infers := func(f *foundation) *config.Config {
		c := f.config()
		Expect(os.WriteFile(c.Migration.UserSpec, nil, 0o600)).To(Succeed())
		c.Migration.Command, c.Migration.WriteUserSpec = config.CommandPlan, true
		return c
	}

	It("is printed, written to the log folder and planned with, and migrates shared and NCP's objects whole", func(ctx SpecContext) {
		f := newFoundation(1)
		c := infers(f)
		out := f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(f.writes(0)).To(BeEmpty())
		file := filepath.Join(c.Log.Directory, "user-spec.yaml")
		text, err := os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(text)).To(And(
			ContainSubstring(`"tas1-other"`),
			MatchRegexp(`(?m)^  tier0_routers:\n  # "t0-main": \d+ objects refer to it, by .*parent.*; the first is .*\n  - id: "`),
			ContainSubstring(`"container-block-1"`), Not(ContainSubstring(`"container-block-2"`)),
			MatchRegexp(`firewall_sections: \[\{id: "`),
		))
		Expect(f.out.String()).To(And(
			ContainSubstring(`# "t0-main": `),
			ContainSubstring("read the inferred user spec "+file),
			MatchRegexp(`in all \d+ objects would be migrated`),
		))

		c.Migration.Command, c.Migration.WriteUserSpec, c.Migration.UserSpec = config.CommandRun, false, file
		Expect(f.execute(ctx, c).Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(f.inspect().NotReady).To(BeEmpty())
	})

	It("says the same each time, and never replaces a file that says something else", func(ctx SpecContext) {
		f := newFoundation(1)
		c := infers(f)
		file := filepath.Join(f.dir, "wanted.yaml")
		elsewhere := func(r *run.Runner) { r.UserSpecFile = file }
		Expect(f.execute(ctx, c, elsewhere).Code).To(Equal(run.AllPolicy))
		first, err := os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		Expect(f.execute(ctx, c, elsewhere).Code).To(Equal(run.AllPolicy))
		Expect(os.ReadFile(file)).To(Equal(first))

		corrected := regexp.MustCompile(`(?m)^  ip_blocks:`).ReplaceAll(first, []byte("  ip_blocks: # corrected"))
		Expect(os.WriteFile(file, corrected, 0o600)).To(Succeed())
		out := f.execute(ctx, c, elsewhere)
		Expect(out.Code).To(Equal(run.CannotTell))
		Expect(out.Failure).To(ContainSubstring(file + " exists and says something else"))
		Expect(os.ReadFile(file)).To(Equal(corrected))
	})

	It("leaves the plan to a user spec that was given", func(ctx SpecContext) {
		f := newFoundation(1)
		c := f.config()
		c.Migration.Command, c.Migration.WriteUserSpec = config.CommandPlan, true
		Expect(f.execute(ctx, c).Code).To(Equal(run.AllPolicy))
		Expect(f.out.String()).To(ContainSubstring("that of the user spec that was given"))
	})

	Describe("of a cluster", func() {
		for _, topology := range []struct {
			text, platform string
			options        model.Options
		}{
			{"of Kubernetes with a Tier-1 for each namespace", "kubernetes", model.Options{}},
			{"of Kubernetes on one Tier-1", "kubernetes", model.Options{SharedTier1: true, Rare: true}},
			{"of TKGI with a Tier-1 for each namespace", "tkgi", model.Options{}},
			{"of TKGI on one Tier-1", "tkgi", model.Options{SharedTier1: true}},
			{"of TKGI with a Tier-0 for each cluster", "tkgi", model.Options{SecondTier0: true}},
			{"of TKGI without NAT", "tkgi", model.Options{NoNAT: true}},
		} {
			It(topology.text+" is all that its whole migration needs [R2] [R3] [R15]", func(ctx SpecContext) {
				k := newKubeCluster(topology.platform, topology.options)
				c := k.config()
				c.Migration.Command, c.Migration.WriteUserSpec, c.Migration.UserSpec = config.CommandPlan, true, emptySpec(k.foundation)
				Expect(k.run(ctx, c).Code).To(Equal(run.AllPolicy), k.out.String())
				Expect(k.writes(0)).To(BeEmpty())

				c.Migration.Command, c.Migration.WriteUserSpec, c.Migration.UserSpec = config.CommandRun, false, filepath.Join(c.Log.Directory, "user-spec.yaml")
				Expect(k.run(ctx, c).Code).To(Equal(run.AllPolicy), k.out.String())
				r := k.ready()
				var text bytes.Buffer
				Expect(r.WriteText(&text)).To(Succeed())
				Expect(r.Ready() && r.OK()).To(BeTrue(), text.String())
			})
		}

		It("is inferred for each of two clusters, and lists for the second what the first one's did not move [R2] [R3]", func(ctx SpecContext) {
			first := newKubeCluster("tkgi", model.Options{SecondTier0: true})
			for index, has := range []types.GomegaMatcher{
				And(ContainSubstring(`# "t0-main"`), Not(ContainSubstring(`# "t0-second"`))),
				And(ContainSubstring(`# "t0-second"`), MatchRegexp(`Not listed, since it is Policy already: IPBLOCK "nodes-ip-block"`), Not(ContainSubstring(`# "t0-main"`))),
			} {
				k := clusterOf(first.foundation, "tkgi", first.world, index)
				c := k.config()
				c.Log.Directory, c.Records.Directory = filepath.Join(k.dir, k.name, "log"), filepath.Join(k.dir, k.name, "records")
				c.Migration.Command, c.Migration.WriteUserSpec, c.Migration.UserSpec = config.CommandPlan, true, emptySpec(k.foundation)
				Expect(k.run(ctx, c).Code).To(Equal(run.AllPolicy), k.out.String())
				Expect(k.out.String()).To(has)
				c.Migration.Command, c.Migration.WriteUserSpec, c.Migration.UserSpec = config.CommandRun, false, filepath.Join(c.Log.Directory, "user-spec.yaml")
				Expect(k.run(ctx, c).Code).To(Equal(run.AllPolicy), k.out.String())
				Expect(k.ready().Ready()).To(BeTrue())
			}
		})

		// configured is a plan that infers, with this as TKGI's configuration.
		configured := func(k *kubeCluster, text string) *config.Config {
			c := k.config()
			c.Migration.Command, c.Migration.WriteUserSpec, c.Migration.UserSpec = config.CommandPlan, true, emptySpec(k.foundation)
			c.Migration.TKGIConfiguration = filepath.Join(k.dir, "tkgi-configuration.yaml")
			Expect(os.WriteFile(c.Migration.TKGIConfiguration, []byte(text), 0o600)).To(Succeed())
			return c
		}

		It("holds what TKGI's configuration names, with the keys, and moves that as well [R3]", func(ctx SpecContext) {
			k := newKubeCluster("tkgi", model.Options{SecondTier0: true})
			c := configured(k, "nodes_ip_block_id: nodes-ip-block\nt0_router_id: t0-second\nbottom_firewall_section_marker: ncp-bottom-marker\n")
			Expect(k.run(ctx, c).Code).To(Equal(run.AllPolicy), k.out.String())
			Expect(k.out.String()).To(And(
				MatchRegexp(`# "nodes-ip-block": 1 object refers to it, by block_id: .*; named by TKGI's configuration: nodes_ip_block_id; also used by "pks-[^"]*"\n`),
				MatchRegexp(`# "t0-second": named by TKGI's configuration: t0_router_id; also used by "pks-[^"]*"\n`),
				ContainSubstring(`# "ncp-bottom-marker": named by TKGI's configuration: bottom_firewall_section_marker`),
				ContainSubstring(`nothing refers to it: the firewall section "ncp-top-marker"`),
				Not(ContainSubstring(`nothing refers to it: the firewall section "ncp-bottom-marker"`)),
			))
			c.Migration.Command, c.Migration.WriteUserSpec, c.Migration.UserSpec = config.CommandRun, false, filepath.Join(c.Log.Directory, "user-spec.yaml")
			Expect(k.run(ctx, c).Code).To(Equal(run.AllPolicy), k.out.String())
			Expect(k.ready().Ready()).To(BeTrue())
		})

		DescribeTable("is not written when TKGI's configuration is wrong, and the key is named [I10]",
			func(ctx SpecContext, text, part string) {
				k := newKubeCluster("tkgi", model.Options{})
				c := configured(k, text)
				out := k.run(ctx, c)
				Expect(out.Code).To(Equal(run.CannotTell), k.out.String())
				Expect(out.Failure).To(ContainSubstring(part))
				Expect(filepath.Join(c.Log.Directory, "user-spec.yaml")).NotTo(BeAnExistingFile())
			},
			Entry("an object that NSX lacks", "fip_pool_ids: [floating-ip-pool-1, pool-9]\n", `fip_pool_ids: ip_pools "pool-9" does not exist`),
			Entry("a key that TKGI does not have", "fip_pools: [floating-ip-pool-1]\n", "fip_pools: unknown key: known here are bottom_firewall_section_marker, "),
		)
	})
})

// emptySpec is a user spec with nothing in it.
func emptySpec(f *foundation) string {
	GinkgoHelper()
	path := filepath.Join(f.dir, "empty.yaml")
	Expect(os.WriteFile(path, nil, 0o600)).To(Succeed())
	return path
}
