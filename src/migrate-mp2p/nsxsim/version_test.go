package nsxsim_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

var _ = DescribeTable("a node tells its version, with a build number behind it, as of", func(version, told string) {
	c := admin(start(nsxsim.Options{Version: version}))
	for _, path := range []string{"/api/v1/node", "/api/v1/node/version"} {
		Expect(c.get(path).Body).To(And(
			HaveKeyWithValue("node_version", MatchRegexp(`^`+told+`\.\d+\.\d+$`)), HaveKeyWithValue("product_version", MatchRegexp(`^`+told+`\.\d+\.\d+$`))))
	}
},
	Entry("NSX-T 3.2", "3.2", "3.2.0.0"),
	Entry("NSX 4.0.1.1", "4.0.1.1", "4.0.1.1"),
	Entry("NSX 4.1.1", "4.1.1", "4.1.1.0"),
	Entry("NSX 4.2", "4.2", "4.2.0.0"),
	Entry("NSX 9", "9.0", "9.0.0.0"),
)
