package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestRequirements(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Requirements")
}

var _ = DescribeTable("the map of requirements",
	func(report string, code int, lines ...string) {
		file := filepath.Join(GinkgoT().TempDir(), "report.json")
		Expect(os.WriteFile(file, []byte(report), 0o600)).To(Succeed())
		var out strings.Builder
		got, err := run(&out, []string{file}, false)
		Expect(err).NotTo(HaveOccurred())
		Expect(got).To(Equal(code))
		for _, line := range lines {
			Expect(out.String()).To(MatchRegexp(line))
		}
	},
	Entry("shows what passed and leaves the rest open",
		`[{"SuiteSucceeded": true, "SpecReports": [{"LeafNodeType": "It", "State": "passed", "ContainerHierarchyTexts": ["a plan [R13]"], "LeafNodeText": "is pure [I4]"}]}]`, 0,
		`R13 +ok +1 .* a plan is pure\n`, `I4 +ok +1 `, `R14 +OPEN +0 `, `\n2 of 35 rows`, `\n1 passed, 0 failed, 0 skipped\n$`),
	Entry("does not count a requirement whose test failed",
		`[{"SpecReports": [{"LeafNodeType": "It", "State": "passed", "LeafNodeText": "[R13]"}, {"LeafNodeType": "It", "State": "panicked", "LeafNodeText": "[R13]"}]}]`, 1,
		`R13 +FAILED +2 `, `\n1 passed, 1 failed, 0 skipped\n$`),
	Entry("counts a suite that did not even compile as failed",
		`[{"SuitePath": "/broken", "SuiteSucceeded": false, "SpecialSuiteFailureReasons": ["Failed to compile"], "SpecReports": []}]`, 1,
		`FAILED: /broken Failed to compile\n`, `\n0 passed, 1 failed, 0 skipped\n$`),
	Entry("does not call it a success when nothing ran",
		`[{"SuiteSucceeded": true, "SpecReports": [{"LeafNodeType": "It", "State": "skipped"}]}]`, 1,
		`\n0 passed, 0 failed, 1 skipped\n$`),
	Entry("counts as skipped only what no part of a suite has run",
		`[{"SuitePath": "/a", "SuiteSucceeded": true, "SpecReports": [
			{"LeafNodeType": "It", "State": "passed", "LeafNodeText": "one"}, {"LeafNodeType": "It", "State": "skipped", "LeafNodeText": "two"},
			{"LeafNodeType": "It", "State": "skipped", "LeafNodeText": "three"}]},
		 {"SuitePath": "/a", "SuiteSucceeded": true, "SpecReports": [
			{"LeafNodeType": "It", "State": "skipped", "LeafNodeText": "one"}, {"LeafNodeType": "It", "State": "passed", "LeafNodeText": "two"}]},
		 {"SuitePath": "/b", "SuiteSucceeded": true, "SpecReports": [{"LeafNodeType": "It", "State": "skipped", "LeafNodeText": "one"}]}]`, 0,
		`\n2 passed, 0 failed, 2 skipped\n$`),
	Entry("names a tag that stands for nothing",
		`[{"SuiteSucceeded": true, "SpecReports": [{"LeafNodeType": "It", "State": "passed", "LeafNodeText": "[R99]"}]}]`, 0,
		`R99 +is claimed by a test`),
)
