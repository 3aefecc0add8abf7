package nsx

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// The whole table once more, as a reader of NSX's documentation would write it down: a change of codes.go has to be
// made twice, knowingly.
var _ = DescribeTable("what NSX's answers mean",
	func(status, code int, kind Kind, whoRepeats repeat) {
		m := meaningOf(status, code)
		Expect(m.kind).To(Equal(kind))
		Expect(m.repeat).To(Equal(whoRepeats))
	},
	Entry(nil, 400, 255, KindInvalid, never),
	Entry(nil, 400, 289, KindNotOwner, never),
	Entry(nil, 400, 30722, KindCoordinatorBusy, always),
	Entry(nil, 400, 60508, KindSearch, always),
	Entry(nil, 400, 60514, KindSearch, always),
	Entry(nil, 400, 60515, KindSearch, always),
	Entry(nil, 400, 100148, KindConflict, always),
	Entry(nil, 400, 500012, KindInvalid, never),
	Entry(nil, 400, 500030, KindConflict, never),
	Entry(nil, 400, 500045, KindConflict, always),
	Entry(nil, 400, 500087, KindConflict, always),
	Entry(nil, 400, 500127, KindInvalid, never),
	Entry(nil, 400, 500232, KindConflict, always),
	Entry(nil, 400, 503093, KindConflict, never),
	Entry(nil, 400, 520009, KindConflict, never),
	Entry(nil, 400, 520013, KindConflict, never),
	Entry(nil, 401, 0, KindAuth, never),
	Entry(nil, 403, 98, KindAuth, never),
	Entry(nil, 403, 403, KindAuth, never),
	Entry(nil, 403, 505, KindInvalid, never),
	Entry(nil, 404, 202, KindUnavailable, reads),
	Entry(nil, 404, 258, KindUnclear, fewReads),
	Entry(nil, 404, 500090, KindStale, never),
	Entry(nil, 404, 600, KindNotFound, never),
	Entry(nil, 409, 0, KindConflict, planAction),
	Entry(nil, 412, 0, KindStale, never),
	Entry(nil, 418, 0, KindInvalid, never),
	Entry(nil, 429, 102, KindRate, always),
	Entry(nil, 500, 0, KindServer, never),
	Entry(nil, 500, 98, KindUnavailable, reads),
	Entry(nil, 500, 99, KindUnavailable, reads),
	Entry(nil, 500, 607, KindUnavailable, reads),
	Entry(nil, 501, 0, KindServer, never),
	Entry(nil, 502, 0, KindUnavailable, reads),
	Entry(nil, 503, 98, KindUnavailable, reads),
	Entry(nil, 503, 102, KindUnavailable, always),
	Entry(nil, 503, 60576, KindSearch, never),
	Entry(nil, 504, 0, KindUnavailable, reads),
)

var _ = It("has no row in the table of answers that another one hides", func() {
	for _, m := range meanings {
		found := meaningOf(m.status, m.code)
		Expect(found).To(Equal(m), "status %d, code %d", m.status, m.code)
	}
})
