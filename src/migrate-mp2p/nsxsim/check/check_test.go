package check_test

import (
	"bytes"
	"encoding/json"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

type object = map[string]any

// tas is the state of a small foundation in Manager mode.
func tas() (*store.Store, *model.World) {
	GinkgoHelper()
	world, err := model.TAS(1, 1, model.Options{})
	Expect(err).NotTo(HaveOccurred())
	st := store.New(1)
	Expect(nsxsim.LoadWorld(st, world)).To(Succeed())
	return st, world
}

// edit changes a Manager object, or a Policy object when the key begins with a slash.
func edit(st *store.Store, key string, change func(object)) {
	GinkgoHelper()
	Expect(st.Update(func(tx *store.Tx) error {
		_, err := side(tx, key).Mutate(key, func(fields map[string]any) error {
			change(fields)
			return nil
		})
		return err
	})).To(Succeed())
}

func put(st *store.Store, key string, body object) {
	GinkgoHelper()
	Expect(st.Update(func(tx *store.Tx) error {
		_, err := side(tx, key).PutFields(key, body)
		return err
	})).To(Succeed())
}

func side(tx *store.Tx, key string) *store.Space {
	if key[0] == '/' {
		return tx.Policy()
	}
	return tx.Manager()
}

func inspect(st *store.Store, cluster string) *check.Report {
	GinkgoHelper()
	report, err := check.Inspect(st, cluster)
	Expect(err).NotTo(HaveOccurred())
	return report
}

// first is the key of the first object that NCP of tas1 made in a collection.
func first(world *model.World, collection string) string {
	GinkgoHelper()
	created, err := world.CreatedBy("tas1")
	Expect(err).NotTo(HaveOccurred())
	for _, o := range created {
		if o.Collection == collection {
			return o.Collection + "/" + o.ID
		}
	}
	Fail("NCP made nothing in " + collection)
	return ""
}

func tags(pairs ...string) []any {
	var all []any
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, object{"scope": pairs[i], "tag": pairs[i+1]})
	}
	return all
}

