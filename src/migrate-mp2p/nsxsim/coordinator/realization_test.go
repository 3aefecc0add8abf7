package coordinator_test

import (
	"context"
	"net/http"
	"net/url"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// left reads flags in the words of nsxsim serve.
func left(texts ...string) []coordinator.Unrealized {
	GinkgoHelper()
	var rules []coordinator.Unrealized
	for _, text := range texts {
		rule, err := coordinator.ParseUnrealized(text)
		Expect(err).NotTo(HaveOccurred())
		rules = append(rules, rule)
	}
	return rules
}

const groupPath = "/infra/domains/default/groups/"

// realization is the consolidated status of the Policy twin of an address set.
func (n *nsx) realization(id string) any {
	GinkgoHelper()
	return n.policy("/infra/realized-state/status?intent_path=" + groupPath + id)["consolidated_status"].(object)["consolidated_status"]
}

// entities finds realized entities by a query that comes behind their type, by the id of their intent.
func (n *nsx) entities(more string) map[string]object {
	GinkgoHelper()
	answer := n.policy("/search/query?query=" + url.QueryEscape("resource_type:GenericPolicyRealizedResource AND intent_paths:*groups* "+more))
	found := map[string]object{}
	for _, one := range answer["results"].([]any) {
		entity := one.(object)
		found[entity["intent_paths"].([]any)[0].(string)[len(groupPath):]] = entity
	}
	return found
}

// hangUp sends DONE, goes away as soon as it is at work, and returns what the client saw.
func (n *nsx) hangUp(working func() bool) error {
	GinkgoHelper()
	ctx, hangUp := context.WithCancel(context.Background())
	defer hangUp()
	request, err := http.NewRequestWithContext(ctx, "POST", n.server.URL()+migration+"mp-to-policy/workflow?action=DONE", nil)
	Expect(err).NotTo(HaveOccurred())
	request.SetBasicAuth(nsxsim.AdminUser, n.server.Password())
	failed := make(chan error, 1)
	go func() {
		response, err := n.http.Do(request)
		if err == nil {
			err = response.Body.Close()
		}
		failed <- err
	}()
	Eventually(working).Should(BeTrue())
	hangUp()
	return <-failed
}

var _ = Describe("what DONE realizes", func() {
	var st *store.Store
	var sets batch
	var clock *fakeClock

	BeforeEach(func() {
		st, sets = someSets()
		clock = newClock()
	})

	It("is nothing before it, under way during it although its client is gone, and all after it", func() {
		n := serve(st, coordinator.Options{DoneTime: time.Minute}, with(clock))
		n.initiate()
		n.promote(sets)
		Expect(n.entities("")).To(BeEmpty())
		Expect(n.entities("AND NOT state:REALIZED")).To(BeEmpty(), "an entity comes with the beginning of its realization")
		Expect(n.hangUp(func() bool { return clock.waiting() == 1 })).To(MatchError(context.Canceled))
		Expect(n.realization("a")).To(Equal("IN_PROGRESS"))
		Expect(n.entities("AND NOT state:REALIZED")).To(HaveLen(3))
		Expect(n.entities("AND state:REALIZED")).To(BeEmpty())
		clock.advance(time.Minute)
		Expect(n.realization("a")).To(Equal("SUCCESS"))
		Expect(n.entities("AND NOT state:REALIZED")).To(BeEmpty())
		Expect(n.entities("AND state:REALIZED")).To(HaveLen(3))
		n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy/workflow?action=DONE", nil)
	})

	It("leaves chosen intents in error, with a reason, or late for ever, and succeeds", func() {
		n := serve(st, coordinator.Options{Unrealized: left("*/groups/a=error:host 7 is down", "/infra/domains/*/groups/?=late")}, with(clock))
		n.initiate()
		n.promote(sets)
		n.done()
		n.initiate()
		n.done()
		clock.advance(24 * time.Hour)
		Expect([]any{n.realization("a"), n.realization("b")}).To(Equal([]any{"ERROR", "IN_PROGRESS"}))
		behind := n.entities("AND NOT state:REALIZED")
		Expect(behind).To(HaveLen(3))
		Expect(behind["a"]).To(And(
			HaveKeyWithValue("state", "ERROR"), HaveKeyWithValue("publish_status_error", "host 7 is down"),
			HaveKeyWithValue("alarms", ConsistOf(And(
				HaveKeyWithValue("message", "host 7 is down"), HaveKeyWithValue("source_reference", groupPath+"a"),
				HaveKeyWithValue("error_details", HaveKeyWithValue("error_message", "host 7 is down")))))))
		Expect(behind["b"]).To(And(HaveKeyWithValue("state", "UNREALIZED"), HaveKeyWithValue("alarms", BeEmpty())))
		Expect(n.entities("AND state:ERROR")).To(HaveLen(1))
	})

	It("comes later for some, also when the simulator was stopped meanwhile", func() {
		n := serve(st, coordinator.Options{Unrealized: left("*/a=late:1m", "*/b=late:2m")}, with(clock))
		n.initiate()
		n.promote(sets)
		n.done()
		clock.advance(time.Minute)
		Expect([]any{n.realization("a"), n.realization("b")}).To(Equal([]any{"SUCCESS", "IN_PROGRESS"}))
		Expect(n.server.Close()).To(Succeed())
		again := serve(st, coordinator.Options{}, with(clock))
		Expect(again.realization("b")).To(Equal("IN_PROGRESS"))
		clock.advance(time.Minute)
		Expect(again.realization("b")).To(Equal("SUCCESS"))
		Expect(clock.waiting()).To(BeZero())
	})

	It("is part of the state, and tells what DONE never realized from what it left behind", func() {
		n := serve(st, coordinator.Options{Unrealized: left("*/a=error")})
		n.initiate()
		n.promote(batch{"IP_SET", sets.resources[:2]})
		n.done()
		n.initiate()
		n.promote(batch{"IP_SET", sets.resources[2:]})
		Expect(st.View(func(tx *store.Tx) error {
			intents, err := coordinator.UnrealizedIn(tx)
			Expect(intents).To(HaveExactElements(
				And(HaveField("Path", groupPath+"a"), HaveField("Status", "ERROR"), HaveField("Committed", true)),
				And(HaveField("Path", groupPath+"c"), HaveField("Status", "UNINITIALIZED"), HaveField("Committed", false))))
			return err
		})).To(Succeed())
	})
})

var _ = DescribeTable("an option about what DONE leaves behind", func(text string, wanted coordinator.Unrealized, wrong string) {
	rule, err := coordinator.ParseUnrealized(text)
	if wrong != "" {
		Expect(err).To(MatchError(ContainSubstring(wrong)))
		return
	}
	Expect(err).NotTo(HaveOccurred())
	Expect(rule).To(Equal(wanted))
},
	Entry("is an error with a reason of its own", "*=error", coordinator.Unrealized{Paths: "*", Reason: "The transport node is not connected."}, ""),
	Entry("is an error with a given reason", "/infra/*=error:no: never", coordinator.Unrealized{Paths: "/infra/*", Reason: "no: never"}, ""),
	Entry("is late for ever", "*/x=late", coordinator.Unrealized{Paths: "*/x"}, ""),
	Entry("is late for a while", "*/x=y=late:90s", coordinator.Unrealized{Paths: "*/x=y", For: 90 * time.Second}, ""),
	Entry("without a path", "=late", coordinator.Unrealized{}, "GLOB"),
	Entry("of another kind", "*=gone", coordinator.Unrealized{}, "gone"),
	Entry("with a time that is none", "*=late:soon", coordinator.Unrealized{}, "soon"),
	Entry("with a time that is over", "*=late:0s", coordinator.Unrealized{}, "longer"),
)

var _ = It("a foundation that is Policy is ready only when DONE came, also if DONE was at work when the state was saved", func() {
	st, world := tas()
	clock := newClock()
	n := serve(st, coordinator.Options{DoneTime: time.Minute}, with(clock))
	n.initiate()
	n.promote(sharedBatches(world)...)
	n.promote(append(profileBatches(world), ncpBatches(world)...)...)
	unrealized := func() int {
		GinkgoHelper()
		count := 0
		for _, violation := range inspect(st).NotReady {
			if violation.Row == "realized" {
				count++
			}
		}
		return count
	}
	Expect(inspect(st).AllPolicy()).To(BeTrue())
	all := unrealized()
	Expect(all).To(BeNumerically(">=", inspect(st).NCP.Policy))
	Expect(n.hangUp(func() bool { return clock.waiting() == 1 })).To(MatchError(context.Canceled))
	Expect(unrealized()).To(Equal(all))
	clock.advance(time.Minute)
	Expect(unrealized()).To(BeZero())
})

var _ = Describe("the realized entity of a promoted subnet", func() {
	It("names the network of the Manager's, once it is realized", func() {
		st, world := tas()
		n := serve(st, coordinator.Options{})
		n.initiate()
		n.promote(sharedBatches(world)...)
		n.promote(ncpBatches(world)...)
		subnet := n.manager("pools/ip-subnets/" + made(world, "pools/ip-subnets")[0].ID)
		entities := func() any {
			return n.policy("/infra/realized-state/realized-entities?intent_path=" + tag(subnet, "policyPath"))["results"]
		}
		Expect(entities()).To(BeEmpty())
		n.done()
		Expect(entities()).To(ConsistOf(HaveKeyWithValue("extended_attributes", ConsistOf(And(
			HaveKeyWithValue("key", "cidr"), HaveKeyWithValue("values", ConsistOf(subnet["cidr"])))))))
	})
})
