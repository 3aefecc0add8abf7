package updates

import (
	"context"
	"errors"
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

var _ = Describe("An object that NSX does not show", func() {
	var (
		fake  *fakeNSX
		store *fakeRecords
		input ApplyInput
	)
	mine := tags("ncp/cluster=cf")

	BeforeEach(func() {
		fake, store = newFakeNSX(), &fakeRecords{}
		input = ApplyInput{API: fake, Records: store, Scope: mp.NCP, Cluster: "cf", Events: &fakeEvents{}}
	})
	apply := func() (ApplyResult, error) { return Apply(context.Background(), input) }
	// segments makes n segments that wait for their updates.
	segments := func(n int) []string {
		var paths []string
		for i := range n {
			paths = append(paths, fmt.Sprintf("/infra/segments/s%04d", i))
			fake.add(paths[i], mine)
			store.update(paths[i])
		}
		return paths
	}

	It("is gone when it is in no list, NSX says so of its path, and its Manager object is gone as well [I6]", func() {
		gone := segments(10)[3]
		delete(fake.objects, gone)
		Expect(apply()).To(Equal(ApplyResult{Applied: 9, Gone: 1}))
		Expect(store.state(gone).State).To(Equal(records.UpdateGone))
		Expect(fake.requests[2:]).To(Equal([]string{"LIST /policy/api/v1/infra/segments", "GET " + gone, "GET /api/v1/logical-switches/mp-s0003"}))
	})

	It("is updated when a list left it out and its own path shows it [I6]", func() {
		lost := segments(10)[3]
		kept := fake.objects[lost]
		fake.onList = func(string) error { delete(fake.objects, lost); return nil }
		fake.onGet = func(p string) error {
			if p == lost {
				fake.objects[lost] = kept
			}
			return nil
		}
		Expect(apply()).To(Equal(ApplyResult{Applied: 10}))
		Expect(fake.tags(lost)).To(ContainElement(mp.Tag{Scope: "new", Tag: "1"}))
	})

	DescribeTable("stays pending with the reason, and can be waived, while its Manager object",
		func(managerTags []mp.Tag, reason string) {
			path := segments(10)[3]
			delete(fake.objects, path)
			fake.manager["/api/v1/logical-switches/mp-s0003"] = map[string]any{"id": "mp-s0003", "tags": managerTags}
			result, err := apply()
			Expect(err).NotTo(HaveOccurred())
			Expect(result).To(Equal(ApplyResult{Applied: 9, Undecided: 1}))
			Expect(result.Left()).To(Equal(1))
			Expect(store.state(path).State).To(Equal(records.UpdatePending))
			Expect(store.state(path).Answer).To(And(ContainSubstring("mp-s0003"), ContainSubstring(reason)))

			input.Waive = []string{path}
			Expect(apply()).To(Equal(ApplyResult{Waived: 1}))
		},
		Entry("still names its path", tags("policyPath=/infra/segments/s0003"), "still names it"),
		Entry("is Manager again, as in a backup", mine, "restored from a backup"),
		Entry("names another path", tags("policyPath=/infra/segments/elsewhere"), "/infra/segments/elsewhere"),
	)

	It("is gone once the contradiction is", func() {
		path := segments(10)[3]
		delete(fake.objects, path)
		fake.manager["/api/v1/logical-switches/mp-s0003"] = map[string]any{"tags": tags("policyPath=" + path)}
		Expect(apply()).To(Equal(ApplyResult{Applied: 9, Undecided: 1}))
		clear(fake.manager)
		Expect(apply()).To(Equal(ApplyResult{Gone: 1}))
	})

	It("that is being deleted stays pending until NSX says that it does not exist", func() {
		path := segments(10)[3]
		fake.objects[path]["marked_for_delete"] = true
		Expect(apply()).To(Equal(ApplyResult{Applied: 9, Undecided: 1}))
		Expect(store.state(path).Answer).To(ContainSubstring("being deleted"))
	})

	It("is looked for below the router or pool that it had in Manager mode", func() {
		store.update("/infra/tier-0s/t/nat/USER/nat-rules/n")
		rule := store.updates[0]
		store.originals[rule.Type+"/"+rule.ID] = records.Original{Facts: map[mp.Fact]string{"parent": "router"}}
		fake.manager["/api/v1/logical-routers/router/nat/rules/mp-n"] = map[string]any{}
		store.update("/infra/ip-pools/p/ip-allocations/a")
		store.update("/infra/ip-pools/p/ip-allocations/b")
		fake.manager["/api/v1/pools/ip-pools/mp-p/allocations/x"] = map[string]any{"allocation_id": "mp-a"}
		Expect(apply()).To(Equal(ApplyResult{Gone: 1, Undecided: 2}))
		Expect(store.state("/infra/ip-pools/p/ip-allocations/a").Answer).To(ContainSubstring("pool mp-p"))
		Expect(store.state("/infra/ip-pools/p/ip-allocations/b").State).To(Equal(records.UpdateGone))
	})

	It("stays pending when the records do not say where its Manager object was", func() {
		store.update("/infra/tier-0s/t/nat/USER/nat-rules/n")
		clear(store.originals)
		Expect(apply()).To(Equal(ApplyResult{Undecided: 1}))
	})

	DescribeTable("leaves everything pending and names the cause when",
		func(prepare func(lost string)) {
			lost := segments(10)[3]
			delete(fake.objects, lost)
			prepare(lost)
			result, err := apply()
			Expect(err).To(MatchError(ContainSubstring("not NSX")))
			Expect(result).To(Equal(ApplyResult{Applied: 9, Pending: 1}))
			Expect(store.state(lost).State).To(Equal(records.UpdatePending))
		},
		Entry("its path is not answered by NSX", func(lost string) {
			fake.onGet = func(p string) error {
				if p == lost {
					return &nsx.Error{Kind: mp.KindServer, Message: "not NSX"}
				}
				return nil
			}
		}),
		Entry("the path of its Manager object is not", func(string) {
			fake.onGet = func(p string) error {
				if strings.HasPrefix(p, "/api/v1/") {
					return &nsx.Error{Kind: mp.KindServer, Message: "not NSX"}
				}
				return nil
			}
		}),
		Entry("the list is not, when it is read again", func(string) {
			lists := 0
			fake.onList = func(string) error {
				if lists++; lists > 1 {
					return &nsx.Error{Kind: mp.KindServer, Message: "not NSX"}
				}
				return nil
			}
		}),
	)

	Describe("together with most others", func() {
		It("is not taken for deleted: NSX was restored, or something answers in its place [I2]", func() {
			paths := segments(200)
			for _, path := range paths[:101] {
				delete(fake.objects, path)
			}
			result, err := apply()
			var hidden *NotShownError
			Expect(errors.As(err, &hidden)).To(BeTrue())
			Expect(hidden.Absent).To(Equal(101))
			Expect(err).To(MatchError(And(ContainSubstring("101 of the 200"), ContainSubstring(paths[0]), ContainSubstring("restored from a backup"), ContainSubstring("migration.waive_updates"))))
			Expect(result).To(Equal(ApplyResult{Applied: 99, Pending: 101}))
			Expect(store.state(paths[0]).State).To(Equal(records.UpdatePending))
		})

		It("is gone when they are many, but not most", func() {
			paths := segments(202)
			for _, path := range paths[:101] {
				delete(fake.objects, path)
			}
			Expect(apply()).To(Equal(ApplyResult{Applied: 101, Gone: 101}))
		})

		It("is gone when they are most, but not many", func() {
			paths := segments(100)
			for _, path := range paths {
				delete(fake.objects, path)
			}
			Expect(apply()).To(Equal(ApplyResult{Gone: 100}))
		})

		It("counts against all updates of the run, not against those that are left", func() {
			paths := segments(400)
			for _, path := range paths[:120] {
				delete(fake.objects, path)
			}
			for i := range store.updates[120:] {
				store.updates[120+i].State = records.UpdateApplied
			}
			Expect(apply()).To(Equal(ApplyResult{Gone: 120}))
		})
	})
})
