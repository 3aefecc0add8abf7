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

// finished is the ground of Verify and Finish: objects that were migrated, with tags of the old version, and the updates
// that were inferred for them.
type finished struct {
	fake   *fakeNSX
	store  *fakeRecords
	events *fakeEvents
	env    Env
}

func newFinished() *finished {
	return &finished{fake: newFakeNSX(), store: &fakeRecords{}, events: &fakeEvents{}, env: tasEnv()}
}

var oldVersion, newVersion = tags("ncp/cluster=cf", "ncp/version=1.1.0"), tags("ncp/cluster=cf", "ncp/version=1.2.0")

// migrate makes an object that the run migrated.
func (f *finished) migrate(kind, path string, objectTags []mp.Tag) {
	f.fake.add(path, objectTags)
	f.store.object(kind, path, oldVersion)
}

// ports makes n ports, each in a segment of its own: far too many lists to read them by list.
func (f *finished) ports(n int, objectTags []mp.Tag) []string {
	var paths []string
	for i := range n {
		paths = append(paths, fmt.Sprintf("/infra/segments/s%03d/ports/%x-port%d", i, i%16, i))
		f.migrate("LOGICAL_PORT", paths[i], objectTags)
	}
	return paths
}

// inferred stores the updates of all objects, in this state.
func (f *finished) inferred(state records.UpdateState) {
	GinkgoHelper()
	now := f.fake.objects
	f.fake.objects = map[string]map[string]any{}
	for _, m := range f.store.migrated {
		f.fake.add(m.PolicyPath, oldVersion)
	}
	_, err := Infer(context.Background(), InferInput{API: f.fake, Records: f.store, Rules: builtInRules(), Env: f.env, Sleep: f.events.sleep, Events: f.events})
	Expect(err).NotTo(HaveOccurred())
	f.fake.objects, f.fake.requests, f.fake.patches = now, nil, nil
	for i := range f.store.updates {
		f.store.updates[i].State = state
	}
}

func (f *finished) verify() (VerifyResult, error) {
	return Verify(context.Background(), VerifyInput{
		API: f.fake, Records: f.store, Rules: builtInRules(), Env: f.env, Index: 5 * time.Minute, Total: len(f.store.migrated), Sleep: f.events.sleep, Events: f.events,
	})
}

func (f *finished) finish(waive ...string) (FinishResult, error) {
	return Finish(context.Background(), FinishInput{
		API: f.fake, Records: f.store, Rules: builtInRules(), Env: f.env, Index: 5 * time.Minute, Total: len(f.store.migrated), Waive: waive, Sleep: f.events.sleep, Events: f.events,
	})
}

func (f *finished) show(objectTags []mp.Tag, paths ...string) {
	for _, path := range paths {
		f.fake.objects[path]["tags"] = objectTags
	}
}

