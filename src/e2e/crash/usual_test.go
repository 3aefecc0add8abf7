package crash_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

// Requests that mark where a run is.
const (
	batchPath    = "/api/v1/migration/mp-to-policy"
	planPath     = "/api/v1/migration/plan"
	workflowPath = "/api/v1/migration/mp-to-policy/workflow"
)

// course is the requests of an undisturbed execution in their order, and the number of those of a recovery.
type course struct {
	requests []nsxsim.Request
	recovery int
}

// undisturbed runs the errand once without a fault, and once more with a recovery from its middle.
func undisturbed(ctx context.Context, w *world) course {
	GinkgoHelper()
	f := w.start()
	execute := func(f *foundation, m moment) execution {
		GinkgoHelper()
		e, err := f.execute(ctx, m)
		Expect(err).NotTo(HaveOccurred())
		return e
	}
	e := execute(f, moment{kind: never})
	Expect(e.Code).To(Equal(allPolicy), e.Output)
	Expect(f.judge(w, e)).To(BeEmpty(), e.Output)
	c := course{requests: f.server.Requests()}
	first, last := c.bounds()
	Expect(first).To(BeNumerically(">", 1))

	f = w.start()
	Expect(execute(f, moment{beforeRequest, (first + last) / 2}).killed()).To(BeTrue())
	before := len(f.server.Requests())
	execute(f, moment{kind: never})
	c.recovery = len(f.server.Requests()) - before
	AddReportEntry("undisturbed on "+w.platform, fmt.Sprintf("a run makes %d requests, the first write is number %d, the last %d; a recovery makes about %d", len(c.requests), first, last, c.recovery))
	return c
}

// start makes a foundation that is gone when the specs have ended.
func (w *world) start() *foundation {
	GinkgoHelper()
	f, err := w.newFoundation()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(f.close)
	return f
}

// write tells whether the n-th request of an undisturbed run is a write.
func (c course) write(n int) bool { return n <= len(c.requests) && c.requests[n-1].Writes() }

// bounds are the numbers of the first and the last write.
func (c course) bounds() (first, last int) {
	for i, r := range c.requests {
		if r.Writes() {
			last = i + 1
			if first == 0 {
				first = last
			}
		}
	}
	return first, last
}

// either stands for 0 or 2.
const either = -1

// foretell says which exit code must follow when the first execution was killed after these requests, the last of which
// is the one that it was killed at. Nothing that was begun, or DONE taken by NSX, leaves only the way forward; in the
// middle of the batches there is only the way back.
func foretell(requests []nsxsim.Request) int {
	begun, done := false, false
	var last nsxsim.Request
	for _, last = range requests {
		switch {
		case last.Status != http.StatusOK:
		case last.Method == http.MethodPut && strings.HasSuffix(last.Path, leasePath):
			begun, done = true, false
		case last.Path == workflowPath && last.Query == "action=DONE":
			done = true
		}
	}
	switch {
	case !begun || done:
		return allPolicy
	case last.Path == planPath || last.Path == batchPath:
		return allManager
	}
	return either
}
