package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"gopkg.in/yaml.v3"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/precheck"
	"nsx-mp2p/migrate-mp2p/internal/run"
)

const (
	root   = "../../.."
	readme = root + "/README.md"
)

// pages are for operators, and for those who ask what the simulator is worth.
var pages = []string{
	"operator/assumptions.md", "operator/kubernetes.md", "operator/output.md", "operator/promises.md", "operator/recovery.md", "operator/states.md", "operator/tkgi.md", "operator/user-spec.md",
	"simulator/behaviour-api.md", "simulator/behaviour-promotion.md", "simulator/sdk-conformance.md", "simulator/simulator.md",
}

// read gives the text of a file.
func read(path string) string {
	GinkgoHelper()
	text, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// table is a Markdown table as the pages write it; the blank line after it keeps a page from having more rows.
func table(header string, rows [][]string) string {
	var b strings.Builder
	columns := strings.Count(header, "|") - 1
	fmt.Fprintf(&b, "\n%s\n|%s\n", header, strings.Repeat("---|", columns))
	for _, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	return b.String() + "\n"
}

var _ = Describe("The documentation", func() {
	It("lists every key of the user spec and what it stands for", func() {
		types, err := catalog.New(nil)
		Expect(err).NotTo(HaveOccurred())
		var rows [][]string
		for _, e := range types.Entries() {
			if e.SpecKey != "" {
				rows = append(rows, []string{e.SpecKey, strings.Join(e.ManagerTypes, ", "), string(e.Type)})
			}
		}
		Expect(read("operator/user-spec.md")).To(ContainSubstring(table("| key | Manager objects | migration type |", rows)))
	})

	It("lists every key of TKGI's configuration, and where the user spec lists what it names", func() {
		types, err := catalog.New(nil)
		Expect(err).NotTo(HaveOccurred())
		page := read("operator/user-spec.md")
		for key, of := range inventory.TKGIKeys() {
			e, _ := types.Entry(of)
			Expect(e.SpecKey).NotTo(BeEmpty(), key)
			Expect(page).To(MatchRegexp(`(?m)^\| (.*, )?%s(, .*)? \| .* \| %s \|$`, key, e.SpecKey))
			Expect(read(root + "/jobs/migrate-mp2p/spec")).To(MatchRegexp(`\b%s\b`, key))
		}
	})

	It("names everything that the catalog assumes", func() {
		types, err := catalog.New(nil)
		Expect(err).NotTo(HaveOccurred())
		var rows [][]string
		for _, e := range types.Entries() {
			if len(e.Assumed) > 0 {
				rows = append(rows, []string{string(e.Type), strings.Join(e.Assumed, "; ")})
			}
		}
		Expect(read("operator/assumptions.md")).To(ContainSubstring(table("| type | assumed |", rows)))
	})

	It("lists every precheck, its question and its cure, and whether it may be ignored", func() {
		var rows [][]string
		for _, c := range precheck.Checks() {
			ignorable := "yes"
			if c.Never {
				ignorable = "never"
			}
			rows = append(rows, []string{"`" + c.Name + "`", c.Question, c.Cure, ignorable})
		}
		Expect(read("operator/output.md")).To(ContainSubstring(table("| precheck | question | cure | may be ignored |", rows)))
	})

	DescribeTable("explains every exit code", func(page string) {
		text := read(page)
		for _, code := range []int{run.AllPolicy, run.Mixed, run.AllManager, run.CannotTell, run.Interrupted} {
			Expect(text).To(MatchRegexp(`(?m)^\| %d \| `, code))
		}
	},
		Entry("in the README", readme),
		Entry("beside the output", "operator/output.md"),
		Entry("for Kubernetes", "operator/kubernetes.md"),
	)

	It("is linked from the README, page by page", func() {
		found, err := filepath.Glob("*/*.md")
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(ConsistOf(pages))
		for _, page := range pages {
			Expect(read(readme)).To(ContainSubstring("(src/migrate-mp2p/docs/" + page + ")"))
		}
	})

	DescribeTable("names the specs that show each behaviour of NSX", func(page string) {
		named := regexp.MustCompile("`([a-z0-9_/]+_test\\.go)`: \"([^\"]+)\"")
		rows := regexp.MustCompile(`(?m)^\| .* \| .* \| (.*) \|$`).FindAllStringSubmatch(read(page), -1)
		Expect(rows).NotTo(BeEmpty())
		var missing []string
		for _, row := range rows {
			specs := named.FindAllStringSubmatch(row[1], -1)
			if row[1] != "shown by" && (len(specs) == 0 || strings.Trim(named.ReplaceAllString(row[1], ""), "; ") != "") {
				missing = append(missing, row[0])
			}
			for _, spec := range specs {
				text := regexp.MustCompile(`(It|Entry|Context|Describe|DescribeTable)\(.*` + regexp.QuoteMeta(spec[2]))
				if !text.MatchString(read(filepath.Join("../nsxsim", spec[1]))) {
					missing = append(missing, spec[0])
				}
			}
		}
		Expect(missing).To(BeEmpty())
	}, Entry("at its API", "simulator/behaviour-api.md"), Entry("in a promotion", "simulator/behaviour-promotion.md"))

	It("names under each promise specs that claim to show it", func() {
		sections := strings.Split(read("operator/promises.md"), "\n## I")
		Expect(sections).To(HaveLen(1 + 10))
		for n, section := range sections[1:] {
			Expect(section).To(HavePrefix("%d: ", n+1))
			shown := specsNamed(section)
			Expect(shown).NotTo(BeEmpty())
			for _, spec := range shown {
				Expect(spec.text).To(ContainSubstring("[I%d]", n+1), spec.file)
			}
		}
	})

	It("names specs for everything that is settled", func() {
		_, section, found := strings.Cut(read("operator/promises.md"), "## What is settled how")
		Expect(found).To(BeTrue())
		section, _, _ = strings.Cut(section, "\n## ")
		rows := regexp.MustCompile(`(?m)^\|.*\|$`).FindAllString(section, -1)
		Expect(len(rows)).To(BeNumerically(">", 2))
		for _, row := range rows[2:] { // below the header
			columns := strings.Split(strings.Trim(row, "|"), " | ")
			Expect(columns).To(HaveLen(6), row)
			Expect(specsNamed(columns[5])).NotTo(BeEmpty(), row)
		}
	})

	It("names in the promises no spec that does not exist", func() {
		var missing []string
		for _, spec := range specsNamed(read("operator/promises.md")) {
			if !spec.exists() {
				missing = append(missing, spec.file+": "+spec.text)
			}
		}
		Expect(missing).To(BeEmpty())
	})

	It("goes in a recovery by words that the program prints", func() {
		program := printed()
		var unknown []string
		for _, words := range symptoms(read("operator/recovery.md")) {
			for _, part := range placeholders.Split(words, -1) {
				if part = strings.Trim(part, " ,:;()"); !strings.Contains(program, part) {
					unknown = append(unknown, words+": "+part)
				}
			}
		}
		Expect(unknown).To(BeEmpty())
	})

	for _, page := range append([]string{readme}, pages...) {
		Describe("on page "+filepath.Base(page), func() {
			It("links to files that exist", func() {
				for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(read(page), -1) {
					if file, _, _ := strings.Cut(link[1], "#"); file != "" && !strings.Contains(file, "://") {
						Expect(filepath.Join(filepath.Dir(page), file)).To(BeAnExistingFile(), "or a folder")
					}
				}
			})

			It("names properties that the job has", func() {
				properties := jobProperties()
				for _, name := range named(read(page)) {
					known := slices.ContainsFunc(properties, func(p string) bool { return p == name || strings.HasPrefix(p, name+".") })
					// Below an override stands the resource type.
					Expect(known || strings.HasPrefix(name, "migration.overrides.")).To(BeTrue(), name)
				}
			})

			It("names scripts and ops-files that exist", func() {
				for _, path := range regexp.MustCompile(`(?:^|[ (\x60])((?:scripts|src/manifests)/[a-z0-9/.-]*[a-z])`).FindAllStringSubmatch(read(page), -1) {
					_, err := os.Stat(filepath.Join(root, path[1]))
					Expect(err).NotTo(HaveOccurred())
				}
			})
		})
	}
})

// placeholders stand in a symptom for what differs from case to case, or divide what is put together from several texts.
var placeholders = regexp.MustCompile(`^exit code \d+:?|\.\.\.|: |\b(?:N|M|RUN-ID|NODE-ID|shared)\b|\d+`)

// symptoms are the words in backquotes below the headers of tables that speak of what is printed.
func symptoms(page string) (words []string) {
	var columns []int
	for line := range strings.Lines(page) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(line, "|") {
			columns = nil
			continue
		}
		if columns == nil {
			columns = []int{}
			for i, header := range cells {
				if strings.Contains(header, "printed") || strings.Contains(header, "last line begins with") {
					columns = append(columns, i)
				}
			}
			continue
		}
		for _, i := range columns {
			for _, found := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[i], -1) {
				words = append(words, found[1])
			}
		}
	}
	return words
}