var _ = Describe("inspecting a state", func() {
	It("finds a foundation in Manager mode consistent and counts it", func() {
		st, world := tas()
		report := inspect(st, "tas1")
		Expect(report.Inconsistencies).To(BeEmpty())
		Expect(report.OK()).To(BeTrue())
		Expect(report.AllManager()).To(BeTrue())
		Expect(report.Platform).To(Equal("tas"))
		created, err := world.CreatedBy("tas1")
		Expect(err).NotTo(HaveOccurred())
		Expect(report.NCP.Manager).To(Equal(len(created)+10+3), "with the addresses of 10 organisations and 3 virtual servers")
		Expect(report.Shared.Manager).To(Equal(4))
	})

	It("finds every generated world consistent, whatever its size and seed", func() {
		empty, err := model.Empty(3, model.Options{})
		Expect(err).NotTo(HaveOccurred())
		large, err := model.TAS(3, 99, model.Options{Cluster: "blue"})
		Expect(err).NotTo(HaveOccurred())
		for _, world := range []*model.World{empty, large} {
			st := store.New(1)
			Expect(nsxsim.LoadWorld(st, world)).To(Succeed())
			Expect(inspect(st, "blue").Inconsistencies).To(BeEmpty())
		}
	})

	It("finds neither all Manager nor all Policy where the cluster has nothing", func() {
		st, _ := tas()
		report := inspect(st, "unknown")
		Expect(report.OK()).To(BeFalse())
		Expect(report.AllManager()).To(BeFalse())
	})

	It("names an object that has the tag policyPath but no Policy object", func() {
		st, world := tas()
		key := first(world, "logical-switches")
		edit(st, key, func(body object) {
			body["tags"] = append(body["tags"].([]any), tags("policyPath", "/infra/segments/nowhere")...)
			body["_create_user"] = "nsx_policy"
		})
		report := inspect(st, "tas1")
		Expect(report.OK()).To(BeFalse())
		Expect(report.NCP.HalfWay).To(ConsistOf(key))
		Expect(report.Inconsistencies).To(ContainElement(ContainSubstring("/infra/segments/nowhere")))
	})

	It("names an object whose owner was not restored", func() {
		st, world := tas()
		key := first(world, "ns-groups")
		edit(st, key, func(body object) { body["_create_user"] = "nsx_policy" })
		Expect(inspect(st, "tas1").NCP.HalfWay).To(ConsistOf(key))
	})

	It("names a Manager object that a Policy object claims without its tag", func() {
		st, world := tas()
		key := first(world, "ns-groups")
		put(st, "/infra/domains/default/groups/g", object{"id": "g", "resource_type": "Group", "unique_id": key[len("ns-groups/"):]})
		report := inspect(st, "tas1")
		Expect(report.NCP.HalfWay).To(ConsistOf(key))
		Expect(report.Inconsistencies).To(ContainElement(ContainSubstring("is realized by " + key)))
	})

	It("names references that lead nowhere on either side", func() {
		st, world := tas()
		edit(st, first(world, "logical-switches"), func(body object) { body["ip_pool_id"] = "no-pool" })
		put(st, "/infra/segments/s", object{"id": "s", "resource_type": "Segment", "connectivity_path": "/infra/tier-1s/no-router"})
		Expect(inspect(st, "tas1").Inconsistencies).To(ConsistOf(
			ContainSubstring("pools/ip-pools/no-pool"), ContainSubstring("/infra/tier-1s/no-router"),
		))
	})

	It("notices a load balancer rule that points elsewhere than its virtual server", func() {
		st, world := tas()
		key := first(world, "loadbalancer/rules")
		edit(st, key, func(body object) {
			body["tags"] = append(body["tags"].([]any), tags("policyPath", "/infra/segments/operations")...)
			body["_create_user"] = "nsx_policy"
		})
		Expect(inspect(st, "tas1").Inconsistencies).To(ContainElement(HavePrefix(key + " points to")))
	})

	It("prints a verdict for people and the same as JSON", func() {
		st, world := tas()
		edit(st, first(world, "ns-groups"), func(body object) { body["_create_user"] = "nsx_policy" })
		report := inspect(st, "tas1")
		var text bytes.Buffer
		Expect(report.WriteText(&text)).To(Succeed())
		Expect(text.String()).To(ContainSubstring("1 half-way"))
		Expect(text.String()).To(ContainSubstring("verdict: inconsistent"))
		encoded, err := json.Marshal(report)
		Expect(err).NotTo(HaveOccurred())
		Expect(encoded).To(ContainSubstring(`"half_way":["ns-groups/`))
	})
})

// tiny is a cluster whose one Manager object became one Policy object.
func tiny(collection, resourceType, path, policyType string, manager, policy object) *store.Store {
	GinkgoHelper()
	st := store.New(1)
	managerBody := object{"id": "m", "resource_type": resourceType, "display_name": "name", "_create_user": "nsx_policy",
		"tags": append(tags("ncp/cluster", "c", "ncp/version", "1.1.0", "policyPath", path), listOf(manager["tags"])...)}
	policyBody := object{"id": "p", "resource_type": policyType, "display_name": "name", "unique_id": "m",
		"tags": append(tags("ncp/cluster", "c"), listOf(policy["tags"])...)}
	for name, value := range manager {
		if name != "tags" {
			managerBody[name] = value
		}
	}
	for name, value := range policy {
		if name != "tags" {
			policyBody[name] = value
		}
	}
	put(st, collection+"/m", managerBody)
	put(st, path, policyBody)
	return st
}

func listOf(value any) []any {
	list, _ := value.([]any)
	return list
}

