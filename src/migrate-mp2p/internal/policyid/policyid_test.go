package policyid_test

import (
	"net/url"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/policyid"
)

var _ = Describe("A Policy id", func() {
	DescribeTable("is taken",
		func(id string) {
			Expect(policyid.Judge(id)).To(BeEmpty())
			Expect(policyid.Propose(id)).To(Equal(id), "nothing better is to be proposed")
		},
		Entry("a UUID", "b26ad8b1-b4c0-4a1c-b4a8-5bae9ad1be9d"),
		Entry("a name", "tas1-org_space.1"),
		Entry("an automatic one", "default:b26ad8b1"),
		Entry("an address", "10-0-0-7"),
		Entry("an IPv6 address without its left half", "--1"),
		Entry("a hidden name", ".profile"),
		Entry("parentheses and the like", `a(b)[c]{d}<e>=f,g@h!i'j"k|l^m~n*o&p+q$`),
		Entry("as long as can be", strings.Repeat("x", 255)),
	)

	DescribeTable("is refused with the reason, and something that is taken proposed [I10]",
		func(id, why, proposal string) {
			Expect(policyid.Judge(id)).To(ContainSubstring(why))
			Expect(policyid.Propose(id)).To(Equal(proposal))
			Expect(policyid.Judge(proposal)).To(BeEmpty())
		},
		Entry("nothing", "", "empty", "_"),
		Entry("a blank and a slash", "a b/c", "' ' must not be in it", "a_b_c"),
		Entry("a slash", "a/c", "'/' must not be in it", "a_c"),
		Entry("Chinese", "組織-1", "'組' must not be in it: NSX answers every path with 400", "__-1"),
		Entry("an umlaut", "pool-köln", "'ö' must not be in it", "pool-k_ln"),
		Entry("a letter that combines", "ko\u0308ln", `must not be in it`, "ko_ln"),
		Entry("no text at all", "a\xffb", "must not be in it", "a_b"),
		Entry("too long", strings.Repeat("x", 300), "300 characters, NSX takes 255", strings.Repeat("x", 255)),
		Entry("long only in bytes", strings.Repeat("ä", 200), "'ä' must not be in it", strings.Repeat("_", 200)),
		Entry("a period", ".", "nothing but periods", "_."),
		Entry("two periods", "..", "nothing but periods", "_.."),
		Entry("many periods", strings.Repeat(".", 300), "nothing but periods", "_"+strings.Repeat(".", 254)),
		Entry("a blank at the end", "a ", "' ' must not be in it", "a_"),
		Entry("a line end", "a\n", `'\n' must not be in it`, "a_"),
		Entry("a character of control", "a\x7f", `'\x7f' must not be in it`, "a_"),
		Entry("a backslash", `a\b`, `'\\' must not be in it`, "a_b"),
		Entry("a percent sign", "a%2fb", "'%' must not be in it", "a_2fb"),
		Entry("a semicolon", "a;b", "';' must not be in it", "a_b"),
		Entry("a question mark", "a?b", "'?' must not be in it", "a_b"),
		Entry("a hash", "a#b", "'#' must not be in it", "a_b"),
	)

	It("that is taken is one element of a URL's path and nothing else", func() {
		for c := rune(0); c < 0x250; c++ {
			id := "a" + string(c) + "b"
			if policyid.Judge(id) != "" {
				continue
			}
			u, err := url.Parse("https://nsx/policy/api/v1/infra/segments/" + id)
			Expect(err).NotTo(HaveOccurred(), id)
			Expect(u.Path).To(HaveSuffix("/infra/segments/"+id), id)
		}
	})
})
