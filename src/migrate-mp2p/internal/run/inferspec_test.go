package run_test

import (
	"os"
	"path/filepath"
	"regexp"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/run"
)

var _ = Describe("a user spec inferred by command plan", func() {
	// infers asks for a plan without a user spec that writes one.
	infers := func(f *foundation) *config.Config {
		c := f.config()
		Expect(os.WriteFile(c.Migration.UserSpec, nil, 0o600)).To(Succeed())
		c.Migration.Command, c.Migration.WriteUserSpec = config.CommandPlan, true
		return c
	}

	It("is printed, written to the log folder and planned with, and migrates shared and NCP's objects whole", func(ctx SpecContext) {
		f := newFoundation(1)
		c := infers(f)
		out := f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(f.writes(0)).To(BeEmpty())
		file := filepath.Join(c.Log.Directory, "user-spec.yaml")
		text, err := os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(text)).To(And(
			ContainSubstring(`"tas1-other"`),
			MatchRegexp(`(?m)^  tier0_routers:\n  # "t0-main": \d+ objects refer to it, by .*parent.*; the first is .*\n  - id: "`),
			ContainSubstring(`"container-block-1"`), Not(ContainSubstring(`"container-block-2"`)),
			MatchRegexp(`firewall_sections: \[\{id: "`),
		))
		Expect(f.out.String()).To(And(
			ContainSubstring(`# "t0-main": `),
			ContainSubstring("read the inferred user spec "+file),
			MatchRegexp(`in all \d+ objects would be migrated`),
		))

		c.Migration.Command, c.Migration.WriteUserSpec, c.Migration.UserSpec = config.CommandRun, false, file
		Expect(f.execute(ctx, c).Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(f.inspect().NotReady).To(BeEmpty())
	})

	It("says the same each time, and never replaces a file that says something else", func(ctx SpecContext) {
		f := newFoundation(1)
		c := infers(f)
		file := filepath.Join(f.dir, "wanted.yaml")
		elsewhere := func(r *run.Runner) { r.UserSpecFile = file }
		Expect(f.execute(ctx, c, elsewhere).Code).To(Equal(run.AllPolicy))
		first, err := os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		Expect(f.execute(ctx, c, elsewhere).Code).To(Equal(run.AllPolicy))
		Expect(os.ReadFile(file)).To(Equal(first))

		corrected := regexp.MustCompile(`(?m)^  ip_blocks:`).ReplaceAll(first, []byte("  ip_blocks: # corrected"))
		Expect(os.WriteFile(file, corrected, 0o600)).To(Succeed())
		out := f.execute(ctx, c, elsewhere)
		Expect(out.Code).To(Equal(run.CannotTell))
		Expect(out.Failure).To(ContainSubstring(file + " exists and says something else"))
		Expect(os.ReadFile(file)).To(Equal(corrected))
	})

	It("leaves the plan to a user spec that was given", func(ctx SpecContext) {
		f := newFoundation(1)
		c := f.config()
		c.Migration.Command, c.Migration.WriteUserSpec = config.CommandPlan, true
		Expect(f.execute(ctx, c).Code).To(Equal(run.AllPolicy))
		Expect(f.out.String()).To(ContainSubstring("that of the user spec that was given"))
	})
})
