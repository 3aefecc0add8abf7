package main

import (
	"context"
	"io"
	"os"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/spf13/pflag"
)

var _ = Describe("the help of nsxsim", func() {
	ctx := context.Background()
	codes := map[string][]int{
		"serve":     {exitOK, exitUsage, exitFailed},
		"manifests": {exitOK, exitUsage, exitFailed},
		"check":     {exitOK, exitFindings, exitUsage, exitFailed},
		"coverage":  {exitOK, exitUsage, exitFailed},
	}

	It("lists the commands", func() {
		for _, args := range [][]string{{"help"}, {"--help"}, {"-h"}} {
			out := execute(ctx, args...)
			Expect(out.code).To(Equal(exitOK))
			Expect(out.stderr).To(BeEmpty())
			Expect(out.stdout).To(And(ContainSubstring("\nUsage:\n  nsxsim COMMAND\n"), ContainSubstring("\nCommands:\n")))
			for _, command := range program(io.Discard, io.Discard).Commands() {
				Expect(codes).To(HaveKey(command.Name()))
				Expect(out.stdout).To(MatchRegexp(`(?m)^  %s +[a-z]`, command.Name()))
			}
		}
	})

	for name, ends := range codes {
		It("explains every flag and exit code of "+name, func() {
			out := execute(ctx, name, "--help")
			Expect(out.code).To(Equal(exitOK))
			Expect(out.stderr).To(BeEmpty())
			Expect(execute(ctx, "help", name)).To(Equal(out))
			Expect(out.stdout).To(ContainSubstring("\nExamples:\n  nsxsim " + name))

			command, _, err := program(io.Discard, io.Discard).Find([]string{name})
			Expect(err).NotTo(HaveOccurred())
			command.Flags().VisitAll(func(flag *pflag.Flag) {
				Expect(flag.Usage).NotTo(BeEmpty())
				Expect(out.stdout).To(MatchRegexp(`(?m)^ +(-\w, )?--%s( \S+)? {2,}\S`, flag.Name))
			})
			for _, code := range ends {
				Expect(out.stdout).To(MatchRegexp(`(?m)^  %s +\S`, strconv.Itoa(code)))
			}
		})
	}
})

var _ = DescribeTable("wrong usage of nsxsim names what is wrong and the nearest help, and touches nothing",
	func(part, nearest string, args ...string) {
		folder := GinkgoT().TempDir()
		GinkgoT().Chdir(folder)
		out := execute(context.Background(), args...)
		Expect(out.code).To(Equal(exitUsage))
		Expect(out.stdout).To(BeEmpty())
		Expect(out.stderr).To(And(HavePrefix("nsxsim: "), ContainSubstring(part), ContainSubstring(nearest)))
		Expect(os.ReadDir(folder)).To(BeEmpty())
	},
	Entry("no command", "no command given", "nsxsim COMMAND --help"),
	Entry("an unknown command before flags", `unknown command "serv"; known are check, coverage, help, manifests, serve`, "nsxsim COMMAND --help", "serv", "--save", "x"),
	Entry("a completion", `unknown command "completion"`, "nsxsim COMMAND --help", "completion", "bash"),
	Entry("an unknown help topic", `unknown help topic "nsx"`, "nsxsim COMMAND --help", "help", "nsx"),
	Entry("one dash", "unknown flag -requests: write it with two dashes, --requests", "nsxsim serve --help", "serve", "-requests", "x"),
	Entry("another command's flag", "--load belongs to command check, serve, not to coverage", "nsxsim coverage --help", "coverage", "--load", "x"),
	Entry("a value of another kind", `invalid argument "many" for "--nodes" flag`, "nsxsim serve --help", "serve", "--requests", "x", "--nodes", "many"),
	Entry("a duration without its unit", `missing unit in duration`, "nsxsim serve --help", "serve", "--requests", "x", "--latency", "5"),
	Entry("a value that there is not", `--model "huge"`, "nsxsim serve --help", "serve", "--requests", "x", "--model", "huge"),
	Entry("an address without a port", `--listen "nowhere"`, "nsxsim serve --help", "serve", "--requests", "x", "--listen", "nowhere"),
	Entry("a missing flag", "check needs --load and --cluster", "nsxsim check --help", "check", "--load", "x"),
	Entry("an unknown cluster", `"red" is none of`, "nsxsim manifests --help", "manifests", "--of", "red"),
)
