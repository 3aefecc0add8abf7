package crash_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
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

// course is the requests of an undisturbed execution in their order, and the numbers of its commits, either side of each
// counted, and of a recovery's requests.
type course struct {
	requests []nsxsim.Request
	commits  int
	recovery int
}

// count is how many moments of a kind an undisturbed execution has. Another one may have a poll more or less.
func (c course) count(k kind) int {
	switch k {
	case beforeRequest:
		return len(c.requests)
	case afterWrite:
		return len(slices.DeleteFunc(slices.Clone(c.requests), func(r nsxsim.Request) bool { return !r.Writes() }))
	case atCommit:
		return c.commits
	}
	return 0
}

// undisturbed runs the errand once without a fault, filmed, and once more with a recovery from its middle.
func (w *world) undisturbed(ctx context.Context) {
	GinkgoHelper()
	f := w.start()
	var commits int
	w.shots, commits = film(ctx, w, f)
	w.usual = course{requests: f.server.Requests(), commits: commits}
	first, last := w.usual.bounds()
	Expect(first).To(BeNumerically(">", 1))

	f = w.start()
	e, err := f.execute(ctx, moment{beforeRequest, (first + last) / 2})
	Expect(err).NotTo(HaveOccurred())
	Expect(e.killed()).To(BeTrue())
	before := len(f.server.Requests())
	_, err = f.execute(ctx, moment{kind: never})
	Expect(err).NotTo(HaveOccurred())
	w.usual.recovery = len(f.server.Requests()) - before
	moments := 0
	for _, s := range w.shots {
		moments += s.moments
	}
	AddReportEntry("undisturbed on "+w.platform, fmt.Sprintf("a run makes %d requests, the first write is number %d, the last %d; its %d moments leave %d different things behind; a recovery makes about %d requests",
		len(w.usual.requests), first, last, moments, len(w.shots), w.usual.recovery))
}

// start makes a foundation that is gone when the specs have ended.
func (w *world) start() *foundation {
	GinkgoHelper()
	f, err := w.newFoundation(nil)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(f.close)
	return f
}

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