var _ = Describe("Verify", func() {
	var f *finished
	BeforeEach(func() { f = newFinished() })

	It("finds nothing to do where every object shows its update, and reads them in bulk [R16]", func() {
		f.ports(100, newVersion)
		f.inferred(records.UpdateApplied)
		result, err := f.verify()
		Expect(err).NotTo(HaveOccurred())
		Expect(result).To(Equal(VerifyResult{Objects: 100}))
		Expect(result.Proved()).To(BeTrue())
		Expect(f.fake.requests).To(HaveLen(1))
		Expect(f.store.sets).To(BeZero())
		Expect(f.events.done).To(Equal(100))
	})

	It("makes an update pending again whose object does not show it, with what is missing [R16]", func() {
		f.migrate("TIER1", "/infra/tier-1s/a", oldVersion)
		f.migrate("TIER1", "/infra/tier-1s/b", newVersion)
		f.inferred(records.UpdateApplied)
		result, err := f.verify()
		Expect(err).NotTo(HaveOccurred())
		Expect(result.First).To(ConsistOf(And(HavePrefix("/infra/tier-1s/a: "), ContainSubstring(`tag ncp/version = "1.2.0" is missing`))))
		result.First = nil
		Expect(result).To(Equal(VerifyResult{Objects: 2, Pending: 1}))
		Expect(result.Proved()).To(BeFalse())
		Expect(f.store.state("/infra/tier-1s/a").State).To(Equal(records.UpdatePending))
		Expect(f.store.state("/infra/tier-1s/a").Answer).To(ContainSubstring("does not show it"))
		Expect(f.store.state("/infra/tier-1s/b").State).To(Equal(records.UpdateApplied))
	})

	It("adds an update for an object that needed none before", func() {
		f.migrate("TIER1", "/infra/tier-1s/a", oldVersion)
		Expect(f.verify()).To(HaveField("Pending", 1))
		Expect(f.store.updates).To(HaveLen(1))
		Expect(f.store.updates[0]).To(And(HaveField("Path", "/infra/tier-1s/a"), HaveField("ResourceType", "Tier1"), HaveField("Type", "TIER1"), HaveField("ID", "mp-a"),
			HaveField("State", records.UpdatePending), HaveField("Delta.SetTags", tags("ncp/version=1.2.0"))))
		Expect(f.finish()).To(And(HaveField("Applied", 1), HaveField("Verified.Objects", 1)))
	})

	It("leaves alone what was waived or is still pending, and counts it", func() {
		f.migrate("TIER1", "/infra/tier-1s/a", oldVersion)
		f.migrate("TIER1", "/infra/tier-1s/b", oldVersion)
		f.inferred(records.UpdateWaived)
		f.store.updates[1].State = records.UpdatePending
		f.store.updates[1].Answer = "NSX says no"
		Expect(f.verify()).To(Equal(VerifyResult{Waived: 1, Open: 1}))
		Expect(f.store.updates[0].State).To(Equal(records.UpdateWaived))
		Expect(f.store.updates[1].Answer).To(Equal("NSX says no"))
	})

	It("takes what a late index does not show yet for what NSX itself has [R16]", func() {
		paths := f.ports(100, newVersion)
		f.inferred(records.UpdateApplied)
		for _, path := range paths[:60] {
			f.fake.stale[path] = copyOf(f.fake.objects[path])
			f.fake.stale[path]["tags"] = oldVersion
		}
		f.fake.hidden[paths[99]] = true
		f.events.wake = func(slept time.Duration) {
			if slept > 10*time.Second {
				clear(f.fake.stale)
				clear(f.fake.hidden)
			}
		}
		Expect(f.verify()).To(Equal(VerifyResult{Objects: 100}))
		Expect(f.events.slept).To(BeNumerically("<", time.Minute))
		Expect(f.events.reasons).NotTo(BeEmpty())
	})

	It("reads the objects themselves where the index stays behind for good", func() {
		paths := f.ports(60, newVersion)
		f.inferred(records.UpdateApplied)
		f.show(oldVersion, paths[7])
		for _, path := range paths {
			f.fake.stale[path] = copyOf(f.fake.objects[path])
			f.fake.stale[path]["tags"] = oldVersion
		}
		Expect(f.verify()).To(And(HaveField("Objects", 60), HaveField("Pending", 1)))
		Expect(f.events.slept).To(BeNumerically(">=", 5*time.Minute))
		Expect(f.store.state(paths[7]).State).To(Equal(records.UpdatePending))
	})

	It("reads the objects themselves where the index does not work for good [R16] [R18]", func() {
		paths := f.ports(60, newVersion)
		f.inferred(records.UpdateApplied)
		f.show(oldVersion, paths[7])
		f.fake.onSearch = func(string) error { return &nsx.Error{Kind: mp.KindSearch, Status: 400, Code: 60515} }
		Expect(f.verify()).To(And(HaveField("Objects", 60), HaveField("Pending", 1)))
		Expect(f.events.slept).To(BeZero())
		Expect(f.store.state(paths[7]).State).To(Equal(records.UpdatePending))
	})

	It("does not wait for the index nor read each object where NSX itself confirms that nothing took effect", func() {
		f.ports(400, oldVersion)
		f.inferred(records.UpdateApplied)
		Expect(f.verify()).To(And(HaveField("Objects", 400), HaveField("Pending", 400), HaveField("First", HaveLen(5))))
		Expect(f.events.slept).To(BeZero())
		Expect(len(f.fake.requests)).To(BeNumerically("<=", 1+fewRequests))
	})

	Describe("an object that NSX does not show", func() {
		BeforeEach(func() {
			f.migrate("TIER1", "/infra/tier-1s/a", newVersion)
			f.migrate("TIER1", "/infra/tier-1s/b", newVersion)
			f.inferred(records.UpdateApplied)
			delete(f.fake.objects, "/infra/tier-1s/a")
		})

		It("is gone when that is proved, and its update with it", func() {
			Expect(f.verify()).To(Equal(VerifyResult{Objects: 2, Gone: 1}))
			Expect(f.store.state("/infra/tier-1s/a").State).To(Equal(records.UpdateGone))
			Expect(f.verify()).To(Equal(VerifyResult{Objects: 2, Gone: 1}))
		})

		It("stays pending with the reason while its Manager object contradicts that, and can be waived", func() {
			f.fake.manager["/api/v1/logical-routers/mp-a"] = map[string]any{"tags": tags("policyPath=/infra/tier-1s/a")}
			Expect(f.verify()).To(And(HaveField("Objects", 2), HaveField("Undecided", 1), HaveField("First", ConsistOf(ContainSubstring("still names it")))))
			Expect(f.store.state("/infra/tier-1s/a").State).To(Equal(records.UpdatePending))
			Expect(f.finish("/infra/tier-1s/a")).To(And(HaveField("Waived", 1), HaveField("Applied", 1), HaveField("Pending", 0)))
		})

		It("gets an update that can be waived even where it needed none before", func() {
			f.store.updates = nil
			f.fake.manager["/api/v1/logical-routers/mp-a"] = map[string]any{"tags": oldVersion}
			Expect(f.verify()).To(HaveField("Undecided", 1))
			Expect(f.store.updates).To(ConsistOf(And(HaveField("Path", "/infra/tier-1s/a"), HaveField("Answer", ContainSubstring("restored from a backup")))))
		})

		It("is pending again when it had been gone, and exists", func() {
			f.store.updates[0].State = records.UpdateGone
			f.fake.add("/infra/tier-1s/a", newVersion)
			Expect(f.finish()).To(And(HaveField("Applied", 2), HaveField("Gone", 0)))
		})

		It("is not taken for existing because the index still shows it", func() {
			for _, path := range f.ports(100, newVersion)[:1] {
				f.store.updates = append(f.store.updates, records.Update{Seq: 3, Path: path, Type: "LOGICAL_PORT", State: records.UpdateGone})
				f.fake.ghost = map[string]map[string]any{path: f.fake.objects[path]}
				delete(f.fake.objects, path)
			}
			Expect(f.verify()).To(And(HaveField("Gone", 2), HaveField("Pending", 0)))
		})
	})

	It("refuses to believe that most objects were deleted at once [I2]", func() {
		for _, path := range f.ports(150, newVersion)[:120] {
			delete(f.fake.objects, path)
		}
		f.inferred(records.UpdateApplied)
		_, err := f.verify()
		var hidden *NotShownError
		Expect(errors.As(err, &hidden)).To(BeTrue())
		Expect(f.store.sets).To(BeZero())
	})

	It("names objects whose updates cannot be inferred any more, which can be waived", func() {
		f.migrate("LB_VIRTUAL_SERVER", "/infra/lb-virtual-servers/v", newVersion)
		f.store.originals["LB_VIRTUAL_SERVER/mp-v"] = records.Original{Tags: tags("ncp/version=1.2.0"), Names: map[string]string{"r1": "shop"}}
		Expect(f.verify()).To(And(HaveField("Undecided", 1), HaveField("First", ConsistOf(ContainSubstring(`"shop"`)))))
		Expect(f.store.updates).To(HaveLen(1))
	})

	DescribeTable("stops with the cause, recording nothing, when",
		func(prepare func(), part string) {
			f.ports(100, oldVersion)
			f.inferred(records.UpdateApplied)
			prepare()
			_, err := f.verify()
			Expect(err).To(MatchError(ContainSubstring(part)))
			Expect(f.store.updates).To(HaveEach(HaveField("State", records.UpdateApplied)))
		},
		Entry("the search fails", func() {
			f.fake.onSearch = func(string) error { return &nsx.Error{Kind: mp.KindServer, Message: "go away"} }
		}, "go away"),
		Entry("an object cannot be read", func() {
			f.fake.onGet = func(string) error { return &nsx.Error{Kind: mp.KindServer, Message: "go away"} }
		}, "go away"),
		Entry("an original is missing from the records", func() { clear(f.store.originals) }, "there is none"),
		Entry("the records are full", func() { f.store.setErr = errors.New("no space") }, "no space"),
	)

	It("looks at shared objects by list", func() {
		f.env.Scope = mp.Shared
		for i := range 30 {
			f.migrate("CERTIFICATE", fmt.Sprintf("/infra/certificates/c%d", i), nil)
		}
		f.fake.objects["/infra/certificates/c7"]["display_name"] = "internal"
		Expect(f.verify()).To(And(HaveField("Objects", 30), HaveField("Pending", 1), HaveField("First", ConsistOf(ContainSubstring(`name is not "c7"`)))))
		Expect(f.fake.requests).To(ConsistOf("LIST /policy/api/v1/infra/certificates"))
	})
})

