package api_test

import (
	"encoding/json"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

var _ = Describe("an error", func() {
	It("is written in NSX's form, related ones included", func() {
		e := api.BadRequest(289, api.ModuleCommon, "not %s", "yours")
		e.Details = "of tas1"
		e.Related = []*api.Error{api.NotFound("x")}
		text, err := json.Marshal(e)
		Expect(err).NotTo(HaveOccurred())
		Expect(text).To(MatchJSON(`{
			"httpStatus": "BAD_REQUEST", "error_code": 289, "module_name": "common-services", "error_message": "not yours", "details": "of tas1",
			"related_errors": [{"httpStatus": "NOT_FOUND", "error_code": 600, "module_name": "common-services",
				"error_message": "The requested object : x could not be found. Object identifiers are case sensitive."}]}`))
	})
})

var _ = DescribeTable("a version", func(text string, atLeast32 bool, written string) {
	v, err := api.ParseVersion(text)
	Expect(err).NotTo(HaveOccurred())
	Expect(v.AtLeast(3, 2)).To(Equal(atLeast32))
	Expect(v.String()).To(Equal(written))
},
	Entry("older", "3.0", false, "3.0.0.0"),
	Entry("equal", "3.2", true, "3.2.0.0"),
	Entry("newer with a smaller second number", "4.0.1.1", true, "4.0.1.1"),
	Entry("of two digits", "10", true, "10.0.0.0"),
)

var _ = DescribeTable("a version is refused", func(text string) {
	_, err := api.ParseVersion(text)
	Expect(err).To(MatchError(ContainSubstring(text)))
},
	Entry("with letters", "4.x"),
	Entry("with five numbers", "4.1.1.0.0"),
	Entry("with a sign", "-4"),
)
