package wait_test

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/wait"
)

func TestWait(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Wait")
}

var _ = Describe("Waiting", func() {
	It("ends after its time, and with its context", func() {
		Expect(wait.For(context.Background(), time.Millisecond)).To(Succeed())
		ctx, stop := context.WithCancel(context.Background())
		stop()
		Expect(wait.For(ctx, time.Hour)).To(MatchError(context.Canceled))
		Expect(wait.Wall{}.Sleep(ctx, time.Hour)).To(MatchError(context.Canceled))
	})

	It("looks at once, then ever less often, but at least as often as it has to", func() {
		clock := &leaping{}
		var looks []time.Duration
		poll := wait.Poll{Clock: clock, First: 4 * time.Second, Longest: 8 * time.Second}
		Expect(poll.Until(context.Background(), func(waited func() time.Duration) (bool, error) {
			looks = append(looks, waited())
			return len(looks) == 5, nil
		})).To(Succeed())
		Expect(looks).To(Equal([]time.Duration{0, 4 * time.Second, 10 * time.Second, 18 * time.Second, 26 * time.Second}))
	})

	It("grows its pauses as fast as it is told to", func() {
		clock := &leaping{}
		var last time.Duration
		poll := wait.Poll{Clock: clock, First: time.Second, Longest: time.Hour, Growth: 2}
		Expect(poll.Until(context.Background(), func(waited func() time.Duration) (bool, error) {
			last = waited()
			return last >= 7*time.Second, nil
		})).To(Succeed())
		Expect(last).To(Equal(7*time.Second), "after 1, 2 and 4 seconds")
	})

	It("counts what a look takes, too", func() {
		clock := &leaping{}
		poll := wait.Poll{Clock: clock, First: time.Second, Longest: time.Second}
		Expect(poll.Until(context.Background(), func(waited func() time.Duration) (bool, error) {
			clock.now = clock.now.Add(time.Minute) // NSX is slow
			return waited() >= time.Minute, nil
		})).To(Succeed())
		Expect(clock.now.Sub(time.Time{})).To(Equal(time.Minute), "no second look was needed")
	})

	It("ends with what the look says is missing, and with the context", func() {
		clock := &leaping{}
		poll := wait.Poll{Clock: clock, First: time.Second, Longest: time.Second}
		missing := errors.New("it is not there yet")
		Expect(poll.Until(context.Background(), func(waited func() time.Duration) (bool, error) {
			if waited() > 3*time.Second {
				return false, missing
			}
			return false, nil
		})).To(MatchError(missing))
		ctx, stop := context.WithCancel(context.Background())
		Expect(poll.Until(ctx, func(func() time.Duration) (bool, error) {
			stop()
			return false, nil
		})).To(MatchError(context.Canceled))
	})
})

// leaping is a clock on which waiting takes no time.
type leaping struct{ now time.Time }

func (l *leaping) Now() time.Time { return l.now }

func (l *leaping) Sleep(ctx context.Context, d time.Duration) error {
	l.now = l.now.Add(d)
	return ctx.Err()
}
