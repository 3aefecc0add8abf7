package updates

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

var _ = Describe("Apply", func() {
	var (
		fake   *fakeNSX
		store  *fakeRecords
		events *fakeEvents
		input  ApplyInput
	)
	mine := tags("ncp/cluster=cf")

	BeforeEach(func() {
		fake, store, events = newFakeNSX(), &fakeRecords{}, &fakeEvents{}
		input = ApplyInput{API: fake, Records: store, Scope: mp.NCP, Cluster: "cf", Events: events}
	})

	apply := func() (ApplyResult, error) { return Apply(context.Background(), input) }
	pending := func(path string) {
		fake.add(path, mine)
		store.update(path)
	}
	segments := func(n int) []string {
		var paths []string
		for i := range n {
			paths = append(paths, fmt.Sprintf("/infra/segments/s%04d", i))
			pending(paths[i])
		}
		return paths
	}
	refusal := func(kind mp.Kind) error { return &nsx.Error{Kind: kind, Message: "NSX says no"} }

	It("sends the updates in hierarchical PATCHes of 1000 and records each as applied [R16]", func() {
		paths := segments(2400)
		Expect(apply()).To(Equal(ApplyResult{Applied: 2400}))
		Expect(fake.patches).To(HaveLen(3))
		Expect(fake.patches[0]).To(HaveLen(1000))
		for _, path := range paths {
			Expect(fake.tags(path)).To(Equal(tags("ncp/cluster=cf", "new=1")))
			Expect(store.state(path).State).To(Equal(records.UpdateApplied))
		}
		Expect(fake.requests).To(HaveLen(4), "one list and three writes")
		Expect(events.done).To(Equal(2400))
	})

	It("updates every kind of object, and a security policy without touching its rules [I6]", func() {
		paths := []string{"/infra/tier-1s/t", "/infra/tier-1s/t/nat/USER/nat-rules/n", "/infra/segments/s/ports/p", "/infra/ip-pools/p/ip-allocations/a",
			"/infra/ip-pools/p/ip-subnets/b", "/infra/domains/default/groups/g", "/infra/domains/default/security-policies/d"}
		for _, path := range paths {
			pending(path)
		}
		fake.objects[paths[6]]["rules"] = []any{map[string]any{"id": "rule"}}
		Expect(apply()).To(Equal(ApplyResult{Applied: len(paths)}))
		for _, path := range paths {
			Expect(fake.tags(path)).To(ContainElement(mp.Tag{Scope: "new", Tag: "1"}))
		}
		Expect(fake.objects[paths[6]]["rules"]).To(HaveLen(1))
	})

	It("keeps what others changed meanwhile, even when the index has not seen it [I6]", func() {
		for i := range 100 {
			pending(fmt.Sprintf("/infra/segments/s%d/ports/p", i))
		}
		for _, path := range []string{"/infra/segments/s7/ports/p", "/infra/segments/s99/ports/p"} {
			fake.stale[path] = copyOf(fake.objects[path])
			fake.objects[path]["tags"] = tags("ncp/cluster=cf", "theirs=yes")
			fake.objects[path]["description"] = "by the administrator"
			fake.objects[path]["_revision"] = 5.0
		}
		Expect(apply()).To(Equal(ApplyResult{Applied: 100}))
		Expect(fake.requests[0]).To(HavePrefix("SEARCH"))
		Expect(fake.tags("/infra/segments/s7/ports/p")).To(Equal(tags("ncp/cluster=cf", "theirs=yes", "new=1")))
		Expect(fake.objects["/infra/segments/s7/ports/p"]["description"]).To(Equal("by the administrator"))
	})

	It("never creates an object that is gone, and closes its update [I6]", func() {
		segments(3)
		delete(fake.objects, "/infra/segments/s0001")
		Expect(apply()).To(Equal(ApplyResult{Applied: 2, Gone: 1}))
		Expect(store.state("/infra/segments/s0001").State).To(Equal(records.UpdateGone))
		Expect(fake.objects).NotTo(HaveKey("/infra/segments/s0001"))
	})

	It("closes the update of an object that vanishes between reading and writing [I6]", func() {
		segments(3)
		fake.onPatch = func(paths []string) error {
			delete(fake.objects, "/infra/segments/s0001")
			if slices.Contains(paths, "/infra/segments/s0001") {
				return refusal(mp.KindInvalid)
			}
			return nil
		}
		Expect(apply()).To(Equal(ApplyResult{Applied: 2, Gone: 1}))
	})

	It("treats the children of a parent that is gone as gone", func() {
		for i := range 5 {
			store.update(fmt.Sprintf("/infra/ip-pools/p/ip-allocations/a%d", i))
		}
		fake.onList = func(string) error { return refusal(mp.KindNotFound) }
		Expect(apply()).To(Equal(ApplyResult{Gone: 5}))
	})

	It("writes nothing for objects that show their update already", func() {
		for _, path := range segments(3) {
			fake.objects[path]["tags"] = tags("ncp/cluster=cf", "new=1")
		}
		Expect(apply()).To(Equal(ApplyResult{Applied: 3}))
		Expect(fake.patches).To(BeEmpty())
	})

	Describe("an update that NSX refuses", func() {
		const culprit = "/infra/segments/s0333"

		BeforeEach(func() {
			segments(500)
			fake.deny = func(path string) error {
				if path == culprit {
					return refusal(mp.KindInvalid)
				}
				return nil
			}
		})

		It("is isolated and kept with URL, body and NSX's answer, while all others are applied [R16]", func() {
			result, err := apply()
			Expect(err).NotTo(HaveOccurred())
			Expect(result).To(Equal(ApplyResult{Applied: 499, Refused: 1}))
			Expect(result.Left()).To(Equal(1))
			kept := store.state(culprit)
			Expect(kept.State).To(Equal(records.UpdatePending))
			Expect(kept.Attempts).To(Equal(1))
			Expect(kept.URL).To(Equal("/policy/api/v1" + culprit))
			Expect(kept.Answer).To(ContainSubstring("NSX says no"))
			Expect(string(kept.Body)).To(And(ContainSubstring(`"new"`), ContainSubstring(culprit)))
			Expect(len(fake.patches)).To(BeNumerically("<", 25))
		})

		It("is sent again by the next run [R19]", func() {
			_, err := apply()
			Expect(err).NotTo(HaveOccurred())
			fake.deny = nil
			fake.patches = nil
			Expect(apply()).To(Equal(ApplyResult{Applied: 1}))
			Expect(fake.patches).To(Equal([][]string{{culprit}}))
			Expect(store.state(culprit).Body).To(BeEmpty())
			Expect(apply()).To(Equal(ApplyResult{}))
		})

		It("can be waived by path, and only that [R16]", func() {
			input.Waive = []string{culprit, "/infra/segments/typing-mistake"}
			Expect(apply()).To(Equal(ApplyResult{Applied: 499, Waived: 1, NotWaived: []string{"/infra/segments/typing-mistake"}}))
			Expect(store.state(culprit).State).To(Equal(records.UpdateWaived))
			Expect(fake.tags(culprit)).To(Equal(mine))
		})

		It("can be inferred anew from corrected rules [R16]", func() {
			_, err := apply()
			Expect(err).NotTo(HaveOccurred())
			fake.deny = nil
			store.originals = map[string]records.Original{"LOGICAL_SWITCH/mp-s0333": {Tags: tags("ncp/cluster=cf")}}
			u := store.state(culprit)
			u.Type = "LOGICAL_SWITCH"
			Expect(store.SetUpdates([]records.Update{u})).To(Succeed())
			rules := parsed(oneRule("types: [LOGICAL_SWITCH], set: {tag: corrected, from: constant, of: '2'}"))
			input.Reinfer = &Reinfer{Originals: store, Rules: rules, Env: tasEnv()}
			Expect(apply()).To(Equal(ApplyResult{Applied: 1}))
			Expect(fake.tags(culprit)).To(Equal(tags("ncp/cluster=cf", "corrected=2")))
		})

		It("stays with the reason when it cannot be inferred anew", func() {
			_, err := apply()
			Expect(err).NotTo(HaveOccurred())
			u := store.state(culprit)
			u.Type = "LOGICAL_SWITCH"
			Expect(store.SetUpdates([]records.Update{u})).To(Succeed())
			store.originals = map[string]records.Original{"LOGICAL_SWITCH/mp-s0333": {Tags: tags("a=gone")}}
			input.Reinfer = &Reinfer{Originals: store, Rules: parsed(oneRule("types: [LOGICAL_SWITCH], set: {tag: b, from: id_map, of: a}")), Env: tasEnv()}
			Expect(apply()).To(Equal(ApplyResult{Refused: 1}))
			Expect(store.state(culprit).Answer).To(ContainSubstring(`"gone"`))

			clear(store.originals)
			_, err = apply()
			Expect(err).To(MatchError(ContainSubstring("reading the record")))
		})
	})

	It("keeps an object whose body it cannot read, and goes on", func() {
		segments(3)
		fake.objects["/infra/segments/s0001"]["tags"] = 7
		fake.hidden["/infra/segments/s0001"] = true
		Expect(apply()).To(Equal(ApplyResult{Applied: 2, Refused: 1}))
		Expect(store.state("/infra/segments/s0001").Answer).To(ContainSubstring(`"tags"`))
	})

	It("gives up on an object that somebody else changes all the time, and keeps it", func() {
		segments(1)
		fake.onPatch = func([]string) error { return refusal(mp.KindStale) }
		Expect(apply()).To(Equal(ApplyResult{Refused: 1}))
	})

	It("stops when everything is refused, since the cause is elsewhere", func() {
		segments(1200)
		fake.onPatch = func([]string) error { return refusal(mp.KindNotOwner) }
		result, err := apply()
		Expect(err).To(MatchError(And(ContainSubstring("first 500 updates"), ContainSubstring("NSX says no"))))
		Expect(result).To(Equal(ApplyResult{Refused: 500, Pending: 700}))
		Expect(result.Left()).To(Equal(1200))
	})

	Describe("a lost answer", func() {
		It("is settled by reading: what took effect is not written twice [R18]", func() {
			segments(10)
			lost := false
			fake.answer = func([]string) error {
				if lost {
					return nil
				}
				lost = true
				return refusal(mp.KindLost)
			}
			Expect(apply()).To(Equal(ApplyResult{Applied: 10}))
			Expect(fake.patches).To(HaveLen(1))
			Expect(fake.objects["/infra/segments/s0000"]["_revision"]).To(Equal(1.0))
		})

		It("is repeated when it took no effect [R18]", func() {
			segments(10)
			lost := false
			fake.onPatch = func([]string) error {
				if lost {
					return nil
				}
				lost = true
				return refusal(mp.KindLost)
			}
			Expect(apply()).To(Equal(ApplyResult{Applied: 10}))
			Expect(fake.patches).To(HaveLen(2))
		})

		It("ends the phase when no answer ever comes, everything staying pending [R19]", func() {
			segments(10)
			fake.onPatch = func([]string) error { return refusal(mp.KindLost) }
			result, err := apply()
			Expect(mp.IsKind(err, mp.KindLost)).To(BeTrue())
			Expect(result).To(Equal(ApplyResult{Pending: 10}))
			Expect(store.state("/infra/segments/s0000").State).To(Equal(records.UpdatePending))
		})
	})

	It("ends the phase when NSX is away, having recorded what was done [R18] [R19]", func() {
		segments(1200)
		fake.onPatch = func([]string) error {
			if len(fake.patches) == 2 {
				return refusal(mp.KindUnreachable)
			}
			return nil
		}
		result, err := apply()
		Expect(mp.IsKind(err, mp.KindUnreachable)).To(BeTrue())
		Expect(result).To(Equal(ApplyResult{Applied: 1000, Pending: 200}))
		fake.onPatch = nil
		Expect(apply()).To(Equal(ApplyResult{Applied: 200}))
	})

	It("does not go on with the other half of a group when NSX goes away", func() {
		segments(4)
		fake.onPatch = func([]string) error {
			if len(fake.patches) == 1 {
				return refusal(mp.KindInvalid)
			}
			return refusal(mp.KindUnreachable)
		}
		result, err := apply()
		Expect(mp.IsKind(err, mp.KindUnreachable)).To(BeTrue())
		Expect(result).To(Equal(ApplyResult{Pending: 4}))
		Expect(fake.patches).To(HaveLen(2))
	})

	It("begins no write after a cancel, and loses nothing", func() {
		segments(1200)
		ctx, cancel := context.WithCancel(context.Background())
		fake.answer = func([]string) error {
			cancel()
			return nil
		}
		result, err := Apply(ctx, input)
		Expect(err).To(MatchError(context.Canceled))
		Expect(result).To(Equal(ApplyResult{Applied: 1000, Pending: 200}))
		Expect(fake.patches).To(HaveLen(1))
		Expect(store.state("/infra/segments/s0000").State).To(Equal(records.UpdateApplied))
	})

	It("says so when the records cannot be written", func() {
		segments(3)
		store.setErr = errors.New("no space left")
		_, err := apply()
		Expect(err).To(MatchError(ContainSubstring("no space left")))
	})

	It("refuses records that do not name a Policy object [I10]", func() {
		store.updates = []records.Update{{Seq: 1, ResourceType: "Segment", Path: "/nonsense", State: records.UpdatePending}}
		_, err := apply()
		Expect(err).To(MatchError(ContainSubstring("/nonsense")))
		Expect(fake.requests).To(BeEmpty())
	})

	Describe("certificates", func() {
		certificate := func(id string, pairs ...any) string {
			path := "/infra/certificates/" + id
			fake.add(path, mine, append([]any{"has_private_key", true, "used_by", []string{"vs-1", "vs-2"}}, pairs...)...)
			store.update(path)
			return path
		}

		It("go last and one by one, the first compared with what it was [R16]", func() {
			certificate("a")
			certificate("b")
			segments(2)
			Expect(apply()).To(Equal(ApplyResult{Applied: 4}))
			Expect(fake.patches).To(HaveLen(3))
			Expect(fake.patches[0]).To(HaveLen(2))
			Expect(fake.patches[1]).To(HaveLen(1))
			Expect(slices.DeleteFunc(slices.Clone(fake.requests), func(r string) bool { return !strings.HasPrefix(r, "GET /infra/certificates") })).
				To(HaveLen(3), "two to read them and one to compare")
		})

		DescribeTable("are left alone when the first one was harmed",
			func(member string, value any, part string) {
				first := certificate("a")
				second := certificate("b")
				fake.answer = func(paths []string) error {
					fake.objects[paths[0]][member] = value
					first, second = paths[0], map[string]string{first: second, second: first}[paths[0]]
					return nil
				}
				result, err := apply()
				var harmed *CertificateHarmedError
				Expect(errors.As(err, &harmed)).To(BeTrue())
				Expect(harmed.Path).To(Equal(first))
				Expect(err).To(MatchError(And(ContainSubstring(part), ContainSubstring("migration.waive_updates"))))
				Expect(result).To(Equal(ApplyResult{Applied: 1, Pending: 1}))
				Expect(fake.tags(second)).To(Equal(mine))
			},
			Entry("its key is gone", "has_private_key", false, "private key is missing"),
			Entry("a user is gone", "used_by", []string{"vs-1"}, "used by"),
		)

		It("are not taken for harmed when their users come in another order", func() {
			certificate("a")
			fake.answer = func(paths []string) error {
				fake.objects[paths[0]]["used_by"] = []string{"vs-2", "vs-1"}
				return nil
			}
			Expect(apply()).To(Equal(ApplyResult{Applied: 1}))
		})

		It("say so when the comparison is impossible", func() {
			path := certificate("a")
			fake.answer = func([]string) error { delete(fake.objects, path); return nil }
			_, err := apply()
			Expect(err).To(MatchError(ContainSubstring("after its update")))
		})
	})

	It("sends the very members that NSX gave, revision included", func() {
		segments(1)
		fake.objects["/infra/segments/s0000"]["_revision"] = 42.0
		var sent map[string]any
		fake.onPatch = func([]string) error { return nil }
		fake.answer = func(paths []string) error {
			sent = copyOf(fake.objects[paths[0]])
			return nil
		}
		before := copyOf(fake.objects["/infra/segments/s0000"])
		Expect(apply()).To(Equal(ApplyResult{Applied: 1}))
		before["_revision"] = 43.0 // what NSX made of the 42 that was sent
		before["tags"] = json.RawMessage(encode(tags("ncp/cluster=cf", "new=1")))
		Expect(encode(sent)).To(MatchJSON(encode(before)))
	})
})
