package main

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/spf13/pflag"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/run"
)

// outcome is what a command line left.
type outcome struct {
	code           int
	stdout, stderr string
}

func execute(args ...string) outcome {
	var stdout, stderr bytes.Buffer
	code := start(context.Background(), args, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

var _ = Describe("the commands of the program", func() {
	var names []string
	for _, command := range (&program{stdout: io.Discard, stderr: io.Discard, clock: time.Now}).root().Commands() {
		names = append(names, command.Name())
	}

	It("are those that a configuration may ask for, and version", func() {
		Expect(names).To(ConsistOf(append(config.Commands(), "version")))
	})

	It("stand in the help with what they do, in two groups", func() {
		for _, args := range [][]string{{"help"}, {"--help"}, {"-h"}} {
			out := execute(args...)
			Expect(out.code).To(BeZero())
			Expect(out.stderr).To(BeEmpty())
			Expect(out.stdout).To(MatchRegexp(`(?s)Commands that write to NSX.*rollback.*Commands that only read.*verify`))
			for _, name := range append(names, "help") {
				Expect(out.stdout).To(MatchRegexp(`(?m)^  %s +[a-z]`, name))
			}
			Expect(out.stdout).NotTo(ContainSubstring("completion"))
		}
	})

	for _, name := range names {
		It("explain themselves with every flag, its default and every exit code: "+name, func() {
			out := execute(name, "--help")
			Expect(out.code).To(BeZero())
			Expect(out.stderr).To(BeEmpty())
			Expect(execute("help", name)).To(Equal(out))
			Expect(execute(name, "-h")).To(Equal(out))

			command, _, err := (&program{stdout: io.Discard, stderr: io.Discard, clock: time.Now}).root().Find([]string{name})
			Expect(err).NotTo(HaveOccurred())
			Expect(out.stdout).To(And(HavePrefix(command.Long), ContainSubstring("\nUsage:\n  migrate-mp2p "+name), ContainSubstring("\nExamples:\n  migrate-mp2p "+name)))
			command.Flags().VisitAll(func(flag *pflag.Flag) {
				if !flag.Hidden {
					Expect(out.stdout).To(MatchRegexp(`(?m)^ +(-\w, )?--%s [A-Z]+ +\S`, flag.Name))
				}
			})
			codes := []int{run.AllPolicy, run.Mixed, run.CannotTell, run.Interrupted}
			switch {
			case name == "version":
				codes = []int{run.AllPolicy, run.CannotTell}
			case config.Writes(name):
				codes = append(codes, run.AllManager)
			}
			for _, code := range codes {
				Expect(out.stdout).To(MatchRegexp(`(?m)^  %s +\S`, strconv.Itoa(code)))
			}
		})
	}

	It("print nothing but the version when asked for it", func() {
		Expect(execute("--version")).To(Equal(outcome{0, version + "\n", ""}))
		Expect(execute("version")).To(Equal(outcome{0, version + "\n", ""}))
		By("with the flags of all commands, whether they can be followed or not")
		ignored := execute("version", "--config", "/nowhere", "--job", "uid", "--output", "json")
		Expect(ignored).To(Equal(outcome{0, version + "\n", ""}))
	})
})

var _ = DescribeTable("a wrong command line names what is wrong and the nearest help, and touches nothing [I10]",
	func(part, nearest string, args ...string) {
		folder := GinkgoT().TempDir()
		GinkgoT().Chdir(folder)
		out := execute(args...)
		Expect(out.code).To(Equal(cannotTell))
		Expect(out.stdout).To(BeEmpty())
		Expect(out.stderr).To(And(ContainSubstring(part), ContainSubstring(nearest)))
		Expect(filepath.Glob(filepath.Join(folder, "*"))).To(BeEmpty())
	},
	Entry("an unknown command before flags", `unknown command "migrat"; known are help, plan, precheck`, "migrate-mp2p COMMAND --help", "migrat", "--config", "x"),
	Entry("part of a command's name", `unknown command "ru"`, "migrate-mp2p COMMAND --help", "ru", "--config", "x"),
	Entry("cobra's completion", `unknown command "completion"`, "migrate-mp2p COMMAND --help", "completion", "bash"),
	Entry("cobra's hidden completion", `unknown command "__complete"`, "migrate-mp2p COMMAND --help", "__complete", "r"),
	Entry("an unknown help topic", `unknown help topic "migrate"`, "migrate-mp2p COMMAND --help", "help", "migrate"),
	Entry("two help topics", `unexpected argument "plan"`, "migrate-mp2p help --help", "help", "run", "plan"),
	Entry("flags alone", "no command given, and --config belongs to one", "migrate-mp2p COMMAND --help", "--config", "x"),
	Entry("an unknown flag", "unknown flag: --confg", "migrate-mp2p run --help", "run", "--confg", "x"),
	Entry("one dash", "unknown flag -config: write it with two dashes, --config", "migrate-mp2p plan --help", "plan", "-config", "x"),
	Entry("one dash and a value", "unknown flag -config: write it with two dashes, --config", "migrate-mp2p run --help", "run", "-config=x"),
	Entry("one dash before help", "unknown flag -help: write it with two dashes, --help", "migrate-mp2p run --help", "run", "-help"),
	Entry("a flag without its value", "flag needs an argument: --config", "migrate-mp2p status --help", "status", "--config"),
	Entry("a flag of plan for version", "--write-user-spec belongs to command plan, not to version", "migrate-mp2p version --help", "version", "--write-user-spec", "x"),
	Entry("an unknown output of version", "--output", "migrate-mp2p version --help", "version", "--output", "yaml"),
	Entry("an argument of version", `unexpected argument "x"`, "migrate-mp2p version --help", "version", "x"),
	Entry("an empty configuration", "run needs --config FILE", "migrate-mp2p run --help", "run", "--config", ""),
)

var _ = It("an unknown flag's value is not printed, since it may be a secret", func() {
	for _, flag := range []string{"--pasword=hush", "-config=hush", "-pasword=hush"} {
		Expect(execute("run", flag).stderr).NotTo(ContainSubstring("hush"))
	}
})
