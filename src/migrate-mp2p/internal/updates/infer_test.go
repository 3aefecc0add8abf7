package updates

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

var _ = Describe("Infer", func() {
	var (
		fake   *fakeNSX
		store  *fakeRecords
		events *fakeEvents
		env    Env
	)
	old := tags("ncp/cluster=cf", "ncp/version=1.1.0")

	BeforeEach(func() {
		fake, store, events, env = newFakeNSX(), &fakeRecords{}, &fakeEvents{}, tasEnv()
	})

	infer := func() (InferCounts, error) {
		return Infer(context.Background(), InferInput{
			API: fake, Records: store, Rules: builtInRules(), Env: env, Index: 5 * time.Minute,
			Total: len(store.migrated), Sleep: events.sleep, Events: events,
		})
	}
	// migrate makes an object that this run migrated.
	migrate := func(kind, path string, objectTags []mp.Tag) {
		fake.add(path, objectTags)
		store.object(kind, path, objectTags)
	}
	// ports makes n ports, each in a segment of its own: far too many lists to read them by list.
	ports := func(n int) []string {
		var paths []string
		for i := range n {
			paths = append(paths, fmt.Sprintf("/infra/segments/s%d/ports/%x-port", i, i%16))
			migrate("LOGICAL_PORT", paths[i], old)
		}
		return paths
	}

	It("stores the difference of every migrated object as a pending update, and nothing for those that need none [R15]", func() {
		migrate("TIER1", "/infra/tier-1s/a", old)
		migrate("TIER1", "/infra/tier-1s/b", tags("ncp/cluster=cf", "ncp/version=1.2.0"))
		migrate("LOGICAL_SWITCH", "/infra/segments/s", old)
		store.object("TIER1_LOGICAL_ROUTER_PORT", "/infra/tier-1s/a", nil)

		Expect(infer()).To(Equal(InferCounts{Objects: 3, Updates: 2}))
		Expect(store.updates).To(HaveLen(2))
		Expect(store.updates[0]).To(Equal(records.Update{
			Seq: 1, ResourceType: "Tier1", Path: "/infra/tier-1s/a", Type: "TIER1", ID: "mp-a", State: records.UpdatePending,
			Delta: records.Delta{SetTags: tags("ncp/version=1.2.0"), RemoveTags: tags("ncp/version=1.1.0")},
		}))
		Expect(store.updates[1].ResourceType).To(Equal("Segment"))
		Expect(events.done).To(Equal(3))
		Expect(fake.patches).To(BeEmpty())
	})

	It("restores names that it finds in the records", func() {
		migrate("CERTIFICATE", "/infra/certificates/c", old)
		fake.objects["/infra/certificates/c"]["display_name"] = "internal"
		migrate("LB_VIRTUAL_SERVER", "/infra/lb-virtual-servers/v", tags("ncp/version=1.2.0"))
		fake.objects["/infra/lb-virtual-servers/v"]["rules"] = []any{map[string]any{"display_name": "r1"}}
		server := store.originals["LB_VIRTUAL_SERVER/mp-v"]
		server.Names = map[string]string{"r1": "shop"}
		store.originals["LB_VIRTUAL_SERVER/mp-v"] = server

		_, err := infer()
		Expect(err).NotTo(HaveOccurred())
		Expect(*store.state("/infra/certificates/c").Delta.DisplayName).To(Equal("c"))
		Expect(store.state("/infra/lb-virtual-servers/v").Delta.RuleNames).To(Equal(map[string]string{"r1": "shop"}))
	})

	It("finds ports in many segments with one search", func() {
		ports(100)
		Expect(infer()).To(Equal(InferCounts{Objects: 100, Updates: 100}))
		Expect(fake.requests).To(HaveLen(1))
		Expect(fake.requests[0]).To(HavePrefix("SEARCH resource_type:(SegmentPort)"))
	})

	It("reads collections by one list, and single objects by GET, rather than trust an index", func() {
		for i := range 30 {
			migrate("LOGICAL_SWITCH", fmt.Sprintf("/infra/segments/s%d", i), old)
		}
		migrate("TIER1", "/infra/tier-1s/a", old)
		Expect(infer()).To(Equal(InferCounts{Objects: 31, Updates: 31}))
		Expect(fake.requests).To(Equal([]string{"LIST /policy/api/v1/infra/segments", "GET /infra/tier-1s/a"}))
	})

	It("reads addresses by a list per pool, since they carry no tags", func() {
		for i := range 50 {
			path := fmt.Sprintf("/infra/ip-pools/p%d/ip-allocations/a%d", i%2, i)
			fake.add(path, nil)
			store.address(path, map[mp.Fact]string{"owner_kind": "snat"})
		}
		Expect(infer()).To(Equal(InferCounts{Objects: 50, Updates: 50}))
		Expect(fake.requests).To(ConsistOf("LIST /policy/api/v1/infra/ip-pools/p0/ip-allocations", "LIST /policy/api/v1/infra/ip-pools/p1/ip-allocations"))
	})

	It("leaves an address alone that no object of NCP uses, as that of TKGI's nodes [I3]", func() {
		fake.add("/infra/ip-pools/p/ip-allocations/a", nil)
		store.address("/infra/ip-pools/p/ip-allocations/a", map[mp.Fact]string{"pool": "p", "ip": "100.80.0.17"})
		Expect(infer()).To(Equal(InferCounts{Objects: 1}))
	})

	It("passes over an object whose place NSX has chosen where no rule fits it, and reports it where one does", func() {
		store.placeless("IPBLOCK_SUBNET", "nodes", []mp.Tag{{Scope: "ncp/cluster", Tag: "pks-1"}, {Scope: "pks/cluster", Tag: "1"}})
		Expect(infer()).To(Equal(InferCounts{}))
		store.placeless("IPBLOCK_SUBNET", "of-ncp", []mp.Tag{{Scope: "ncp/cluster", Tag: "pks-1"}, {Scope: "ncp/version", Tag: "1.1.0"}})
		_, err := infer()
		Expect(err).To(MatchError(ContainSubstring("of-ncp")))
	})

	It("never searches for shared objects", func() {
		env.Scope = mp.Shared
		for i := range 30 {
			path := fmt.Sprintf("/infra/certificates/c%d", i)
			migrate("CERTIFICATE", path, nil)
			fake.objects[path]["display_name"] = "internal"
		}
		migrate("TIER0", "/infra/tier-0s/t", nil)
		Expect(infer()).To(Equal(InferCounts{Objects: 30, Updates: 30}))
		Expect(fake.requests).To(Equal([]string{"LIST /policy/api/v1/infra/certificates"}))
	})

	It("waits for an index that is behind, saying why", func() {
		for _, path := range ports(100) {
			fake.hidden[path] = true
		}
		events.wake = func(slept time.Duration) {
			if slept > 10*time.Second {
				clear(fake.hidden)
			}
		}
		Expect(infer()).To(Equal(InferCounts{Objects: 100, Updates: 100}))
		Expect(events.reasons).To(ContainElement(ContainSubstring("100 SegmentPort objects")))
		Expect(events.slept).To(BeNumerically("<", time.Minute))
	})

	It("reads directly what the index still does not show after its time", func() {
		for _, path := range ports(100)[:40] {
			fake.hidden[path] = true
		}
		Expect(infer()).To(Equal(InferCounts{Objects: 100, Updates: 100}))
		Expect(events.slept).To(BeNumerically("~", 5*time.Minute, time.Minute))
		Expect(strings.Join(fake.requests, "\n")).To(ContainSubstring("GET /infra/segments/s0/ports/0-port"))
	})

	It("reads directly, without waiting, where the index does not work for good, and says so [R18]", func() {
		ports(100)
		outOfStep := &nsx.Error{Kind: mp.KindSearch, Status: 400, Code: 60515}
		fake.onSearch = func(string) error { return outOfStep }
		var told []error
		counts, err := Infer(context.Background(), InferInput{
			API: fake, Records: store, Rules: builtInRules(), Env: env, Index: 5 * time.Minute, Sleep: events.sleep, Events: events,
			IndexLost: func(cause error) { told = append(told, cause) },
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(counts).To(Equal(InferCounts{Objects: 100, Updates: 100}))
		Expect(told).To(ConsistOf(MatchError(outOfStep)))
		Expect(events.slept).To(BeZero())
	})

	It("does not wait for a few that can be read directly", func() {
		for _, path := range ports(100)[:5] {
			fake.hidden[path] = true
		}
		Expect(infer()).To(Equal(InferCounts{Objects: 100, Updates: 100}))
		Expect(events.slept).To(BeZero())
	})

	It("divides a search that finds more than NSX hands out", func() {
		ports(100)
		fake.cap = 10
		Expect(infer()).To(Equal(InferCounts{Objects: 100, Updates: 100}))
	})

	It("lists every object that it cannot infer, absent ones and those without a usable path included [R15]", func() {
		migrate("TIER1", "/infra/tier-1s/a", old)
		store.object("TIER1", "/infra/tier-1s/absent", old)
		store.object("TIER0_LOGICAL_ROUTER_PORT", "", old)
		migrate("LB_VIRTUAL_SERVER", "/infra/lb-virtual-servers/v", tags("ext_pool_id=gone"))

		counts, err := infer()
		var not *NotInferred
		Expect(errors.As(err, &not)).To(BeTrue())
		Expect(not.Problems).To(HaveLen(3))
		Expect(err).To(MatchError(And(ContainSubstring("mp-absent"), ContainSubstring("TIER0_LOGICAL_ROUTER_PORT"), ContainSubstring("mp-v"))))
		Expect(counts.Objects).To(Equal(4))
	})

	It("takes an object that is being deleted for absent", func() {
		migrate("TIER1", "/infra/tier-1s/a", old)
		fake.objects["/infra/tier-1s/a"]["marked_for_delete"] = true
		_, err := infer()
		Expect(err).To(MatchError(ContainSubstring("no such Policy object")))
	})

	DescribeTable("stops with the cause when",
		func(prepare func(), part string) {
			ports(100)
			prepare()
			_, err := infer()
			Expect(err).To(MatchError(ContainSubstring(part)))
		},
		Entry("the search fails", func() {
			fake.onSearch = func(string) error { return &nsx.Error{Kind: mp.KindAuth, Message: "go away"} }
		}, "go away"),
		Entry("the records are full", func() { store.putErr = errors.New("no space") }, "no space"),
		Entry("an original is missing from the records", func() { clear(store.originals) }, "there is none"),
		Entry("NSX's body is no object", func() {
			fake.objects["/infra/segments/s0/ports/0-port"]["tags"] = tags("ncp/cluster=cf")
			fake.stale["/infra/segments/s0/ports/0-port"] = map[string]any{"path": "/infra/segments/s0/ports/0-port", "resource_type": "SegmentPort", "display_name": 7}
		}, "/infra/segments/s0/ports/0-port"),
	)

	It("ends while it waits when the run is cancelled", func() {
		for _, path := range ports(100) {
			fake.hidden[path] = true
		}
		ctx, cancel := context.WithCancel(context.Background())
		events.wake = func(time.Duration) { cancel() }
		_, err := Infer(ctx, InferInput{API: fake, Records: store, Rules: builtInRules(), Env: env, Index: time.Hour, Sleep: events.sleep, Events: events})
		Expect(err).To(MatchError(context.Canceled))
	})
})
