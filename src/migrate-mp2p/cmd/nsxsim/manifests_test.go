package main

import (
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("nsxsim manifests", func() {
	manifests := func(args ...string) outcome {
		return execute(context.Background(), append([]string{"manifests"}, args...)...)
	}

	It("prints the world of the model as Kubernetes manifests", func() {
		out := manifests("--model", "kubernetes", "--scale", "1", "--seed", "4", "--cluster", "blue")
		Expect(out.code).To(Equal(exitOK), out.stderr)
		for _, kind := range []string{"Node", "Namespace", "Secret", "Service", "Pod", "Ingress", "NetworkPolicy"} {
			Expect(out.stdout).To(ContainSubstring("\nkind: " + kind + "\n"))
		}
		Expect(out.stdout).To(ContainSubstring("host: team-0000.blue.example.com"))
		Expect(manifests("--model", "kubernetes", "--seed", "4", "--cluster", "blue").stdout).To(Equal(out.stdout))
	})

	It("prints those of another cluster of the same NSX", func() {
		out := manifests("--model", "kubernetes", "--cluster", "blue", "--cluster", "tkgi:pks-green", "--of", "pks-green")
		Expect(out.code).To(Equal(exitOK), out.stderr)
		Expect(out.stdout).To(ContainSubstring("host: team-0000.pks-green.example.com"))
		Expect(strings.Contains(out.stdout, "team-0000.blue")).To(BeFalse())
	})

	DescribeTable("says why it prints nothing", func(wanted string, args ...string) {
		out := manifests(args...)
		Expect(out.code).To(Equal(exitUsage))
		Expect(out.stdout).To(BeEmpty())
		Expect(out.stderr).To(ContainSubstring(wanted))
	},
		Entry("a platform without Kubernetes", `"tas1" is none of`, "--model", "tas"),
		Entry("an NSX without clusters", "is none of", "--model", "empty"),
		Entry("an unknown cluster", `"red" is none of the model's Kubernetes or TKGI clusters ["k8scluster" "k8scluster-other"]`, "--model", "kubernetes", "--of", "red"),
		Entry("an unknown model", `--model "huge"`, "--model", "huge"),
	)
})
