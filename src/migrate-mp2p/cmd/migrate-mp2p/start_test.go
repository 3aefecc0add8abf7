package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/sirupsen/logrus"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/report"
	"nsx-mp2p/migrate-mp2p/internal/wiring"
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
	Entry("a user spec written by another command", "--write-user-spec belongs to command plan", "run", "--config", "x", "--write-user-spec", "y"),
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

var _ = DescribeTable("the README says which platforms this release serves",
	func(platform string) {
		serves := "migrates"
		cfg := &config.Config{NCP: config.NCP{Platform: platform}}
		if platform != config.PlatformTAS {
			cfg.Kubernetes = config.Kubernetes{APIServer: "https://10.0.0.1:6443", Token: "t"}
		}
		if _, err := wiring.Platform(cfg, wiring.Parts{
			Report: report.New(report.Options{Out: io.Discard, Clock: time.Now}), Redact: &report.Redactor{}, Log: logrus.New(),
		}); err != nil {
			Expect(err).To(MatchError(ContainSubstring(platform)))
			serves = "refuses with exit code 3"
		}
		readme, err := os.ReadFile("../../../../README.md")
		Expect(err).NotTo(HaveOccurred())
		Expect(string(readme)).To(ContainSubstring("\n| `ncp.platform` | this release |\n"))
		Expect(string(readme)).To(ContainSubstring(fmt.Sprintf("\n| `%s` | %s |\n", platform, serves)))
	},
	Entry("TAS", "tas"),
	Entry("TKGI", "tkgi"),
	Entry("Kubernetes", "kubernetes"),
)
