package grammar_test

import (
	"errors"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/search/grammar"
)

var _ = DescribeTable("a question in words finds", func(text, ids string) {
	query, err := grammar.ParseDSL(text)
	Expect(err).NotTo(HaveOccurred())
	Expect(found(filled(), query)).To(Equal(ids))
},
	Entry("a type", `LogicalSwitch`, "ab"),
	Entry("a part of a type, with a verb", `show all logical`, "abcd"),
	Entry("a condition", `find switch where name is "web one"`, "a"),
	Entry("an address anywhere", `Find set where ip is 10.0.0.1`, "e"),
	Entry("what is not so", `list switch where name is not "web one"`, "b"),
	Entry("a part of a value", `find switch where display_name contains TWO`, "b"),
	Entry("numbers, without blanks", `get switch where vlan>=7 and vlan<8`, "a"),
	Entry("and before or", `find logical where vlan > 6 and vlan <= 7 or locked = true`, "ad"),
	Entry("all but one", `find switch where id!=a`, "b"),
	Entry("tags", `find all logical with scope is ncp/cluster and tag is tas1`, "abc"),
)

var _ = DescribeTable("a question in words is refused", func(text string, at int, reason string) {
	_, err := grammar.ParseDSL(text)
	var syntax *grammar.SyntaxError
	Expect(errors.As(err, &syntax)).To(BeTrue())
	Expect(syntax.At).To(Equal(at))
	Expect(syntax.Reason).To(ContainSubstring(reason))
},
	Entry("when it is empty", ``, 0, "resource type"),
	Entry("without a type", `find all`, 8, "resource type"),
	Entry("with more words behind the type", `find switch of mine`, 12, "where"),
	Entry("without a condition", `find switch where`, 17, "a field"),
	Entry("without a comparison", `find switch where name`, 22, "comparison"),
	Entry("with a comparison that it does not know", `find switch where name resembles x`, 23, "comparison"),
	Entry("without a value", `find switch where name is`, 25, "a value"),
	Entry("with a quote that is not closed", `find switch where name is "x`, 26, "closing quote"),
)
