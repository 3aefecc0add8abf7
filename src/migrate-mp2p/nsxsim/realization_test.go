package nsxsim_test

import (
	"bytes"
	"net/url"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = DescribeTable("an intent whose realization stands at", func(status, published string, states ...string) {
	c := admin(start(nsxsim.Options{Coordinator: func(api.Env) (api.Coordinator, error) { return judge{status: status, promoted: true}, nil }}))
	Expect(c.do("PUT", infra+"/segments/s", object{})).To(works())
	Expect(c.get(infra + "/realized-state/status?intent_path=/infra/segments/s").Body).To(And(
		HaveKeyWithValue("intent_path", "/infra/segments/s"), HaveKeyWithValue("publish_status", published),
		HaveKeyWithValue("consolidated_status", HaveKeyWithValue("consolidated_status", status))))
	found := []string{}
	for _, entity := range c.get(infra + "/realized-state/realized-entities?intent_path=/infra/segments/s").results() {
		found = append(found, entity["state"].(string))
	}
	Expect(found).To(Equal(states))
},
	Entry("nothing", "UNINITIALIZED", "UNREALIZED"),
	Entry("a beginning", "IN_PROGRESS", "UNREALIZED", "UNREALIZED"),
	Entry("success", "SUCCESS", "REALIZED", "REALIZED"),
	Entry("an error", "ERROR", "ERROR", "ERROR"),
	Entry("what nobody knows", "UNKNOWN", "UNREALIZED", "UNREALIZED"),
)

var _ = Describe("a search for realized entities", func() {
	const kind = "resource_type:GenericPolicyRealizedResource"

	// entities searches Policy and returns the answer.
	entities := func(c *client, query, more string) reply {
		GinkgoHelper()
		found := c.get("/policy/api/v1/search/query?query=" + url.QueryEscape(query) + more)
		Expect(found).To(works())
		return found
	}
	intents := func(r reply) []string {
		var paths []string
		for _, entity := range r.results() {
			for _, path := range entity["intent_paths"].([]any) {
				paths = append(paths, path.(string))
			}
		}
		return paths
	}
	// segments makes segments with these ids.
	segments := func(c *client, ids ...string) {
		GinkgoHelper()
		for _, id := range ids {
			Expect(c.do("PUT", infra+"/segments/"+id, object{})).To(works())
		}
	}

	It("finds one for each intent, the same that realized-entities shows", func() {
		c := admin(start(nsxsim.Options{}))
		segments(c, "s", "t")
		Expect(c.do("PUT", infra+"/tier-1s/r", object{})).To(works())
		Expect(c.do("PUT", infra+"/tier-1s/r/static-routes/x", object{"network": "10.0.0.0/8", "next_hops": []any{object{"ip_address": "10.1.0.1"}}})).To(works())
		found := entities(c, kind, "")
		Expect(intents(found)).To(ConsistOf("/infra/segments/s", "/infra/segments/t", "/infra/tier-1s/r", "/infra/tier-1s/r/static-routes/x"))
		for i, path := range intents(found) {
			Expect(c.get(infra + "/realized-state/realized-entities?intent_path=" + path).results()).To(Equal([]object{found.results()[i]}))
		}
		Expect(intents(entities(c, kind+` AND intent_paths:"/infra/tier-1s/r/static-routes/x"`, ""))).To(HaveLen(1))
		Expect(entities(c, kind+" AND entity_type:RealizedLogicalSwitch", "").Body).To(HaveKeyWithValue("result_count", BeEquivalentTo(2)))
		route := entities(c, kind+` AND id:"r-x"`, "").results()
		Expect(route).To(ConsistOf(HaveKeyWithValue("path", "/infra/realized-state/enforcement-points/default/tier-1-static-routes/r-x")))
	})

	It("finds the Manager object behind one, as OpenStack asks for it", func() {
		c := admin(start(nsxsim.Options{}))
		segments(c, "s", "t")
		behind := c.get(infra + "/segments/s").Body["unique_id"].(string)
		Expect(intents(entities(c, kind+" AND realization_specific_identifier:"+behind+" AND entity_type:RealizedLogicalSwitch", ""))).To(Equal([]string{"/infra/segments/s"}))
	})

	It("gives them in pages, sorted, and cut to some fields", func() {
		c := admin(start(nsxsim.Options{}))
		segments(c, "s", "t", "u")
		Expect(intents(entities(c, kind, "&page_size=2&sort_by=id&sort_ascending=false"))).To(Equal([]string{"/infra/segments/u", "/infra/segments/t"}))
		Expect(intents(entities(c, kind, "&page_size=2&cursor=2"))).To(Equal([]string{"/infra/segments/u"}))
		Expect(entities(c, kind, "&page_size=1&sort_by=intent_paths&included_fields=state").results()).To(Equal([]object{{"state": "REALIZED"}}))
	})

	It("can be split by unique_id, as a search for more than can be reached must be", func() {
		c := admin(start(nsxsim.Options{}))
		segments(c, "s", "t", "u")
		found := 0
		for _, digit := range "0123456789abcdef" {
			found += len(entities(c, kind+" AND unique_id:"+string(digit)+"*", "").results())
		}
		Expect(found).To(Equal(3))
	})

	It("also finds other objects that the query asks for, and no entities when it does not name them", func() {
		c := admin(start(nsxsim.Options{}))
		segments(c, "s")
		Expect(entities(c, "resource_type:(Segment OR GenericPolicyRealizedResource)", "").results()).To(ConsistOf(
			HaveKeyWithValue("resource_type", "Segment"), HaveKeyWithValue("resource_type", "GenericPolicyRealizedResource")))
		for _, query := range []string{"id:s", "resource_type:Segment", "NOT " + kind, "resource_type:Generic*"} {
			Expect(intentsOrNone(entities(c, query, ""))).To(BeEmpty(), query)
		}
		Expect(c.get("/api/v1/search/query?query="+kind).results()).To(BeEmpty(), "they are Policy's")
	})

	It("knows what is under way, as time tells, and what was deleted", func() {
		clock := &manualClock{now: time.UnixMilli(1_700_000_000_000)}
		c := admin(start(nsxsim.Options{Clock: clock, RealizationDelay: time.Minute}))
		segments(c, "s")
		clock.now = clock.now.Add(30 * time.Second)
		segments(c, "t")
		clock.now = clock.now.Add(30 * time.Second)
		Expect(intents(entities(c, kind+" AND NOT state:REALIZED", ""))).To(Equal([]string{"/infra/segments/t"}))
		Expect(intents(entities(c, kind+" AND state:REALIZED", ""))).To(Equal([]string{"/infra/segments/s"}))
		clock.now = clock.now.Add(30 * time.Second)
		Expect(intents(entities(c, kind+" AND NOT state:REALIZED", ""))).To(BeEmpty())
		Expect(c.do("DELETE", infra+"/segments/s", nil)).To(works())
		Expect(intents(entities(c, kind, ""))).To(Equal([]string{"/infra/segments/t"}))
	})

	It("shows none of what a lagging index does not show yet", func() {
		clock := &manualClock{now: time.UnixMilli(1_700_000_000_000)}
		c := admin(start(nsxsim.Options{Clock: clock, SearchLag: time.Minute}))
		segments(c, "s")
		Expect(intents(entities(c, kind, ""))).To(BeEmpty())
		clock.now = clock.now.Add(time.Minute)
		Expect(intents(entities(c, kind, ""))).To(HaveLen(1))
	})

	It("understands the other languages of the search", func() {
		c := admin(start(nsxsim.Options{}))
		segments(c, "s", "t")
		pipeline := object{"query_pipeline": []any{object{"query": kind}, object{"query": `intent_paths:"/infra/segments/t"`}}}
		Expect(intents(c.do("POST", "/policy/api/v1/search/querypipeline", pipeline))).To(Equal([]string{"/infra/segments/t"}))
		aggregate := c.do("POST", "/policy/api/v1/search/aggregate", object{"primary": object{"resource_type": "GenericPolicyRealizedResource"}})
		Expect(aggregate.results()).To(HaveLen(2))
		Expect(aggregate.results()).To(ContainElement(HaveKeyWithValue("primary", HaveKeyWithValue("state", "REALIZED"))))
	})

	It("agrees with what the coordinator says of a promoted intent", func() {
		c := admin(start(nsxsim.Options{Coordinator: func(api.Env) (api.Coordinator, error) {
			return judge{status: "ERROR", promoted: true, reason: "no host"}, nil
		}}))
		segments(c, "s")
		Expect(entities(c, kind+" AND state:ERROR", "").results()).To(ConsistOf(HaveKeyWithValue("publish_status_error", "no host")))
		Expect(entities(c, kind+" AND state:REALIZED", "").results()).To(BeEmpty())
	})
})

// intentsOrNone are the intent paths of what has any.
func intentsOrNone(r reply) []any {
	var paths []any
	for _, one := range r.results() {
		if path, is := one["intent_paths"]; is {
			paths = append(paths, path)
		}
	}
	return paths
}

// The types that nsxlib asks for.
var _ = DescribeTable("the entity_type of a realized", func(path, entity string, body object) {
	c := admin(start(nsxsim.Options{}))
	Expect(c.do("PUT", infra+path, body)).To(works())
	Expect(c.get(infra + "/realized-state/realized-entities?intent_path=/infra" + path).results()).To(ConsistOf(HaveKeyWithValue("entity_type", entity)))
},
	Entry("segment", "/segments/x", "RealizedLogicalSwitch", object{}),
	Entry("Tier-0", "/tier-0s/x", "RealizedLogicalRouter", object{}),
	Entry("Tier-1", "/tier-1s/x", "RealizedLogicalRouter", object{}),
	Entry("group", "/domains/default/groups/x", "RealizedGroup", object{}),
	Entry("security policy", "/domains/default/security-policies/x", "RealizedFirewallSection", object{}),
	Entry("load balancer service", "/lb-services/x", "LbServiceDto", object{}),
	Entry("persistence profile", "/lb-persistence-profiles/x", "LbPersistenceProfileDto", object{"resource_type": "LBSourceIpPersistenceProfile"}),
)

var _ = Describe("the extended attributes of a realized entity", func() {
	const pool = infra + "/ip-pools/p"
	var server *nsxsim.Server
	var c *client

	BeforeEach(func() {
		server = start(nsxsim.Options{})
		c = admin(server)
		Expect(c.do("PUT", infra+"/ip-blocks/b", object{"cidr": "10.4.0.0/24"})).To(works())
		Expect(c.do("PUT", pool, object{})).To(works())
	})

	// attributes are those of the entity of an intent.
	attributes := func(c *client, path string) any {
		GinkgoHelper()
		found := c.get(infra + "/realized-state/realized-entities?intent_path=" + path).results()
		Expect(found).To(HaveLen(1))
		return found[0]["extended_attributes"]
	}
	// has expects one attribute with these values.
	has := func(key string, values ...any) OmegaMatcher {
		return ConsistOf(And(HaveKeyWithValue("key", key), HaveKeyWithValue("values", values), HaveKeyWithValue("data_type", "STRING")))
	}
	static := func(id, start, end string) {
		GinkgoHelper()
		Expect(c.do("PUT", pool+"/ip-subnets/"+id, object{"resource_type": "IpAddressPoolStaticSubnet", "cidr": "10.5.0.0/24", "gateway_ip": "10.5.0.1",
			"allocation_ranges": []any{object{"start": start, "end": end}}})).To(works())
	}
	cut := func(pool, id string, more object) {
		GinkgoHelper()
		body := object{"resource_type": "IpAddressPoolBlockSubnet", "ip_block_path": "/infra/ip-blocks/b", "size": 16}
		for name, value := range more {
			body[name] = value
		}
		Expect(c.do("PUT", pool+"/ip-subnets/"+id, body)).To(works())
	}
	allocate := func(id string, body object) {
		GinkgoHelper()
		Expect(c.do("PATCH", pool+"/ip-allocations/"+id, body)).To(works())
	}

	It("name the address of an allocation that asks for one", func() {
		allocate("a", object{"allocation_ip": "10.5.0.9"})
		Expect(attributes(c, "/infra/ip-pools/p/ip-allocations/a")).To(has("allocation_ip", "10.5.0.9"))
	})

	It("name the first free address of the pool otherwise, which the intent does not show, and keep it", func() {
		static("s", "10.5.0.1", "10.5.0.4")
		allocate("named", object{"allocation_ip": "10.5.0.2"})
		allocate("a", object{})
		allocate("b", object{})
		Expect(attributes(c, "/infra/ip-pools/p/ip-allocations/a")).To(has("allocation_ip", "10.5.0.3"))
		Expect(attributes(c, "/infra/ip-pools/p/ip-allocations/b")).To(has("allocation_ip", "10.5.0.4"))
		Expect(c.get(pool + "/ip-allocations/a").Body).NotTo(HaveKey("allocation_ip"))
		allocate("a", object{"description": "again"})
		Expect(attributes(c, "/infra/ip-pools/p/ip-allocations/a")).To(has("allocation_ip", "10.5.0.3"))
		allocate("none", object{})
		Expect(attributes(c, "/infra/ip-pools/p/ip-allocations/none")).To(BeEmpty())
		Expect(c.do("DELETE", pool+"/ip-allocations/b", nil)).To(works())
		allocate("next", object{})
		Expect(attributes(c, "/infra/ip-pools/p/ip-allocations/next")).To(has("allocation_ip", "10.5.0.4"))
	})

	It("name the network of each subnet of a pool, and none twice", func() {
		static("s", "10.5.0.2", "10.5.0.9")
		cut(pool, "first", nil)
		cut(pool, "named", object{"start_ip": "10.4.0.32"})
		Expect(c.do("PUT", infra+"/ip-pools/q", object{})).To(works())
		cut(infra+"/ip-pools/q", "second", nil)
		cut(infra+"/ip-pools/q", "third", object{"size": 32})
		cut(infra+"/ip-pools/q", "large", object{"size": 256})
		Expect(attributes(c, "/infra/ip-pools/p/ip-subnets/s")).To(has("cidr", "10.5.0.0/24"))
		Expect(attributes(c, "/infra/ip-pools/p/ip-subnets/first")).To(has("cidr", "10.4.0.0/28"))
		Expect(attributes(c, "/infra/ip-pools/p/ip-subnets/named")).To(has("cidr", "10.4.0.32/28"))
		Expect(attributes(c, "/infra/ip-pools/q/ip-subnets/second")).To(has("cidr", "10.4.0.16/28"))
		Expect(attributes(c, "/infra/ip-pools/q/ip-subnets/third")).To(has("cidr", "10.4.0.64/27"))
		Expect(attributes(c, "/infra/ip-pools/q/ip-subnets/large")).To(BeEmpty())
	})

	It("give addresses of networks that were cut out of a block, in one hierarchical call too", func() {
		Expect(c.do("PATCH", infra, infraBody(child("IpAddressPool", object{"id": "q", "resource_type": "IpAddressPool", "children": []any{
			child("IpAddressAllocation", object{"id": "a", "resource_type": "IpAddressAllocation"}),
			child("IpAddressPoolSubnet", object{"id": "s", "resource_type": "IpAddressPoolBlockSubnet", "ip_block_path": "/infra/ip-blocks/b", "size": 16}),
		}})))).To(works())
		Expect(attributes(c, "/infra/ip-pools/q/ip-allocations/a")).To(has("allocation_ip", "10.4.0.2"))
	})

	It("name the addresses of a gateway's interface", func() {
		Expect(c.do("PUT", infra+"/segments/s", object{})).To(works())
		Expect(c.do("PUT", infra+"/tier-1s/t", object{})).To(works())
		Expect(c.do("PUT", infra+"/tier-1s/t/locale-services/l", object{})).To(works())
		Expect(c.do("PUT", infra+"/tier-1s/t/locale-services/l/interfaces/i", object{
			"segment_path": "/infra/segments/s", "subnets": []any{object{"ip_addresses": []any{"10.6.0.1"}, "prefix_len": 24}}})).To(works())
		Expect(attributes(c, "/infra/tier-1s/t/locale-services/l/interfaces/i")).To(has("IpAddresses", "10.6.0.1/24"))
	})

	It("are the same in the search, and there for who loads the state again", func() {
		static("s", "10.5.0.2", "10.5.0.9")
		allocate("a", object{})
		var saved bytes.Buffer
		Expect(server.Store().Save(&saved)).To(Succeed())
		st, err := store.Load(&saved)
		Expect(err).NotTo(HaveOccurred())
		c = admin(start(nsxsim.Options{Store: st}))
		found := c.get("/policy/api/v1/search/query?query=" + url.QueryEscape("resource_type:GenericPolicyRealizedResource AND entity_type:IpAddressAllocation"))
		Expect(found.results()).To(ConsistOf(HaveKeyWithValue("extended_attributes", has("allocation_ip", "10.5.0.2"))))
	})

	It("are not there before the intent is realized", func() {
		c = admin(start(nsxsim.Options{RealizationDelay: time.Hour}))
		Expect(c.do("PUT", pool, object{})).To(works())
		allocate("a", object{"allocation_ip": "10.5.0.9"})
		Expect(attributes(c, "/infra/ip-pools/p/ip-allocations/a")).To(BeEmpty())
	})
})