// printed is the program's source without comments, in which texts are whole that stand on several lines.
func printed() string {
	GinkgoHelper()
	var all strings.Builder
	all.WriteString(read(filepath.Join(root, "jobs/migrate-mp2p/templates/config.json.erb"))) // the files that errors name
	for _, folder := range []string{"../internal", "../cmd/migrate-mp2p"} {
		Expect(filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				all.WriteString(read(path))
			}
			return err
		})).To(Succeed())
	}
	code := regexp.MustCompile(`(?m)(^|\s)// .*$`).ReplaceAllString(all.String(), "")
	return regexp.MustCompile(`" \+\s+"`).ReplaceAllString(strings.ReplaceAll(code, `\"`, `"`), "")
}

// namedSpec is a spec as a page names it: its file, below the product's module or for e2e below src, and its whole text.
type namedSpec struct{ file, text string }

func specsNamed(text string) (specs []namedSpec) {
	for _, found := range regexp.MustCompile("`([a-z0-9_/.-]+(?:_test\\.go|story\\.yaml))`: \"([^\"]+)\"").FindAllStringSubmatch(text, -1) {
		specs = append(specs, namedSpec{found[1], found[2]})
	}
	return specs
}

// exists says whether the file has a spec of exactly this text, or a story of this title.
func (s namedSpec) exists() bool {
	path := filepath.Join("..", s.file)
	if strings.HasPrefix(s.file, "e2e/") {
		path = filepath.Join(root, "src", s.file)
	}
	source, err := os.ReadFile(path)
	text := regexp.QuoteMeta(s.text)
	spec := regexp.MustCompile(`(?m)^title: ` + text + `$|\b(It|Entry|Context|Describe|DescribeTable)\((fmt\.Sprintf\()?"` + text + `"`)
	return err == nil && spec.Match(source)
}

