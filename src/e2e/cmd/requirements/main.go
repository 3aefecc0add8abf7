// Command requirements reads ginkgo's JSON reports and prints which requirements (R1..R25) and promises (I1..I10) were
// shown by tests that ran and passed: those whose texts carry the tag, such as [R13]. Its last line counts specs.
//
// It ends in 1 when a spec or a suite failed, or when no spec ran. A row without any test is printed as OPEN.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"strings"
)

// suite and spec are the parts of a ginkgo report that count here.
type suite struct {
	SuitePath                  string
	SuiteSucceeded             bool
	SpecialSuiteFailureReasons []string
	SpecReports                []spec
}

type spec struct {
	ContainerHierarchyTexts []string
	LeafNodeType            string
	LeafNodeText            string
	State                   string
}

// text is the spec's whole text, tags included.
func (s spec) text() string {
	return strings.Join(append(s.ContainerHierarchyTexts, s.LeafNodeText), " ")
}

var tag = regexp.MustCompile(`\[([RI]\d+)\]`)

// result is what the specs of one tag came to.
type result struct {
	passed, failed int
	example        string
}

func main() {
	onlyCount := flag.Bool("count", false, "print the counts alone, for a part of the tests")
	flag.Parse()
	var out strings.Builder
	code, err := run(&out, flag.Args(), *onlyCount)
	fmt.Print(out.String())
	if err != nil {
		fmt.Fprintln(os.Stderr, "requirements:", err)
	}
	os.Exit(code)
}

func run(out *strings.Builder, files []string, onlyCount bool) (int, error) {
	var passed, failed int
	ran, leftOut := map[string]bool{}, map[string]bool{} // a suite may be run in parts: what one leaves out another runs
	results := map[string]result{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return 1, fmt.Errorf("reading a report: %w", err)
		}
		var suites []suite
		if err := json.Unmarshal(content, &suites); err != nil {
			return 1, fmt.Errorf("reading report %s: %w", file, err)
		}
		for _, suite := range suites {
			before := failed
			for _, spec := range suite.SpecReports {
				name := suite.SuitePath + " " + spec.text()
				switch {
				case spec.State == "passed" && spec.LeafNodeType == "It":
					passed++
				case spec.State == "passed":
					continue // set-up and tear-down count when they fail
				case spec.State == "skipped" || spec.State == "pending":
					leftOut[name] = true
					continue
				default:
					failed++
					fmt.Fprintln(out, "FAILED:", spec.text())
				}
				ran[name] = true
				for _, match := range tag.FindAllStringSubmatch(spec.text(), -1) {
					results[match[1]] = results[match[1]].add(spec)
				}
			}
			if !suite.SuiteSucceeded && failed == before {
				failed++
				fmt.Fprintln(out, "FAILED:", suite.SuitePath, strings.Join(suite.SpecialSuiteFailureReasons, "; "))
			}
		}
	}
	if !onlyCount {
		printMap(out, results)
	}
	maps.DeleteFunc(leftOut, func(name string, _ bool) bool { return ran[name] })
	fmt.Fprintf(out, "\n%d passed, %d failed, %d skipped\n", passed, failed, len(leftOut))
	if failed > 0 || passed == 0 {
		return 1, nil
	}
	return 0, nil
}

func (r result) add(s spec) result {
	if s.State != "passed" {
		r.failed++
		r.example = s.text()
		return r
	}
	r.passed++
	if r.example == "" {
		r.example = s.text()
	}
	return r
}

func printMap(out *strings.Builder, results map[string]result) {
	fmt.Fprintf(out, "\n%-4s %-6s %5s  %-58s %s\n", "", "", "specs", "what was asked for or promised", "one of the tests")
	open := 0
	for _, row := range rows {
		r := results[row.id]
		verdict := "ok"
		switch {
		case r.failed > 0:
			verdict = "FAILED"
		case r.passed == 0:
			verdict = "OPEN"
			open++
		}
		fmt.Fprintf(out, "%-4s %-6s %5d  %-58s %s\n", row.id, verdict, r.passed+r.failed, row.text, shorten(tag.ReplaceAllString(r.example, ""), 90))
		delete(results, row.id)
	}
	for id := range results {
		fmt.Fprintf(out, "%-4s is claimed by a test, but there is no such row\n", id)
	}
	fmt.Fprintf(out, "%d of %d rows are shown by tests\n", len(rows)-open, len(rows))
}

// shorten keeps a text on one line of a width.
func shorten(text string, width int) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= width {
		return string(runes)
	}
	return string(runes[:width-3]) + "..."
}
