package nsxsim_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// steppedClock goes on when it is told to, and runs what is due then.
type steppedClock struct {
	mu     sync.Mutex
	now    time.Time
	timers []*steppedTimer
}

type steppedTimer struct {
	clock *steppedClock
	due   time.Time
	run   func()
}

func newSteppedClock() *steppedClock { return &steppedClock{now: time.UnixMilli(1_700_000_000_000)} }

func (c *steppedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *steppedClock) AfterFunc(d time.Duration, run func()) api.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	timer := &steppedTimer{clock: c, due: c.now.Add(d), run: run}
	c.timers = append(c.timers, timer)
	return timer
}

func (t *steppedTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	t.run = nil
	return true
}

// advance lets time pass.
func (c *steppedClock) advance(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	var due []func()
	for _, timer := range c.timers {
		if timer.run != nil && !timer.due.After(c.now) {
			due = append(due, timer.run)
			timer.run = nil
		}
	}
	c.mu.Unlock()
	for _, run := range due {
		run()
	}
}

var _ = Describe("a deleted Policy object that is not purged at once", func() {
	const policy = infra + "/domains/default/security-policies/x"
	var clock *steppedClock
	var server *nsxsim.Server
	var c *client

	BeforeEach(func() {
		clock = newSteppedClock()
		server = start(nsxsim.Options{Clock: clock, PurgeDelay: time.Minute})
		c = admin(server)
		Expect(c.do("PATCH", infra, infraBody(
			child("Tier1", object{"id": "t"}),
			child("Segment", object{"id": "s", "connectivity_path": "/infra/tier-1s/t", "children": []any{
				child("SegmentPort", object{"id": "p", "address_bindings": []any{object{"ip_address": "10.0.0.7"}}}), child("SegmentQoSProfileBindingMap", object{"id": "m"})}}),
			below("Domain", "default", child("Group", object{"id": "g", "expression": []any{
				object{"resource_type": "Condition", "key": "Name", "member_type": "SegmentPort", "operator": "EQUALS", "value": "p"}}}),
				child("SecurityPolicy", object{"id": "x", "rules": []any{
					object{"id": "a", "action": "ALLOW", "source_groups": []any{"/infra/domains/default/groups/g"}}, object{"id": "b", "action": "DROP"}}})),
		))).To(works())
	})

	remove := func(path string) { GinkgoHelper(); Expect(c.do("DELETE", infra+path, nil)).To(works()) }
	listed := func(path string) []string { GinkgoHelper(); return c.get(infra + path).ids() }
	search := func(query string) reply {
		return c.get("/policy/api/v1/search/query?query=" + url.QueryEscape(query))
	}

	It("is not returned by GET and lists, unless a list is asked for it", func() {
		remove("/segments/s/ports/p")
		Expect(c.get(infra + "/segments/s/ports/p").Status).To(Equal(http.StatusNotFound))
		Expect(listed("/segments/s/ports")).To(BeEmpty())
		Expect(listed("/segments/s/ports?include_mark_for_delete_objects=false")).To(BeEmpty())
		Expect(c.get(infra + "/segments/s/ports?include_mark_for_delete_objects=true").results()).To(ConsistOf(
			And(HaveKeyWithValue("id", "p"), HaveKeyWithValue("marked_for_delete", true), HaveKeyWithValue("_revision", BeEquivalentTo(1)))))
		Expect(c.get(infra + "/segments/s/ports?include_mark_for_delete_objects=perhaps")).To(refusedWith(255, "include_mark_for_delete_objects"))
		Expect(c.get(infra + "?type_filter=SegmentPort").Body).NotTo(HaveKey("children"))
		Expect(c.get(infra + "/realized-state/status?intent_path=/infra/segments/s/ports/p")).To(refusedWith(500012, "ports/p]"))
		Expect(c.get(groups + "/g/members/segment-ports").Body["results"]).To(BeEmpty())
		Expect(c.get(groups + "/g/members/ip-addresses").Body["results"]).To(BeEmpty())

		clock.advance(time.Minute)
		Expect(listed("/segments/s/ports?include_mark_for_delete_objects=true")).To(BeEmpty())
	})

	It("is found by the search, unless the query excludes it", func() {
		remove("/segments/s/ports/p")
		Expect(search("resource_type:SegmentPort").ids()).To(Equal([]string{"p"}))
		Expect(search("resource_type:SegmentPort AND marked_for_delete:true").ids()).To(Equal([]string{"p"}))
		Expect(search("resource_type:SegmentPort AND marked_for_delete:false").ids()).To(BeEmpty())
		clock.advance(time.Minute)
		Expect(search("resource_type:SegmentPort").ids()).To(BeEmpty())
	})

	It("keeps its path from being written, until it is purged", func() {
		before := c.get(infra + "/segments/s/ports/p").Body["unique_id"]
		remove("/segments/s/ports/p")
		again := infraBody(below("Segment", "s", child("SegmentPort", object{"id": "p"})))
		for range 2 {
			Expect(c.do("PUT", infra+"/segments/s/ports/p", object{})).To(refusedWith(500045, "[/infra/segments/s/ports/p]"))
			Expect(c.do("PATCH", infra+"/segments/s/ports/p", object{})).To(refusedWith(500045, "[/infra/segments/s/ports/p]"))
			Expect(c.do("PATCH", infra, again)).To(refusedWith(500045, "[/infra/segments/s/ports/p]"))
			clock.advance(29 * time.Second)
		}
		clock.advance(2 * time.Second)
		Expect(c.do("PATCH", infra, again)).To(works())
		Expect(c.get(infra + "/segments/s/ports/p").Body).To(And(HaveKeyWithValue("_revision", BeEquivalentTo(0)), HaveKeyWithValue("unique_id", Not(Equal(before)))))
	})

	It("holds back nothing above it and nothing that it names", func() {
		for _, path := range []string{"/segments/s/ports/p", "/segments/s", "/tier-1s/t", "/domains/default/security-policies/x", "/domains/default/groups/g"} {
			remove(path)
			clock.advance(time.Second)
		}
		Expect(c.do("PUT", infra+"/segments/s/ports/new", object{})).To(refusedWith(500012, "[/infra/segments/s]"))
		Expect(c.do("PUT", infra+"/segments/new", object{"connectivity_path": "/infra/tier-1s/t"})).To(refusedWith(500012, "[/infra/tier-1s/t]"))
		Expect(c.do("DELETE", infra+"/segments/s", nil).Status).To(Equal(http.StatusNotFound))
	})

	It("goes in the order of the deletions, parts with what they belong to", func() {
		remove("/segments/s/ports/p")
		clock.advance(30 * time.Second)
		remove("/segments/s")
		remove("/domains/default/security-policies/x")
		paths := func() []string {
			var all []string
			Expect(server.Store().View(func(tx *store.Tx) error {
				for _, o := range tx.Policy().Marked() {
					all = append(all, o.Key)
				}
				return nil
			})).To(Succeed())
			return all
		}
		const x = "/infra/domains/default/security-policies/x"
		parts := []string{x, x + "/rules/a", x + "/rules/b", "/infra/segments/s", "/infra/segments/s/segment-qos-profile-binding-maps/m"}
		Expect(paths()).To(ConsistOf(append(parts, "/infra/segments/s/ports/p")))
		clock.advance(30 * time.Second)
		Expect(paths()).To(ConsistOf(parts))
		clock.advance(30 * time.Second)
		Expect(paths()).To(BeEmpty())
	})

	It("may be one of a hierarchical PATCH, or a rule that a PUT leaves out", func() {
		gone := child("SegmentPort", object{"id": "p"})
		gone["marked_for_delete"] = true
		Expect(c.do("PATCH", infra, infraBody(below("Segment", "s", gone)))).To(works())
		Expect(listed("/segments/s/ports?include_mark_for_delete_objects=true")).To(Equal([]string{"p"}))
		ruleB := []any{object{"id": "b", "action": "DROP"}}
		Expect(c.do("PUT", policy, object{"_revision": 0, "rules": ruleB})).To(works())
		Expect(c.do("PUT", policy, object{"_revision": 1, "rules": ruleB})).To(works())
		Expect(c.get(policy).Body["rules"]).To(ConsistOf(HaveKeyWithValue("id", "b")))
		Expect(c.get(policy + "/rules?include_mark_for_delete_objects=true").results()).To(ConsistOf(
			And(HaveKeyWithValue("id", "a"), HaveKeyWithValue("marked_for_delete", true), HaveKeyWithValue("_revision", BeEquivalentTo(1))), // marked once
			HaveKeyWithValue("id", "b")))
	})

	It("is not made by a body that only says so", func() {
		Expect(c.do("PATCH", infra+"/segments/s", object{"marked_for_delete": true})).To(works())
		Expect(c.get(infra + "/segments/s").Body).To(HaveKeyWithValue("marked_for_delete", false))
	})

	It("waits on after a saved state was loaded, or restored, and is purged in time", func() {
		remove("/segments/s/ports/p")
		clock.advance(30 * time.Second)
		saved := backup(server)
		Expect(server.Close()).To(Succeed())
		clock.advance(20 * time.Second)

		st, err := store.Load(strings.NewReader(saved))
		Expect(err).NotTo(HaveOccurred())
		server = start(nsxsim.Options{Store: st, Clock: clock, PurgeDelay: time.Minute})
		c = admin(server)
		Expect(c.do("PUT", infra+"/segments/s/ports/p", object{})).To(refusedWith(500045, "ports/p]"))
		Expect(server.Restore(strings.NewReader(saved))).To(Succeed())
		Expect(c.do("PUT", infra+"/segments/s/ports/p", object{})).To(refusedWith(500045, "ports/p]"))
		clock.advance(10 * time.Second)
		Expect(c.do("PUT", infra+"/segments/s/ports/p", object{})).To(works())

		late, err := store.Load(strings.NewReader(saved))
		Expect(err).NotTo(HaveOccurred())
		Expect(admin(start(nsxsim.Options{Store: late, Clock: clock})).do("PUT", infra+"/segments/s/ports/p", object{})).To(works(), "without the option nothing waits")
	})

	It("stays as it is once the simulator is closed", func() {
		remove("/segments/s/ports/p")
		Expect(server.Close()).To(Succeed())
		clock.advance(time.Hour)
		Expect(server.Store().View(func(tx *store.Tx) error {
			Expect(tx.Policy().Marked()).To(HaveLen(1))
			return nil
		})).To(Succeed())
	})

	It("is no inconsistency, whether it is marked or purged", func() {
		for _, wait := range []time.Duration{0, time.Minute} {
			clock.advance(wait)
			report, err := check.Inspect(server.Store(), "tas1")
			Expect(err).NotTo(HaveOccurred())
			Expect(report.Inconsistencies).To(BeEmpty())
			if wait == 0 {
				remove("/segments/s/ports/p")
				remove("/segments/s")
			}
		}
	})
})

