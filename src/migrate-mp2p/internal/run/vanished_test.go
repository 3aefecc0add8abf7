package run_test

import (
	"bytes"
	"context"
	"net/http"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// withRecords opens the records between two executions.
func (f *foundation) withRecords(does func(*records.Store)) {
	GinkgoHelper()
	s, err := records.Open(filepath.Join(f.dir, "records"), records.Options{Holder: "spec"})
	Expect(err).NotTo(HaveOccurred())
	does(s)
	Expect(s.Close()).To(Succeed())
}

// claims are the migration records.
func (f *foundation) claims() (all []records.MigratedObject) {
	GinkgoHelper()
	f.withRecords(func(s *records.Store) {
		Expect(s.Migrated(func(m records.MigratedObject) error {
			all = append(all, m)
			return nil
		})).To(Succeed())
	})
	return all
}

var _ = Describe("objects that vanish under a run", func() {
	ctx := context.Background()

	It("do not keep it from its end when they are those whose realisation shows that DONE took effect [R20] [I2]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), "%s", f.out)
		f.cutOff(moments()[6], moments()[6])
		f.fault(faults.Rule{Method: http.MethodGet, Path: "*/realized-state/status", Status: http.StatusBadRequest, ErrorCode: 500012})
		Expect(f.execute(ctx, onlyNCP(f.config()), func(r *run.Runner) { r.Clock = &leapingClock{} }).Code).To(Equal(run.AllPolicy), "%s", f.out)
	})

	It("with what they were below let a rollback close their records [R17] [I2]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), "%s", f.out)
		f.cutOff(moments()[2], moments()[2])
		var segment string
		for _, m := range f.claims() {
			if strings.HasPrefix(m.PolicyPath, "/infra/segments/") && strings.Contains(m.PolicyPath, "/ports/") {
				segment, _, _ = strings.Cut(m.PolicyPath, "/ports/")
			}
		}
		Expect(segment).NotTo(BeEmpty())
		vanished := 0
		claims := f.claims()
		Expect(f.state.Update(func(tx *store.Tx) error {
			for _, m := range claims {
				if m.PolicyPath != segment && !strings.HasPrefix(m.PolicyPath, segment+"/") {
					continue
				}
				vanished++
				collection := map[string]string{"LOGICAL_SWITCH": "logical-switches", "LOGICAL_PORT": "logical-ports"}[m.Type]
				if err := tx.Manager().Delete(collection + "/" + m.ID); err != nil {
					return err
				}
			}
			var below []string
			for o := range tx.Policy().All() {
				if o.Key == segment || strings.HasPrefix(o.Key, segment+"/") {
					below = append(below, o.Key)
				}
			}
			for _, key := range below {
				if err := tx.Policy().Delete(key); err != nil {
					return err
				}
			}
			return nil
		})).To(Succeed())
		Expect(vanished).To(BeNumerically(">", 1))
		f.execute(ctx, onlyNCP(f.config())) // NSX may refuse to roll back profiles that the segment used
		Expect(f.out.String()).To(ContainSubstring("no longer exists in NSX; it cannot be rolled back"))
		for _, m := range f.claims() {
			Expect(m.PolicyPath).NotTo(HavePrefix(segment), "%s", f.out)
		}
	})
})

var _ = Describe("a run that had given up its lease", func() {
	It("gives it up once more when NSX is restored from a backup in which the run holds it [R20] [I8]", func() {
		f := newFoundation(1)
		Expect(f.execute(context.Background(), f.shared()).Code).To(Equal(run.AllPolicy), "%s", f.out)
		all := moments()
		saved := f.cutOff(all[8], all[2])
		f.withRecords(func(s *records.Store) {
			Expect(s.Amend(func(h *records.Header) { h.Released = true })).To(Succeed())
		})
		Expect(f.server.Restore(bytes.NewReader(saved))).To(Succeed())
		Expect(f.leaseHeld()).To(BeTrue())
		Expect(f.untilSettled(onlyNCP(f.config()), func(r *run.Runner) { r.Clock = &leapingClock{} })).To(Equal(run.AllManager))
	})
})
