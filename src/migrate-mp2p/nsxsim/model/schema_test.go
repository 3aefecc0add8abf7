package model_test

import (
	"encoding/json"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
)

var _ = Describe("the bodies of the generated worlds", func() {
	// everything adds what the models hold only when asked.
	everything := model.Options{SectionBetween: true, OtherProducts: true, Rare: true, PolicyCluster: "policy"}

	DescribeTable("have the fields that VMware's SDK knows, with values of their kind",
		func(build func(int, int64, model.Options) (*model.World, error)) {
			world, err := build(1, 1, everything)
			Expect(err).NotTo(HaveOccurred())
			manager, err := schema.Manager()
			Expect(err).NotTo(HaveOccurred())
			policy, err := schema.Policy()
			Expect(err).NotTo(HaveOccurred())
			wrong := map[string]string{}
			check := func(set *schema.Set, raw json.RawMessage, at string) {
				GinkgoHelper()
				var body map[string]any
				Expect(json.Unmarshal(raw, &body)).To(Succeed())
				kind, typed := body["resource_type"].(string)
				if !typed || kind == "TransportZone" || kind == "EdgeCluster" {
					return // addresses have no type, and the SDK no longer has these two
				}
				if problems := set.Check(kind, body); problems != nil {
					wrong[kind+": "+schema.Sentence(problems)] = at
				}
			}
			for _, object := range world.Manager {
				check(manager, object.Body, object.Collection+"/"+object.ID)
			}
			for _, object := range world.Policy {
				check(policy, object.Body, object.Path)
			}
			Expect(wrong).To(BeEmpty())
		},
		Entry("TAS", model.TAS), Entry("Kubernetes", model.Kubernetes), Entry("TKGI", model.TKGI),
	)
})
