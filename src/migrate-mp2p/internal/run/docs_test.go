package run

import (
	"fmt"
	"os"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/records"
)

var _ = It("draws the same chart in the documentation as in the program", func() {
	page, err := os.ReadFile("../../docs/operator/states.md")
	Expect(err).NotTo(HaveOccurred())
	named := func(state records.State, otherwise string) string {
		if state == "" {
			return otherwise
		}
		return "`" + string(state) + "`"
	}
	var b strings.Builder
	b.WriteString("\n| state | what is done | after success | after failure | a re-run goes on with |\n|---|---|---|---|---|\n")
	for _, row := range records.Chart() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", row.State, steps[row.State].says, named(row.OK, "end"), named(row.Fail, "kept"), named(row.Found, "discard"))
	}
	Expect(string(page)).To(ContainSubstring(b.String() + "\n"))
})

var _ = It("names in the documentation everything that keeps a run from beginning [R13]", func() {
	page, err := os.ReadFile("../../docs/operator/output.md")
	Expect(err).NotTo(HaveOccurred())
	_, section, found := strings.Cut(string(page), "## What keeps a run from beginning")
	Expect(found).To(BeTrue())
	section, _, _ = strings.Cut(section, "\n## ")
	for _, c := range conditions() {
		Expect(section).To(ContainSubstring(c.name))
	}
})
