package run

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/report"
)

// ofBOSH are the words that mean nothing to somebody who has Kubernetes and no BOSH.
var ofBOSH = regexp.MustCompile(`(?i)\b(bosh|errand|VM|run-errand|deploy)\b`)

var _ = Describe("On platform kubernetes", func() {
	It("no advice speaks of BOSH, whatever the state that is left behind [R2] [R18]", func() {
		yes := []bool{true, false}
		seen := map[string]bool{}
		for _, platform := range []string{config.PlatformKubernetes, config.PlatformTAS} {
			for _, code := range []int{AllPolicy, Mixed, AllManager, CannotTell, Interrupted} {
				for _, scope := range []mp.Scope{mp.Shared, mp.NCP} {
					for _, state := range []records.State{"", records.Planned, records.Migrating, records.Applying} {
						for bits := range 32 {
							bit := func(n int) bool { return yes[bits>>n&1] }
							f := Facts{Armed: bit(0), Unfinished: state, Suspect: bit(1), Census: &Counts{Orphans: 1}}
							if bit(2) {
								f.Adopted = 3
							}
							a := advice{Platform: platform, Scope: scope, Suspected: scope, OneByOne: bit(3), surroundings: surroundingsOf(platform)}
							out := report.Outcome{Code: code}
							advise(&out, f, a)
							rolled := out
							adviseRollback(&rolled, f, a, bit(4))
							for _, text := range append(append(out.Next, rolled.Next...), out.Meaning, out.Ladder, rolled.Meaning, rolled.Ladder) {
								seen[platform+": "+text] = true
							}
						}
					}
				}
			}
		}
		said := map[string]int{}
		for text := range seen {
			platform, words, _ := strings.Cut(text, ": ")
			if ofBOSH.MatchString(words) {
				said[platform]++
			}
			if platform == config.PlatformKubernetes {
				Expect(words).NotTo(MatchRegexp(ofBOSH.String()))
			}
		}
		Expect(said[config.PlatformTAS]).To(BeNumerically(">", 5), "the words are looked for where they are")
		Expect(len(seen)).To(BeNumerically(">", 50))
	})

	It("no other text of the program speaks of BOSH, but for those that only BOSH leads to [R2]", func() {
		onBOSH := map[string]string{
			"run/instance.go":  "instances have names on BOSH alone",
			"run/outcome.go":   "surroundingsOf, see above",
			"records/mount.go": "BOSH's ephemeral disk",
		}
		var found []string
		there := map[string]bool{}
		for _, root := range []string{"..", "../../cmd/migrate-mp2p"} {
			Expect(filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
					return err
				}
				name := strings.TrimLeft(filepath.ToSlash(path), "./")
				files := token.NewFileSet()
				file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
				if err != nil {
					return err
				}
				ast.Inspect(file, func(n ast.Node) bool {
					text, ok := n.(*ast.BasicLit)
					switch {
					case !ok || text.Kind != token.STRING || !ofBOSH.MatchString(text.Value):
					case onBOSH[name] != "":
						there[name] = true
					default:
						found = append(found, fmt.Sprintf("%s: %s", files.Position(text.Pos()), text.Value))
					}
					return true
				})
				return nil
			})).To(Succeed())
		}
		Expect(found).To(BeEmpty())
		Expect(there).To(HaveLen(len(onBOSH)), "the words are looked for where they are")
	})
})
