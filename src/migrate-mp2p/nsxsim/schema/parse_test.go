package schema

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = DescribeTable("a table that cannot be read", func(table, complaint string) {
	_, err := parse(table)
	Expect(err).To(MatchError(ContainSubstring(complaint)))
},
	Entry("begins in the middle", "  name string\n", "it belongs to nothing"),
	Entry("has an unknown section", "class X\n", "expected type, more, choice, name or require"),
	Entry("has a section without a name", "type\n", "expected type"),
	Entry("has a choice without a field", "choice X\n", "expected type"),
	Entry("names a type without saying which", "name X\n", "expected type"),
	Entry("has a field without a kind", "type X\n  y required\n", "reading field y: it has no kind"),
	Entry("has a field of an unknown kind", "type X\n  y []Nothing\n", "its kind Nothing is not in the tables"),
	Entry("chooses an unknown type", "choice X by type\n  Nothing\n", "choosing type Nothing"),
	Entry("names an unknown type", "name X Nothing\n", "naming type Nothing"),
	Entry("adds to an unknown type", "more Nothing\n  y string\n", "adding to type Nothing"),
	Entry("requires something of an unknown type", "require Nothing y\n", "requiring fields of type Nothing"),
	Entry("requires an unknown field", "type X\n  y string\nrequire X z\n", "requiring field z: X has none"),
	Entry("extends an unknown type", "type X : Nothing\n", "Nothing is not in the tables"),
)
