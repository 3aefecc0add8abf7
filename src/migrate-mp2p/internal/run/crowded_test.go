package run_test

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// crowd gives ports of pods as many labels as leave room for one more tag only, and returns the names of those ports.
func (k *kubeCluster) crowd(ports int) (names []string) {
	GinkgoHelper()
	const most = 29 // of 30, since a port that is migrated gets a tag policyPath
	Expect(k.state.Update(func(tx *store.Tx) error {
		for _, o := range tx.Manager().List("logical-ports") {
			if _, pod := o.Tag("ncp/pod_uid"); !pod || !o.HasTag("ncp/cluster", k.name) || len(names) == ports {
				continue
			}
			names = append(names, o.DisplayName)
			_, err := tx.Manager().Mutate(o.Key, func(fields map[string]any) error {
				tags, are := fields["tags"].([]any)
				Expect(are).To(BeTrue())
				for i := len(tags); i < most; i++ {
					tags = append(tags, map[string]any{"scope": fmt.Sprintf("label-%d", i), "tag": "x"})
				}
				fields["tags"] = tags
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})).To(Succeed())
	Expect(names).To(HaveLen(ports))
	return names
}

var _ = Describe("ports without room for all tags of NCP in Policy mode", func() {
	It("stop the run before its first write, which counts and names them and says what can be left out [I4] [R13]", func(ctx SpecContext) {
		k := newKubeCluster("kubernetes", model.Options{})
		names := k.crowd(5)
		before := k.copyState()
		out := k.run(ctx, k.config())
		Expect(out.Code).To(Equal(run.AllManager), k.out.String())
		Expect(k.out.String()).To(And(ContainSubstring("5 objects would have more tags than the 30 that NSX allows"),
			ContainSubstring("external_id"), ContainSubstring("migration.leave_out_optional_tags: true")))
		for _, name := range names {
			Expect(k.out.String()).To(ContainSubstring(name))
		}
		Expect(check.Untouched(before, k.state, check.Except{})).To(BeEmpty())
	})

	It("are migrated without what NCP can do without where the operator says so, and no other object lacks anything [R13] [R15]", func(ctx SpecContext) {
		k := newKubeCluster("kubernetes", model.Options{})
		names := k.crowd(3)
		c := k.config()
		c.Migration.LeaveOutOptionalTags = true
		Expect(k.run(ctx, c).Code).To(Equal(run.AllPolicy), k.out.String())
		Expect(k.out.String()).To(And(ContainSubstring("3 optional tags are left out"), ContainSubstring("external_id of "+names[0])))
		rows := map[string]int{}
		for _, v := range k.ready().NotReady {
			rows[v.Row]++
		}
		Expect(rows).To(Equal(map[string]int{"pod uid": 3}))
	})
})