var _ = Describe("a rollback of the coordinator", func() {
	It("purges what it deletes at once", func() {
		st := world(map[string]object{"ip-sets/set": {"id": "set", "resource_type": "IPSet", "display_name": "set", "ip_addresses": []any{"10.0.0.1"}, "_revision": 0}})
		server := start(nsxsim.Options{Store: st, PurgeDelay: time.Hour, Coordinator: coordinator.New(coordinator.Options{})})
		c := admin(server)
		batch := object{"migration_data": []any{object{"type": "IP_SET", "resource_ids": []any{object{"manager_id": "set"}}}}}
		Expect(c.do("POST", "/api/v1/node/services/migration-coordinator?action=start", nil)).To(works())
		Expect(c.do("POST", "/api/v1/migration/mp-to-policy/workflow?action=INITIATE", nil)).To(works())
		for range 2 { // the second time the path is free again
			Expect(c.do("POST", "/api/v1/migration/mp-to-policy", batch)).To(works())
			for _, action := range []string{"start", "continue"} {
				Eventually(func() reply { return c.do("POST", "/api/v1/migration/plan?action="+action, nil) }).Should(works())
			}
			Eventually(func() int { return c.get(groups + "/set").Status }).Should(Equal(http.StatusOK))
			Eventually(func() reply { return c.do("POST", "/api/v1/migration/mp-to-policy/rollback", batch) }).Should(works())
			Expect(c.get(groups + "?include_mark_for_delete_objects=true").results()).To(BeEmpty())
		}
	})
})
