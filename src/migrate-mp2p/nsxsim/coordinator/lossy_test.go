package coordinator_test

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// wall is the distributed firewall as a Manager client sees it: the names of the
// sections in the order of evaluation, and the names and ids of each one's rules.
type wall struct {
	sections   []string
	rules, ids map[string][]string
}

func (n *nsx) wall() wall {
	GinkgoHelper()
	w := wall{rules: map[string][]string{}, ids: map[string][]string{}}
	for _, one := range n.ok("GET", "/api/v1/firewall/sections?enforced_on=VIF", nil)["results"].([]any) {
		section := one.(object)
		name := section["display_name"].(string)
		w.sections = append(w.sections, name)
		for _, one := range n.manager("firewall/sections/" + section["id"].(string) + "/rules")["results"].([]any) {
			w.rules[name] = append(w.rules[name], one.(object)["display_name"].(string))
			w.ids[name] = append(w.ids[name], one.(object)["id"].(string))
		}
	}
	return w
}

var _ = Describe("a rollback that does not bring the firewall back as it was", func() {
	var st, reference *store.Store
	var world *model.World
	var n *nsx
	var before wall

	BeforeEach(func() {
		st, world = tas()
		reference, _ = tas()
		n = serve(st, coordinator.Options{LossyRollback: true})
		before = n.wall()
	})

	// own are the names of the sections that went to Policy and came back.
	own := func() []string {
		var names []string
		for _, section := range made(world, "firewall/sections") {
			names = append(names, decode(section)["display_name"].(string))
		}
		return names
	}

	// judge demands that everything is Manager again, and that these sections, and no others,
	// stand last and have other rule ids.
	judge := func(names []string) {
		GinkgoHelper()
		Expect(inspect(st).OK()).To(BeTrue(), "the rollback calls itself a success")
		Expect(inspect(st).AllManager()).To(BeTrue())
		after := n.wall()
		others := slices.DeleteFunc(slices.Clone(before.sections), func(name string) bool { return slices.Contains(names, name) })
		end := len(others) - 1
		Expect(others[end]).To(Equal("Default Layer3 Section"))
		Expect(after.sections[:end]).To(Equal(others[:end]))
		Expect(after.sections[end : len(after.sections)-1]).To(ConsistOf(names))
		Expect(after.sections[len(after.sections)-1]).To(Equal("Default Layer3 Section"))
		Expect(after.rules).To(Equal(before.rules), "what the rules say, and their order, is as it was")
		for name, ids := range before.ids {
			if slices.Contains(names, name) {
				Expect(after.ids[name]).NotTo(ContainElement(BeElementOf(ids)), name)
			} else {
				Expect(after.ids[name]).To(Equal(ids), name)
			}
		}
		Expect(untouched(reference, st, world)).To(ContainElements(
			MatchRegexp("^firewall/sections/.*/rules/.* is gone$"), MatchRegexp("^firewall/sections/.*/rules/.* is new$"),
			MatchRegexp("^firewall/sections/.* does not stand before firewall/sections/.* any more$")))
	}

	It("after the rollback of all batches, and may be migrated again", func() {
		n.initiate()
		batches := ncpBatches(world)
		n.promote(sharedBatches(world)...)
		n.promote(batches...)
		n.rollback(batches...)
		n.rollback(sharedBatches(world)...)
		judge(own())
		again := one("DFW_SECTION", made(world, "firewall/sections")[0].ID)
		n.promote(sharedBatches(world)...)
		n.promote(batches[:len(batches)-1]...)
		n.promote(again)
	})

	It("after the plan's rollback of one section", func() {
		n.initiate()
		batches := ncpBatches(world)
		n.promote(sharedBatches(world)...)
		n.promote(batches[:len(batches)-1]...)
		first := batch{"DFW_SECTION", batches[len(batches)-1].resources[:1]}
		n.promote(first)
		n.plan("rollback")
		n.settle()
		n.rollback(batches[:len(batches)-1]...)
		n.rollback(sharedBatches(world)...)
		judge(own()[:1])
	})

	It("after a cancelled GENERIC run, which takes all sections along", func() {
		n.ok("POST", migration+"mp-to-policy", object{"mode": "GENERIC"})
		_, migrated := n.settle()
		Expect(migrated.Status).To(Equal("SUCCESS"))
		n.ok("POST", migration+"mp-to-policy/cancel", nil)
		Eventually(n.coordinator().Phase).Should(Equal(coordinator.PhaseIdle))
		judge(before.sections[:len(before.sections)-1])
	})
})