var _ = Describe("Finish", func() {
	var f *finished
	BeforeEach(func() {
		f = newFinished()
		for i := range 30 {
			f.migrate("LOGICAL_SWITCH", fmt.Sprintf("/infra/segments/s%02d", i), oldVersion)
		}
		f.inferred(records.UpdatePending)
	})
	// ignore makes NSX take the first n writes without doing anything.
	ignore := func(n int) {
		f.fake.ignore = func() bool { n--; return n >= 0 }
	}

	It("applies, reads once more and says that everything is proved [R16]", func() {
		result, err := f.finish()
		Expect(err).NotTo(HaveOccurred())
		Expect(result).To(Equal(FinishResult{Applied: 30, Verified: VerifyResult{Objects: 30}}))
		Expect(f.fake.patches).To(HaveLen(1))
	})

	It("sends again what NSX took without doing it [R16]", func() {
		ignore(1)
		Expect(f.finish()).To(Equal(FinishResult{Applied: 30, Verified: VerifyResult{Objects: 30}}))
		Expect(f.fake.patches).To(HaveLen(2))
		Expect(f.fake.tags("/infra/segments/s07")).To(ContainElement(mp.Tag{Scope: "ncp/version", Tag: "1.2.0"}))
		Expect(f.events.reasons).To(ContainElement(ContainSubstring("30 updates that it took")))
	})

	It("leaves pending what NSX does not do after three times, and a further run does it [R16] [R19]", func() {
		ignore(3)
		result, err := f.finish()
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Left()).To(Equal(30))
		Expect(result.Verified.Pending).To(Equal(30))
		Expect(f.fake.patches).To(HaveLen(3))
		Expect(f.store.state("/infra/segments/s07").Answer).To(ContainSubstring("does not show it"))
		Expect(f.finish()).To(HaveField("Applied", 30))
	})

	It("does not send again because of what NSX refuses", func() {
		f.fake.deny = func(path string) error {
			if path == "/infra/segments/s07" {
				return &nsx.Error{Kind: mp.KindInvalid, Message: "NSX says no"}
			}
			return nil
		}
		result, err := f.finish("/infra/segments/none")
		Expect(err).NotTo(HaveOccurred())
		Expect(result).To(Equal(FinishResult{Applied: 29, Refused: 1, NotWaived: []string{"/infra/segments/none"}, Verified: VerifyResult{Objects: 29, Open: 1}}))
		Expect(f.store.state("/infra/segments/s07").Attempts).To(Equal(1))
	})

	It("counts what the records have when something stops it [R19]", func() {
		f.fake.onPatch = func([]string) error { return &nsx.Error{Kind: mp.KindUnreachable, Message: "away"} }
		result, err := f.finish()
		Expect(mp.IsKind(err, mp.KindUnreachable)).To(BeTrue())
		Expect(result).To(Equal(FinishResult{Pending: 30}))
		Expect(strings.Join(f.fake.requests, "\n")).To(Equal("LIST /policy/api/v1/infra/segments\nPATCH"))
	})
})
