package config_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
)

var tkgiKeys = []string{"fip_pool_ids", "nodes_ip_block_id", "t0_router_id"}

func parseTKGI(text string) ([]config.TKGIName, error) {
	return config.LoadTKGIConfiguration(file("tkgi-configuration.yaml", text), tkgiKeys)
}

var _ = Describe("TKGI's configuration", func() {
	It("names one object or several under a key, and each once", func() {
		names, err := parseTKGI("t0_router_id: t0-main\nfip_pool_ids: [pool-1, 7, pool-1]\nnodes_ip_block_id:\n")
		Expect(err).NotTo(HaveOccurred())
		Expect(names).To(Equal([]config.TKGIName{{Key: "t0_router_id", Name: "t0-main"}, {Key: "fip_pool_ids", Name: "pool-1"}, {Key: "fip_pool_ids", Name: "7"}}))
	})

	DescribeTable("may be empty", func(text string) {
		names, err := parseTKGI(text)
		Expect(err).NotTo(HaveOccurred())
		Expect(names).To(BeEmpty())
	}, Entry("nothing", ""), Entry("a comment", "# none\n"), Entry("a mark", "---\n"), Entry("empty lists", "fip_pool_ids: []\n"))

	DescribeTable("is refused with line, key and cure [I10]",
		func(text string, parts ...string) {
			_, err := parseTKGI(text)
			Expect(problemsOf(err)).To(HaveLen(1))
			for _, part := range append(parts, "tkgi-configuration.yaml") {
				Expect(err).To(MatchError(ContainSubstring(part)))
			}
		},
		Entry("an unknown key", "t0_router: a\n", "line 1", "t0_router: unknown key: known here are fip_pool_ids, nodes_ip_block_id, t0_router_id"),
		Entry("a key twice", "t0_router_id: a\nt0_router_id: b\n", "line 2", "t0_router_id: stands in line 1 already"),
		Entry("a mapping as value", "t0_router_id: {id: a}\n", "line 1", "t0_router_id: is a mapping (key: value): write a text"),
		Entry("an empty text in a list", "fip_pool_ids:\n- a\n- ''\n", "line 3", "fip_pool_ids[1]: is empty"),
		Entry("an alias", "t0_router_id: &a b\nnodes_ip_block_id: *a\n", "line 2", "is an alias"),
		Entry("a list", "- a\n", "line 1", "is a list (- item): write a mapping"),
		Entry("two documents", "t0_router_id: a\n---\nt0_router_id: b\n", "one document only"),
		Entry("no YAML", "t0_router_id: [a\n", "not YAML"),
	)

	It("is refused when it cannot be read", func() {
		_, err := config.LoadTKGIConfiguration("/does/not/exist.yaml", tkgiKeys)
		Expect(err).To(MatchError(ContainSubstring("/does/not/exist.yaml")))
	})
})