// named finds the properties that a text names. What follows a slash is part of a path, and a page's name is none.
func named(text string) []string {
	var names []string
	pattern := regexp.MustCompile(`(?:^|[^/\w.-])((?:ncp|nsx|migration|kubernetes|records|log)\.[a-z_]+(?:\.[A-Za-z_]+)*)`)
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		if !slices.ContainsFunc(pages, func(page string) bool { return filepath.Base(page) == match[1] }) {
			names = append(names, match[1])
		}
	}
	return names
}

// jobProperties are the names in the job's spec.
func jobProperties() []string {
	GinkgoHelper()
	var spec struct {
		Properties map[string]any `yaml:"properties"`
	}
	Expect(yaml.Unmarshal([]byte(read(filepath.Join(root, "jobs/migrate-mp2p/spec"))), &spec)).To(Succeed())
	var names []string
	for name := range spec.Properties {
		names = append(names, name)
	}
	return names
}

var _ = It("keeps the top level and the libraries that the user named [R24]", func() {
	entries, err := os.ReadDir(root)
	Expect(err).NotTo(HaveOccurred())
	var visible []string
	for _, e := range entries {
		made := []string{"LICENSE", "NOTICE", "blobs", "dev_releases", "final_blobs", "reports"} // by law, or by a tool and ignored by git
		if !slices.Contains(made, e.Name()) && (!strings.HasPrefix(e.Name(), ".") || e.Name() == ".final_builds") {
			visible = append(visible, e.Name())
		}
	}
	Expect(visible).To(ConsistOf("jobs", "packages", "src", "config", "releases", ".final_builds", "scripts", "README.md"))
	Expect(read("../go.mod")).To(And(
		ContainSubstring("gopkg.in/yaml.v3"), ContainSubstring("github.com/sirupsen/logrus"), ContainSubstring("github.com/cenkalti/backoff/v4")))
	Expect(read(root + "/src/e2e/go.mod")).To(ContainSubstring("github.com/cloudfoundry/bosh-cli/v7"))
})
