package policy_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
)

var _ = DescribeTable("an id that no object can have:", func(id, named string) {
	Expect(policy.CheckID(id)).To(MatchError(ContainSubstring(named)))
},
	Entry("none", "", "empty"),
	Entry("a letter beyond ASCII", "pool-köln", `"pool-köln"`),
	Entry("another script", "組織-1", "組"),
	Entry("bytes that are no text", "a\xff", "printable"),
	Entry("a control character", "a\tb", "printable"),
	Entry("a deletion", "a\x7f", "printable"),
	Entry("a blank", "a b", "' '"),
	Entry("a slash", "a/b", "'/'"),
	Entry("a question mark", "a?", "'?'"),
	Entry("a number sign", "#1", "'#'"),
	Entry("a percent sign", "100%", "'%'"),
	Entry("a backslash", `a\b`, "possible"),
	Entry("a semicolon", "a;b", "';'"),
	Entry("periods only", "..", "periods"),
	Entry("256 characters", strings.Repeat("a", 256), "256 characters"),
)

var _ = DescribeTable("an id is fit:", func(id string) {
	Expect(policy.CheckID(id)).To(Succeed())
},
	Entry("a UUID", "0d1c0d6e-7e0d-4d6b-9a5f-0e3d8f7a1b2c"),
	Entry("an automatic one", "default:0d1c0d6e"),
	Entry("marks that are no parts of a URL", "a_b.c~d,e=f|g@h(i)*'!$&+"),
	Entry("brackets, as load balancers have them", "NLB.PoolLB.[fb1b4b2f][0b61d177]"),
	Entry("255 characters", strings.Repeat("a", 255)),
)
