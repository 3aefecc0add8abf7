package coordinator_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// policyBodies are the Policy objects of a state.
func policyBodies(st *store.Store) map[string]string {
	GinkgoHelper()
	bodies := map[string]string{}
	Expect(st.View(func(tx *store.Tx) error {
		for o := range tx.Policy().All() {
			bodies[o.Key] = string(o.Body)
		}
		return nil
	})).To(Succeed())
	return bodies
}

// misshapen lists what VMware's SDK would not accept of the Policy objects of a state,
// each with one of the objects concerned.
func misshapen(st *store.Store) map[string]string {
	GinkgoHelper()
	set, err := schema.Policy()
	Expect(err).NotTo(HaveOccurred())
	wrong := map[string]string{}
	Expect(st.View(func(tx *store.Tx) error {
		for o := range tx.Policy().All() {
			body, err := o.Fields()
			if err != nil {
				return err
			}
			if problems := set.Check(o.ResourceType, body); problems != nil {
				wrong[o.ResourceType+": "+schema.Sentence(problems)] = o.Key
			}
		}
		return nil
	})).To(Succeed())
	return wrong
}

var _ = Describe("whole worlds of every platform", func() {
	DescribeTable("become Policy and nothing else with them, and go back to the same bytes",
		func(build func(int, int64, model.Options) (*model.World, error), options model.Options) {
			load := func(world *model.World) *store.Store {
				GinkgoHelper()
				st := store.New(1)
				Expect(nsxsim.LoadWorld(st, world)).To(Succeed())
				return st
			}
			world, err := build(1, 1, options)
			Expect(err).NotTo(HaveOccurred())
			st, untouched := load(world), load(world)
			manager, policy := lasting(st), policyBodies(st)
			cluster := world.Foundations[0]
			except := check.Except{Cluster: cluster.Name}
			for _, shared := range world.Shared {
				except.Shared = append(append(except.Shared, shared.ID), shared.Ports...)
			}
			shared := sharedBatches(world)
			own := append(profileBatches(world), ncpBatches(world)...)
			n := serve(st, coordinator.Options{})
			n.initiate()

			By("promoting everything")
			n.promote(shared...)
			n.promote(own...)
			n.done()
			report, err := check.Inspect(st, cluster.Name)
			Expect(err).NotTo(HaveOccurred())
			Expect(report.Platform).To(Equal(cluster.Platform))
			Expect(report.AllPolicy()).To(BeTrue(), "%+v", report.NCP)
			Expect(report.Shared.Manager).To(BeZero())
			Expect(report.Inconsistencies).To(BeEmpty())
			// The subnet of TKGI's nodes has no pool with which it could move.
			Expect(report.NotReady).NotTo(ContainElement(And(HaveField("Row", "network of the nodes"), HaveField("Path", Not(HavePrefix("pools/ip-subnets/"))))))
			Expect(check.Untouched(untouched, st, except)).To(BeEmpty())

			Expect(misshapen(st)).To(BeEmpty())

			By("rolling everything back")
			n.initiate()
			n.rollback(own...)
			n.rollback(shared...)
			Expect(lasting(st)).To(Equal(manager))
			Expect(policyBodies(st)).To(Equal(policy))
		},
		Entry("TAS, with what NCP rarely makes", model.TAS, model.Options{Rare: true, OtherProducts: true}),
		Entry("Kubernetes", model.Kubernetes, model.Options{}),
		Entry("Kubernetes on one Tier-1, with ingress by NAT", model.Kubernetes, model.Options{SharedTier1: true, Rare: true}),
		Entry("TKGI", model.TKGI, model.Options{}),
	)

	It("become Policy one cluster after the other, on resources that they share", func() {
		world, err := model.TKGI(1, 1, model.Options{Cluster: "pks-a", Further: []model.Foundation{{Name: "pks-b"}}})
		Expect(err).NotTo(HaveOccurred())
		st := store.New(1)
		Expect(nsxsim.LoadWorld(st, world)).To(Succeed())
		judge := func(cluster string) *check.Report {
			GinkgoHelper()
			report, err := check.Inspect(st, cluster)
			Expect(err).NotTo(HaveOccurred())
			Expect(report.Inconsistencies).To(BeEmpty())
			return report
		}
		n := serve(st, coordinator.Options{})
		n.initiate()
		n.promote(sharedBatches(world)...)
		n.promote(append(profileBatches(world), ncpBatches(world)...)...)
		Expect(judge("pks-a").AllPolicy()).To(BeTrue())
		Expect(judge("pks-b").AllManager()).To(BeTrue())

		second := *world
		second.Foundations = []model.Foundation{{Name: "pks-b", Platform: "tkgi"}}
		n.promote(append(profileBatches(&second), ncpBatches(&second)...)...)
		n.done()
		Expect(judge("pks-a").AllPolicy()).To(BeTrue())
		Expect(judge("pks-b").AllPolicy()).To(BeTrue())
		Expect(judge(world.Foundations[1].Name).AllManager()).To(BeTrue(), "the small cluster beside them")
	})
})
