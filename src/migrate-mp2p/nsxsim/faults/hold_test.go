package faults_test

import (
	"context"
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

var _ = Describe("a rule that holds", func() {
	const name = "middle"
	var set *faults.Set
	var ctx context.Context

	BeforeEach(func() {
		set = &faults.Set{Now: func() time.Time { return time.Unix(7, 0) }}
		Expect(set.Replace([]faults.Rule{{Name: name, Hold: true}, {Name: "other", Drop: true}})).To(Succeed())
		var end context.CancelFunc
		ctx, end = context.WithTimeout(context.Background(), time.Minute) // against hanging only
		DeferCleanup(end)
	})

	// hold sends a call there, and gives what comes of it.
	hold := func(ctx context.Context, call faults.Call) <-chan error {
		through := make(chan error, 1)
		go func() { through <- set.Hold(ctx, name, call) }()
		return through
	}
	// wait is until so many are held.
	wait := func(atLeast int) []faults.Held {
		GinkgoHelper()
		list, err := set.HeldBy(ctx, name, atLeast)
		Expect(err).NotTo(HaveOccurred())
		return list
	}
	next := func(through <-chan error) error {
		GinkgoHelper()
		select {
		case err := <-through:
			return err
		case <-ctx.Done():
			Fail("nobody let it go")
			return nil
		}
	}

	It("tells which calls wait, and lets them and all later ones go", func() {
		first := hold(ctx, call)
		Expect(wait(1)).To(Equal([]faults.Held{{
			Rule: name, Since: time.Unix(7, 0), Method: "POST", Path: "/api/v1/migration/plan", Query: "action=start", User: "admin", Node: "node-1",
		}}))
		second := hold(ctx, faults.Call{Path: "/second"})
		Expect(wait(2)).To(HaveExactElements(HaveField("Path", call.Path), HaveField("Path", "/second")))
		Expect(set.Held()).To(HaveLen(2))
		Expect(set.Status()[0].Held).To(Equal(2))
		Expect(set.Release(name, false)).To(Equal(2))
		Expect(next(first)).To(Succeed())
		Expect(next(second)).To(Succeed())
		Expect(set.Held()).To(BeEmpty())
		Expect(set.Hold(ctx, name, call)).To(Succeed())
	})

	It("may go on to hold later ones", func() {
		first := hold(ctx, call)
		wait(1)
		Expect(set.Release(name, true)).To(Equal(1))
		Expect(next(first)).To(Succeed())
		second := hold(ctx, call)
		wait(1)
		Expect(second).NotTo(Receive())
		Expect(set.Release(name, true)).To(Equal(1))
		Expect(next(second)).To(Succeed())
	})

	It("may be told to let go before anybody comes", func() {
		Expect(set.Release(name, false)).To(BeZero())
		Expect(set.Hold(ctx, name, call)).To(Succeed())
	})

	It("ends with the context, which does not let the call go", func() {
		ending, end := context.WithCancel(ctx)
		held := hold(ending, call)
		wait(1)
		end()
		Expect(next(held)).To(MatchError(context.Canceled))
		Expect(set.Held()).To(BeEmpty())
		Expect(set.Release(name, true)).To(BeZero())
	})

	It("says why nobody came", func() {
		over := errors.New("the time is over")
		ending, end := context.WithCancelCause(ctx)
		end(over)
		_, err := set.HeldBy(ending, name, 1)
		Expect(err).To(MatchError(over))
	})

	DescribeTable("lets go when", func(change func()) {
		held := hold(ctx, call)
		wait(1)
		change()
		Expect(next(held)).To(Succeed())
	},
		Entry("it is taken out", func() { Expect(set.Remove(name)).To(Succeed()) }),
		Entry("it holds no more", func() { Expect(set.Add(faults.Rule{Name: name})).To(Succeed()) }),
		Entry("all rules are others", func() { Expect(set.Replace([]faults.Rule{{Name: "third"}})).To(Succeed()) }),
	)

	It("keeps what it holds when it keeps its name", func() {
		held := hold(ctx, call)
		wait(1)
		Expect(set.Add(faults.Rule{Name: name, Hold: true, Nth: 9})).To(Succeed())
		Expect(set.Held()).To(HaveLen(1))
		Expect(set.Release(name, false)).To(Equal(1))
		Expect(next(held)).To(Succeed())
		Expect(set.Add(faults.Rule{Name: name, Hold: true})).To(Succeed())
		Expect(set.Hold(ctx, name, call)).To(Succeed(), "it was told to let go later ones")
	})

	It("ends a wait when it is taken out", func() {
		waiting := make(chan error, 1)
		go func() {
			_, err := set.HeldBy(ctx, name, 1)
			waiting <- err
		}()
		Expect(set.Remove(name)).To(Succeed())
		Expect(next(waiting)).To(MatchError(faults.ErrNoRule))
	})

	It("is not another rule", func() {
		Expect(set.Hold(ctx, "other", call)).To(Succeed())
		Expect(set.Hold(ctx, "gone", call)).To(Succeed())
		for rule, reason := range map[string]error{"other": faults.ErrNoHold, "gone": faults.ErrNoRule} {
			_, err := set.Release(rule, false)
			Expect(err).To(MatchError(reason))
			_, err = set.HeldBy(ctx, rule, 1)
			Expect(err).To(MatchError(reason))
		}
	})
})
