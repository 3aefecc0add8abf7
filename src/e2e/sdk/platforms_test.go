package sdk_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

// platforms are the worlds that NSX may hold.
var platforms = map[string]func(scale int, seed int64, o model.Options) (*model.World, error){
	"tas": model.TAS, "kubernetes": model.Kubernetes, "tkgi": model.TKGI,
}

var _ = Describe("an NSX with", func() {
	for platform, generate := range platforms {
		It(platform+" has objects as the SDK knows them", func() {
			world, err := generate(1, 1, model.Options{})
			Expect(err).NotTo(HaveOccurred())
			s := login(start(world))
			managerCollections.readAll(s)
			policyCollections.readAll(s)
		})
	}
})