// rows are the rows of the readiness table that a cluster violates.
func rows(st *store.Store) []string {
	GinkgoHelper()
	report := inspect(st, "c")
	Expect(report.AllPolicy()).To(BeTrue())
	names := []string{}
	for _, violation := range report.NotReady {
		names = append(names, violation.Row)
	}
	return names
}

var _ = Describe("NCP's readiness", func() {
	const group = "/infra/domains/default/groups/p"
	asg := tags("ncp/cf_asg_name", "dns")

	It("demands the version of Policy mode in place of the old one", func() {
		version := func(versions ...string) []string {
			var pairs []string
			for _, one := range versions {
				pairs = append(pairs, "ncp/version", one)
			}
			return rows(tiny("ns-groups", "NSGroup", group, "Group", object{"tags": asg}, object{"tags": tags(pairs...)}))
		}
		Expect(version("1.1.0")).To(ConsistOf("version", "old version"))
		Expect(version("1.1.0", "1.2.0")).To(ConsistOf("old version"))
		Expect(version("1.2.0")).To(BeEmpty())
	})

	It("lets the old version stay where a group asks for it", func() {
		st := tiny("ns-groups", "NSGroup", group, "Group", object{"tags": asg}, object{
			"tags":       tags("ncp/version", "1.1.0", "ncp/version", "1.2.0"),
			"expression": []any{object{"resource_type": "NestedExpression", "expressions": []any{object{"value": "ncp/version|1.1.0"}}}},
		})
		Expect(rows(st)).To(BeEmpty())
	})

	It("demands the Policy id of a virtual server's pool and the names of its rules", func() {
		server := func(policyTags []any, ruleName string) []string {
			st := tiny("loadbalancer/virtual-servers", "LbVirtualServer", "/infra/lb-virtual-servers/p", "LBVirtualServer",
				object{"tags": append(tags("ext_pool_id", "pool", "ncp/cf_asg_name", "x"), asg...), "ip_address": "1.2.3.4", "rule_ids": []any{"r"}},
				object{"tags": append(tags("ncp/version", "1.2.0"), policyTags...), "rules": []any{object{"display_name": ruleName}}})
			put(st, "pools/ip-pools/pool", object{"id": "pool", "resource_type": "IpPool", "tags": tags("policyPath", "/infra/ip-pools/outside")})
			put(st, "loadbalancer/rules/r", object{"id": "r", "resource_type": "LbRule", "display_name": "path-1"})
			return rows(st)
		}
		Expect(server(tags("ncp/ip_pool_id", "pool"), "r")).To(ConsistOf("pool of a virtual server", "names of load balancer rules"))
		Expect(server(tags("ncp/ip_pool_id", "outside"), "path-1")).To(BeEmpty())
	})

	It("demands the old name of a certificate", func() {
		named := func(name string) []string {
			return rows(tiny("trust-management/certificates", "certificate_self_signed", "/infra/certificates/p", "TlsCertificate",
				object{"tags": asg}, object{"tags": tags("ncp/version", "1.2.0"), "display_name": name}))
		}
		Expect(named("p")).To(ConsistOf("name of a certificate"))
		Expect(named("name")).To(BeEmpty())
	})

	It("demands of an address the tags that tell what it is for", func() {
		address := func(policyTags ...string) []string {
			st := tiny("logical-routers", "LogicalRouter", "/infra/tier-1s/p", "Tier1",
				object{"tags": append(tags("ncp/extpoolid", "pool", "ncp/snat_ip", "1.2.3.4", "ncp/project", "org"), asg...)},
				object{"tags": tags("ncp/version", "1.2.0", "ncp/extpoolid", "outside", "ncp/project", "org")})
			put(st, "pools/ip-pools/pool", object{"id": "pool", "resource_type": "IpPool", "tags": tags("policyPath", "/infra/ip-pools/outside")})
			put(st, "pools/ip-pools/pool/allocations/1.2.3.4", object{"allocation_id": "1.2.3.4"})
			put(st, "/infra/ip-pools/outside/ip-allocations/a", object{"id": "a", "allocation_ip": "1.2.3.4", "tags": tags(policyTags...)})
			return rows(st)
		}
		Expect(address()).To(ConsistOf("cluster", "version", "purpose of an address", "project of an address"))
		Expect(address("ncp/cluster", "c", "ncp/version", "1.2.0", "ncp/project", "org", "ncp/created_for", "snat")).To(BeEmpty())
	})

	It("demands the uids that Kubernetes gives only where there is Kubernetes", func() {
		port := func(managerTags []any, more ...string) []string {
			return rows(tiny("logical-ports", "LogicalPort", "/infra/segments/s/ports/p", "SegmentPort", object{"tags": managerTags}, object{
				"tags": tags(append([]string{"ncp/version", "1.2.0", "ncp/project", "ns", "ncp/pod_uid", "u1"}, more...)...),
			}))
		}
		Expect(port(nil)).To(ConsistOf("project uid", "pod uid"))
		Expect(port(nil, "ncp/project_uid", "u0", "external_id", "u1")).To(BeEmpty())
		Expect(port(asg)).To(BeEmpty(), "the tag of a CF security group tells a foundation")
	})
})

