package main

import (
	"context"
	"os"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// pages is where the documentation lies.
const pages = "../../docs/simulator/"

var _ = Describe("the documentation of the simulator", func() {
	page := func(name string) string {
		GinkgoHelper()
		text, err := os.ReadFile(pages + name)
		Expect(err).NotTo(HaveOccurred())
		return string(text)
	}

	It("names flags that serve has", func() {
		help := execute(context.Background(), "serve", "--help").stdout
		_, table, found := strings.Cut(page("simulator.md"), "| to have | flag |")
		Expect(found).To(BeTrue())
		table, _, _ = strings.Cut(table, "\n\n")
		flags := regexp.MustCompile(`--[a-z0-9-]+`).FindAllString(strings.ReplaceAll(table, "---|", ""), -1)
		Expect(flags).NotTo(BeEmpty())
		for _, flag := range flags {
			Expect(help).To(MatchRegexp(`(?m)^ +` + flag + ` `))
		}
	})

	It("shows fault rules that are valid", func() {
		blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(page("simulator.md"), -1)
		Expect(blocks).NotTo(BeEmpty())
		for _, block := range blocks {
			_, err := faults.Parse([]byte(block[1]))
			Expect(err).NotTo(HaveOccurred())
		}
	})

	It("names endpoints of its own that it has", func() {
		named := regexp.MustCompile(`"\$nsx(/[a-z]*)(/[a-z]+)?(\?[^"]*)?"`).FindAllStringSubmatch(page("simulator.md"), -1)
		Expect(named).NotTo(BeEmpty())
		for _, match := range named {
			path := "^/_nsxsim" + match[1]
			if match[2] != "" {
				path += `/\{[a-z]+\}` // whatever it is called
			}
			Expect(nsxsim.ControlEndpoints()).To(ContainElement(HaveField("Path", MatchRegexp(path+"$"))), match[0])
		}
	})

	It("sends to a command that prints every endpoint, and what is assumed of it", func() {
		printed := execute(context.Background(), "coverage", "--markdown").stdout
		for _, path := range []string{"/api/session/create", "/api/v1/logical-ports/{id}", "/policy/api/v1/search/query", "/api/v1/migration/mp-to-policy"} {
			Expect(printed).To(MatchRegexp("(?m)^\\| `" + regexp.QuoteMeta(path) + "` \\|"))
		}
		Expect(printed).To(MatchRegexp(`(?m)^\d+\. ASSUMED: .*; why: `))
	})
})
