package check_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/references"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// uuid is what every generated id looks like.
var uuid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

const idLength = 36

// tkgiName is the name of a TKGI cluster, with which those of its objects and users begin.
var tkgiName = regexp.MustCompile("pks-" + uuid.String())

// foreign names the fields and tag scopes whose ids are those of other systems: of
// vCenter, BOSH, Cloud Foundry, Kubernetes and OpenStack. No object of NSX has them.
var foreign = regexp.MustCompile(`^(attachment\.id|parent_vif_id|context_id|app_id|external_id|bosh/id|pks/cluster|ncp/(project|pod|cluster|[a-z_]+_uid)|os-.*)$`)

// ids lists every id in a body with the name of the field or tag that holds it.
func ids(name string, value any, found func(name, id string)) {
	switch value := value.(type) {
	case string:
		if len(value) < idLength || strings.HasPrefix(value, "/infra/") {
			return
		}
		for _, id := range uuid.FindAllString(tkgiName.ReplaceAllString(value, ""), -1) {
			found(name, id)
		}
	case []any:
		for _, one := range value {
			ids(name, one, found)
		}
	case map[string]any:
		if scope, tag := value["scope"].(string); tag {
			ids(scope, value["tag"], found)
			return
		}
		for field, inner := range value {
			if name == "attachment" && field == "id" {
				field = "attachment.id"
			}
			ids(field, inner, found)
		}
	}
}

var _ = Describe("the generated worlds", func() {
	everything := model.Options{SectionBetween: true, OtherProducts: true, Rare: true, PolicyCluster: "policy"}
	mixed := everything
	mixed.Further = []model.Foundation{{Name: "pks-further", Platform: "tkgi"}, {Name: "further", Platform: "kubernetes"}}

	DescribeTable("refer to objects of the same world only, by every id and path that any body, tag or place holds",
		func(build func(int, int64, model.Options) (*model.World, error), options model.Options) {
			world, err := build(1, 1, options)
			Expect(err).NotTo(HaveOccurred())
			st := loaded(world)
			Expect(inspect(st, "").Inconsistencies).To(BeEmpty())
			Expect(unexplained(st)).To(BeEmpty())
		},
		Entry("TAS, beside clusters of the other platforms", model.TAS, mixed),
		Entry("Kubernetes", model.Kubernetes, everything),
		Entry("Kubernetes on one Tier-1", model.Kubernetes, model.Options{SharedTier1: true}),
		Entry("TKGI", model.TKGI, everything),
	)

	It("are searched for ids that no table explains", func() {
		world, err := model.Empty(1, model.Options{})
		Expect(err).NotTo(HaveOccurred())
		st := loaded(world)
		Expect(unexplained(st)).To(BeEmpty())
		put(st, "ip-sets/s", object{"id": "s", "other_id": "11111111-2222-4333-8444-555555555555"})
		Expect(unexplained(st)).To(ConsistOf("ip-sets/s: other_id holds 11111111-2222-4333-8444-555555555555"))
	})
})

func loaded(world *model.World) *store.Store {
	GinkgoHelper()
	st := store.New(1)
	Expect(nsxsim.LoadWorld(st, world)).To(Succeed())
	return st
}

// unexplained lists the ids in bodies that are neither those of other systems, nor
// the object's own, nor references that the table knows. Paths need no explanation:
// all of them are followed.
func unexplained(st *store.Store) []string {
	GinkgoHelper()
	var problems []string
	Expect(st.View(func(tx *store.Tx) error {
		for _, space := range []*store.Space{tx.Manager(), tx.Policy()} {
			for o := range space.All() {
				problems = append(problems, unexplainedIn(o)...)
			}
		}
		return nil
	})).To(Succeed())
	return problems
}

func unexplainedIn(o *store.Object) []string {
	GinkgoHelper()
	var body object
	Expect(json.Unmarshal(o.Body, &body)).To(Succeed())
	known := fmt.Sprint(o.Key, o.DisplayName, body["id"], body["unique_id"], body["owner_id"])
	for _, reference := range append(references.Of(o.Key, body), references.OfTags(body)...) {
		known += reference.ID
	}
	var problems []string
	ids("", body, func(name, id string) {
		if !foreign.MatchString(name) && !strings.Contains(known, id) {
			problems = append(problems, fmt.Sprintf("%s: %s holds %s", o.Key, name, id))
		}
	})
	return problems
}