var _ = Describe("comparing two states", func() {
	var before, after *store.Store
	var world *model.World

	BeforeEach(func() {
		before, _ = tas()
		after, world = tas()
	})

	changed := func() []string {
		GinkgoHelper()
		except := check.Except{Cluster: "tas1"}
		for _, shared := range world.Shared {
			except.Shared = append(except.Shared, shared.ID)
		}
		problems, err := check.Untouched(before, after, except)
		Expect(err).NotTo(HaveOccurred())
		return problems
	}

	It("finds nothing where only the cluster and what it shares changed", func() {
		edit(after, first(world, "logical-ports"), func(body object) { body["display_name"] = "x" })
		edit(after, "logical-routers/"+world.Shared[0].ID, func(body object) {
			body["tags"] = append(body["tags"].([]any), tags("policyPath", "/infra/tier-0s/t0")...)
		})
		put(after, "/infra/tier-0s/t0", object{"id": "t0"})
		put(after, "/infra/tier-0s/t0/static-routes/r", object{"id": "r"})
		Expect(changed()).To(BeEmpty())
	})

	It("names what changed, went or came elsewhere", func() {
		var foreign, doomed string
		Expect(after.View(func(tx *store.Tx) error {
			for _, o := range tx.Manager().List("logical-ports") {
				if o.HasTag("ncp/cluster", "tas1-other") {
					foreign = o.Key
				}
				if o.DisplayName == "operations-vm" {
					doomed = o.Key
				}
			}
			return nil
		})).To(Succeed())
		edit(after, foreign, func(body object) { body["display_name"] = "x" })
		Expect(after.Update(func(tx *store.Tx) error {
			return tx.Manager().Delete(doomed)
		})).To(Succeed())
		put(after, "/infra/segments/stray", object{"id": "stray"})
		Expect(changed()).To(ConsistOf(foreign+" was changed", doomed+" is gone", "/infra/segments/stray is new"))
	})

	It("names firewall sections of the cluster that stand elsewhere, and rules that are not the same", func() {
		section := first(world, "firewall/sections")
		edit(after, section, func(body object) { body["priority"] = 500_000_000 })
		Expect(changed()).To(ConsistOf(MatchRegexp("^" + section + " does not stand before firewall/sections/.* any more$")))

		var rule *store.Object
		Expect(after.Update(func(tx *store.Tx) error {
			rule = tx.Manager().List(section + "/rules")[0]
			return tx.Manager().Delete(rule.Key)
		})).To(Succeed())
		put(after, section+"/rules/1", object{"id": "1", "resource_type": "FirewallRule"})
		Expect(changed()).To(ContainElements(rule.Key+" is gone", section+"/rules/1 is new"))
	})
})
