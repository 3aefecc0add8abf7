package main

import (
	"bytes"
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = DescribeTable("a command line that cannot be carried out ends in 3 and says what is wrong [I10]",
	func(part string, args ...string) {
		var stdout, stderr bytes.Buffer
		Expect(start(context.Background(), args, &stdout, &stderr)).To(Equal(cannotTell))
		Expect(stderr.String()).To(And(ContainSubstring(part), ContainSubstring("Usage")))
		Expect(stdout.String()).To(BeEmpty())
	},
	Entry("no command", "no command"),
	Entry("an unknown command", `"migrate"`, "migrate"),
	Entry("run without a configuration", "run needs --config", "run"),
	Entry("precheck without a configuration", "precheck needs --config", "precheck"),
	Entry("an unknown flag", "-confg", "run", "-confg", "x"),
	Entry("an argument too many", `"again"`, "run", "--config", "x", "again"),
	Entry("an unknown output", "--output", "run", "--config", "x", "--output", "yaml"),
)

var _ = DescribeTable("what needs no configuration ends in 0",
	func(command, part string) {
		var stdout, stderr bytes.Buffer
		Expect(start(context.Background(), []string{command}, &stdout, &stderr)).To(BeZero())
		Expect(stdout.String()).To(ContainSubstring(part))
	},
	Entry("version", "version", version),
	Entry("help", "help", "Usage"),
	Entry("-h", "-h", "Usage"),
)
