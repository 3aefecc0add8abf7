package nsxsim_test

import (
	"maps"
	"net/http"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("pool allocations", func() {
	var (
		c     *client
		clock *manualClock
		st    *store.Store
	)

	BeforeEach(func() {
		clock = &manualClock{now: time.Now()}
		st = world(map[string]object{"pools/ip-pools/p": {
			"id": "p", "resource_type": "IpPool", "ip_release_delay": 60_000, "_revision": 0, "subnets": []any{
				object{"cidr": "10.0.0.0/24", "allocation_ranges": []any{object{"start": "10.0.0.1", "end": "10.0.0.2"}}}}}})
		c = admin(start(nsxsim.Options{Clock: clock, Store: st}))
	})

	do := func(action string, address any) reply {
		return c.do("POST", "/api/v1/pools/ip-pools/p?action="+action, object{"allocation_id": address})
	}
	usage := func() any { return c.get("/api/v1/pools/ip-pools/p").Body["pool_usage"] }
	counts := func(total, allocated, free int) object {
		return object{"total_ids": float64(total), "allocated_ids": float64(allocated), "free_ids": float64(free)}
	}

	// kept are the addresses that the state holds back.
	kept := func() []string {
		held := map[string]int64{}
		Expect(st.View(func(tx *store.Tx) error {
			_, err := tx.Section("released-addresses", &held)
			return err
		})).To(Succeed())
		return slices.Collect(maps.Keys(held))
	}

	It("have the address as id, cannot be made twice, and are released without an answer", func() {
		Expect(do("ALLOCATE", "10.0.0.1").Body).To(HaveKeyWithValue("allocation_id", "10.0.0.1"))
		refused(do("ALLOCATE", "10.0.0.1"), http.StatusBadRequest)
		Expect(c.get("/api/v1/pools/ip-pools/p/allocations").results()).To(Equal([]object{{"allocation_id": "10.0.0.1"}}))
		released := do("RELEASE", "10.0.0.1")
		Expect(released.Status).To(Equal(http.StatusOK))
		Expect(released.Raw).To(BeEmpty())
		Expect(c.get("/api/v1/pools/ip-pools/p/allocations").results()).To(BeEmpty())
		refused(do("RELEASE", "10.0.0.1"), http.StatusNotFound)
	})

	It("keep no tags, name or description", func() {
		allocated := c.do("POST", "/api/v1/pools/ip-pools/p?action=ALLOCATE", object{
			"allocation_id": "10.0.0.1", "tags": tags("ncp/cluster", "tas1"), "display_name": "gateway", "description": "of tas1"})
		Expect(allocated.Body).To(Equal(object{"allocation_id": "10.0.0.1"}))
		Expect(c.get("/api/v1/pools/ip-pools/p/allocations").results()).To(Equal([]object{{"allocation_id": "10.0.0.1"}}))
	})

	It("take the next free address when none is named, until there is none", func() {
		Expect(do("ALLOCATE", "10.0.0.1").Status).To(Equal(http.StatusOK))
		Expect(do("ALLOCATE", nil).Body).To(HaveKeyWithValue("allocation_id", "10.0.0.2"))
		refused(do("ALLOCATE", nil), http.StatusBadRequest)
	})

	It("are counted in the pool, alone and in the list", func() {
		Expect(usage()).To(Equal(counts(2, 0, 2)))
		do("ALLOCATE", nil)
		Expect(usage()).To(Equal(counts(2, 1, 1)))
		Expect(c.get("/api/v1/pools/ip-pools").results()[0]["pool_usage"]).To(Equal(counts(2, 1, 1)))
	})

	It("are not free again before the pool's delay has passed", func() {
		do("ALLOCATE", "10.0.0.1")
		do("RELEASE", "10.0.0.1")
		refused(do("ALLOCATE", "10.0.0.1"), http.StatusBadRequest)
		Expect(usage()).To(Equal(counts(2, 1, 1)))
		Expect(do("ALLOCATE", nil).Body).To(HaveKeyWithValue("allocation_id", "10.0.0.2"))
		clock.now = clock.now.Add(61 * time.Second)
		Expect(usage()).To(Equal(counts(2, 1, 1)))
		Expect(do("RELEASE", "10.0.0.2").Status).To(Equal(http.StatusOK))
		Expect(do("ALLOCATE", "10.0.0.1").Status).To(Equal(http.StatusOK))
		Expect(usage()).To(Equal(counts(2, 2, 0)))
		Expect(kept()).To(ConsistOf(HaveSuffix("/10.0.0.2")), "the address that is free again is forgotten")
	})

	DescribeTable("are refused", func(address any) { refused(do("ALLOCATE", address), http.StatusBadRequest) },
		Entry("outside of the ranges", "10.0.0.9"),
		Entry("for what is no address", "tomorrow"),
		Entry("for what is no text", 7),
	)

	It("of a new pool are kept for two minutes", func() {
		Expect(c.do("POST", "/api/v1/pools/ip-pools", object{"pool_usage": object{"total_ids": 5}}).Body).To(And(
			HaveKeyWithValue("ip_release_delay", BeEquivalentTo(120_000)), Not(HaveKey("pool_usage"))))
	})
})

var _ = Describe("subnets of IP blocks", func() {
	var c *client
	const subnets = "/api/v1/pools/ip-subnets"

	BeforeEach(func() { c = admin(start(nsxsim.Options{Store: world(fabric())})) })

	cut := func(size int, start string) reply {
		body := object{"block_id": "b", "size": size}
		if start != "" {
			body["start_ip"] = start
		}
		return c.do("POST", subnets, body)
	}

	It("are cut out of their block one beside the other, and given back", func() {
		first := cut(256, "")
		Expect(first.Body).To(And(HaveKeyWithValue("cidr", "10.0.0.0/24"), HaveKeyWithValue("allocation_ranges", ConsistOf(object{"start": "10.0.0.0", "end": "10.0.0.255"}))))
		Expect(cut(16, "").Body).To(HaveKeyWithValue("cidr", "10.0.1.0/28"))
		Expect(cut(256, "").Body).To(HaveKeyWithValue("cidr", "10.0.2.0/24"))
		Expect(cut(256, "").Body).To(HaveKeyWithValue("cidr", "10.0.3.0/24"))
		refused(cut(256, ""), http.StatusBadRequest)
		Expect(c.do("DELETE", subnets+"/"+first.Body["id"].(string), nil).Status).To(Equal(http.StatusOK))
		Expect(cut(256, "").Body).To(HaveKeyWithValue("cidr", "10.0.0.0/24"))
	})

	It("begin at a multiple of their size behind smaller ones", func() {
		Expect(c.do("POST", "/api/v1/pools/ip-blocks", object{"id": "other", "cidr": "192.168.0.0/16"}).Status).To(Equal(http.StatusCreated))
		for _, want := range []string{"192.168.0.0/28", "192.168.1.0/24"} {
			size := map[string]int{"192.168.0.0/28": 16, "192.168.1.0/24": 256}[want]
			Expect(c.do("POST", subnets, object{"block_id": "other", "size": size}).Body).To(HaveKeyWithValue("cidr", want))
		}
	})

	It("begin where the client wants, if that is free and fits", func() {
		Expect(cut(16, "10.0.3.16").Body).To(HaveKeyWithValue("cidr", "10.0.3.16/28"))
		for _, start := range []string{"10.0.3.16", "10.0.3.17", "10.9.0.0", "x"} {
			refused(cut(16, start), http.StatusBadRequest)
		}
	})

	It("have a size that is a power of two and no larger than the block", func() {
		refused(cut(100, ""), http.StatusBadRequest)
		refused(cut(2048, ""), http.StatusBadRequest)
	})

	It("give addresses, which are free at once when they come back, and cannot be changed", func() {
		path := subnets + "/" + cut(4, "").Body["id"].(string)
		allocated := c.do("POST", path+"?action=ALLOCATE", object{})
		Expect(allocated.Body).To(HaveKeyWithValue("allocation_id", "10.0.0.0"))
		Expect(refused(c.do("DELETE", path, nil), http.StatusBadRequest)).To(ContainSubstring("allocated"))
		Expect(c.do("POST", path+"?action=RELEASE", allocated.Body).Status).To(Equal(http.StatusOK))
		Expect(c.do("POST", path+"?action=ALLOCATE", object{"allocation_id": "10.0.0.0"}).Status).To(Equal(http.StatusOK))
		Expect(c.do("PUT", path, object{}).Status).To(Equal(http.StatusMethodNotAllowed))
	})
})
