package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/migrate"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

var _ = Describe("the chart", func() {
	It("has something to do in every state of the records, and in no other [R19]", func() {
		var states []records.State
		for _, row := range records.Chart() {
			states = append(states, row.State)
			s, err := stepOf(row.State)
			Expect(err).NotTo(HaveOccurred())
			Expect(s.says).NotTo(BeEmpty())
			Expect(s.do).NotTo(BeNil())
		}
		Expect(slices.Collect(maps.Keys(steps))).To(ConsistOf(states))
		_, err := stepOf("elsewhere")
		Expect(err).To(MatchError(ContainSubstring("elsewhere")))
	})

	It("leads forward only through the point of no return, and back only before it, or when NSX says so [R19] [I2]", func() {
		way := func(state records.State, next func(records.Row) records.State) (states []records.State) {
			for state != "" && len(states) < 20 {
				states = append(states, state)
				s, err := stepOf(state)
				Expect(err).NotTo(HaveOccurred())
				state = next(s.Row)
			}
			return states
		}
		ok := func(row records.Row) records.State { return row.OK }
		Expect(way(records.Planned, ok)).To(Equal([]records.State{
			records.Planned, records.Initiating, records.Migrating, records.Migrated, records.Inferred, records.Committing, records.Applying, records.Complete,
		}))
		Expect(way(records.RollingBack, ok)).To(Equal([]records.State{records.RollingBack, records.Closing, records.RolledBack}))
		committed := []records.State{records.Applying, records.Complete}
		var given []records.State
		for _, row := range records.Chart() {
			if row.Found == "" {
				given = append(given, row.State)
			}
		}
		Expect(given).To(ConsistOf(records.Planned), "the records of a run that may have sent something are not given up")
		for _, row := range records.Chart() {
			failed := slices.Contains([]records.State{records.RollingBack, records.Closing}, row.Fail)
			Expect(failed && slices.Contains(committed, row.State)).To(BeFalse(), "a failure in %s must not roll back what NSX has realised", row.State)
			Expect(slices.Contains(committed, row.Found) && !slices.Contains(committed, row.State)).To(BeFalse(), "%s does not know yet whether NSX realised anything", row.State)
		}
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
