package kubernetes

import (
	"bytes"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"gopkg.in/yaml.v3"
)

// rule is a rule of a role.
type rule struct {
	APIGroups []string `yaml:"apiGroups"`
	Resources []string `yaml:"resources"`
	Verbs     []string `yaml:"verbs"`
}

// lists are the resources that rules let one list, with their groups; any other verb is an error of the test.
func lists(rules []rule) []string {
	GinkgoHelper()
	var all []string
	for _, r := range rules {
		Expect(r.Verbs).To(Equal([]string{"list"}))
		for _, group := range r.APIGroups {
			for _, resource := range r.Resources {
				all = append(all, group+"/"+resource)
			}
		}
	}
	return all
}

var _ = Describe("The role of the shipped manifests", func() {
	const shipped = "../../../kubernetes/"

	It("allows the lists that are asked for and nothing else, and the pods by a component [R13] [I7]", func() {
		var wanted []string
		for _, k := range kinds {
			if k.resource != "pods" {
				wanted = append(wanted, k.group+"/"+k.resource)
			}
		}
		text, err := os.ReadFile(shipped + "base/rbac.yaml")
		Expect(err).NotTo(HaveOccurred())
		var role struct {
			Kind  string
			Rules []rule
		}
		Expect(yaml.NewDecoder(bytes.NewReader(text)).Decode(&role)).To(Succeed()) // the first document
		Expect(role.Kind).To(Equal("ClusterRole"))
		Expect(lists(role.Rules)).To(ConsistOf(wanted))

		text, err = os.ReadFile(shipped + "components/check-pods/kustomization.yaml")
		Expect(err).NotTo(HaveOccurred())
		var component struct{ Patches []struct{ Patch string } }
		Expect(yaml.Unmarshal(text, &component)).To(Succeed())
		Expect(component.Patches).To(HaveLen(1))
		var changes []struct {
			Op, Path string
			Value    rule
		}
		Expect(yaml.Unmarshal([]byte(component.Patches[0].Patch), &changes)).To(Succeed())
		Expect(changes).To(HaveLen(1))
		Expect(lists([]rule{changes[0].Value})).To(Equal([]string{"/pods"}))
	})
})
