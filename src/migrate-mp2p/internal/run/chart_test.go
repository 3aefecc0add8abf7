package run

import (
	"context"
	"errors"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/migrate"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

var _ = Describe("the chart", func() {
	It("has a step for every state, and only arrows that the records allow [R19]", func() {
		for _, s := range chart {
			for _, next := range []records.State{s.ok, s.fail, s.found} {
				if next == "" || next == discard {
					continue
				}
				_, err := stepOf(next)
				Expect(err).NotTo(HaveOccurred(), "%s leads to %s", s.state, next)
			}
		}
		_, err := stepOf("elsewhere")
		Expect(err).To(MatchError(ContainSubstring("elsewhere")))
	})

	DescribeTable("keeps the state when going on, forward or back, could do harm or cannot work [R18] [I2]",
		func(err error, keeps bool) {
			Expect(stays(context.Background(), fmt.Errorf("migrating: %w", err))).To(Equal(keeps))
		},
		Entry("NSX is still at work on a batch", migrate.ErrStillRunning, true),
		Entry("another node answers", &nsx.Error{Kind: mp.KindOtherNode}, true),
		Entry("NSX is unreachable", &nsx.Error{Kind: mp.KindUnreachable}, true),
		Entry("marked by the step", stay{errors.New("unknown")}, true),
		Entry("NSX refuses", &nsx.Error{Kind: mp.KindInvalid}, false),
		Entry("the coordinator was restarted", migrate.ErrRestarted, false),
		Entry("the disk is full", &records.ErrNoSpace{}, false),
	)

	It("keeps the state when the run was told to end", func() {
		ended, end := context.WithCancel(context.Background())
		end()
		Expect(stays(ended, errors.New("any"))).To(BeTrue())
	})
})
