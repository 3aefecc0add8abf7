package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("nsxsim check", func() {
	// saved writes a small foundation into a file, changed by the test if it wants to.
	saved := func(name string, change func(*model.World)) string {
		GinkgoHelper()
		world, err := model.TAS(1, 1, model.Options{})
		Expect(err).NotTo(HaveOccurred())
		if change != nil {
			change(world)
		}
		st := store.New(1)
		Expect(nsxsim.LoadWorld(st, world)).To(Succeed())
		path := filepath.Join(GinkgoT().TempDir(), name)
		file, err := os.Create(path)
		Expect(err).NotTo(HaveOccurred())
		Expect(st.Save(file)).To(Succeed())
		Expect(file.Close()).To(Succeed())
		return path
	}
	check := func(args ...string) outcome {
		return execute(context.Background(), append([]string{"check"}, args...)...)
	}

	It("ends with 0 for a consistent state, in words and as JSON", func() {
		state := saved("state", nil)
		out := check("--load", state, "--cluster", "tas1")
		Expect(out.code).To(Equal(0), out.stderr)
		Expect(out.stdout).To(HaveSuffix("verdict: all Manager, consistent\n"))

		out = check("--load", state, "--cluster", "tas1", "--output", "json")
		var found struct {
			NCP struct{ Manager, Policy int }
		}
		Expect(json.Unmarshal([]byte(out.stdout), &found)).To(Succeed())
		Expect(found.NCP.Manager).To(BeNumerically(">", 400))
		Expect(found.NCP.Policy).To(BeZero())
	})

	It("ends with 1 for an inconsistent state, and when readiness is demanded of a foundation in Manager mode", func() {
		broken := saved("broken", func(world *model.World) {
			for _, pool := range world.In("loadbalancer/pools") {
				Expect(world.Remove("loadbalancer/pools", pool.ID)).To(Succeed())
			}
		})
		out := check("--load", broken, "--cluster", "tas1")
		Expect(out.code).To(Equal(1))
		Expect(out.stdout).To(ContainSubstring("which does not exist"))
		Expect(check("--load", saved("state", nil), "--cluster", "tas1", "--ready").code).To(Equal(1))
		Expect(check("--load", saved("state", nil), "--cluster", "unknown").code).To(Equal(1))
	})

	It("ends with 1 when something was touched that is none of the cluster's", func() {
		before := saved("before", nil)
		after := saved("after", func(world *model.World) {
			for _, group := range world.In("ns-groups") {
				if strings.Contains(string(group.Body), "jump-hosts") {
					Expect(world.Rename("ns-groups", group.ID, "renamed")).To(Succeed())
				}
			}
		})
		Expect(check("--load", after, "--cluster", "tas1").code).To(Equal(0))
		out := check("--load", after, "--cluster", "tas1", "--before", before)
		Expect(out.code).To(Equal(1))
		Expect(out.stdout).To(MatchRegexp("touched: ns-groups/.* was changed"))
	})

	DescribeTable("names what is wrong with the command line", func(code int, named string, args ...string) {
		out := check(args...)
		Expect(out.code).To(Equal(code))
		Expect(out.stderr).To(ContainSubstring(named))
	},
		Entry("no state", 2, "--load", "--cluster", "c"),
		Entry("no cluster", 2, "--cluster", "--load", "f"),
		Entry("an unknown format", 2, "xml", "--load", "f", "--cluster", "c", "--output", "xml"),
		Entry("a state that is not there", 3, "/nowhere", "--load", "/nowhere", "--cluster", "c"),
	)
})
