package coordinator_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// A store is saved, or copied as a backup, at any moment. What changes objects and what the coordinator says of it must be
// there together or not at all: else objects are Policy of which the coordinator knows nothing, and nobody can roll them back.
var _ = Describe("a promotion and what the plan says of it", func() {
	var n *nsx
	var sets batch
	var clock *fakeClock

	// serving has three address sets, of which b fails or not, and steps that take a minute.
	serving := func(failing map[string]string) {
		GinkgoHelper()
		st, some := someSets()
		sets, clock = some, newClock()
		n = serve(st, coordinator.Options{PrecheckTime: time.Minute, BatchTime: time.Minute, FailMigration: failing}, with(clock))
	}
	migrating := func(more object) {
		GinkgoHelper()
		body := sets.body()
		for name, value := range more {
			body[name] = value
		}
		n.initiate()
		n.ok("POST", migration+"mp-to-policy", body)
		n.plan("start")
		clock.advance(time.Minute)
		n.plan("continue")
	}
	version := func() (v uint64) {
		GinkgoHelper()
		Expect(n.server.Store().View(func(tx *store.Tx) error {
			v = tx.Version()
			return nil
		})).To(Succeed())
		return v
	}
	itsEndIsOneTransaction := func() {
		GinkgoHelper()
		before := version()
		clock.advance(time.Minute)
		Expect(version() - before).To(BeEquivalentTo(1))
	}

	It("are one transaction", func() {
		serving(nil)
		migrating(nil)
		itsEndIsOneTransaction()
		_, _, migrated := n.status()
		Expect(migrated.Status).To(Equal("SUCCESS"))
	})

	It("are one transaction where an object fails and is skipped", func() {
		serving(map[string]string{"b": "failed"})
		migrating(object{"skip_failed_resources": true})
		itsEndIsOneTransaction()
		Expect(policyBodies(n.server.Store())).To(HaveLen(2))
	})

	It("are one transaction where the plan was aborted meanwhile", func() {
		serving(nil)
		migrating(nil)
		n.plan("abort")
		itsEndIsOneTransaction()
		Expect(policyBodies(n.server.Store())).To(HaveLen(3))
	})

	It("are one transaction for each type in mode GENERIC", func() {
		serving(nil)
		n.ok("POST", migration+"mp-to-policy", object{"mode": "GENERIC"})
		clock.advance(time.Minute)
		itsEndIsOneTransaction()
		Expect(policyBodies(n.server.Store())).To(HaveLen(3))
	})
})
