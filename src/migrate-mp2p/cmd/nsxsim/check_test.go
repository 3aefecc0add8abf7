package main

import (
	"context"
	"encoding/json"
	"errors"
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

var _ = Describe("nsxsim check --workloads", func() {
	const cluster = "shop"
	// file writes a file for a test.
	file := func(name, text string) string {
		GinkgoHelper()
		path := filepath.Join(GinkgoT().TempDir(), name)
		Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
		return path
	}
	// manifests are those of the model's cluster shop, or of another seed.
	manifests := func(args ...string) string {
		GinkgoHelper()
		out := execute(context.Background(), append([]string{"manifests", "--model", "kubernetes", "--cluster", cluster}, args...)...)
		Expect(out.code).To(Equal(exitOK), out.stderr)
		return file("manifests.yaml", out.stdout)
	}
	save := func(st *store.Store) string {
		GinkgoHelper()
		var text strings.Builder
		Expect(st.Save(&text)).To(Succeed())
		return file("state", text.String())
	}
	check := func(state string, args ...string) outcome {
		return execute(context.Background(), append([]string{"check", "--load", state, "--cluster", cluster}, args...)...)
	}
	// group is the state of a cluster with one group that is Policy and names a uid of its namespace, and the manifests of that.
	group := func(uid string) (state, workloads string) {
		GinkgoHelper()
		st := store.New(1)
		tags := func(pairs ...string) []any {
			var all []any
			for i := 0; i < len(pairs); i += 2 {
				all = append(all, map[string]any{"scope": pairs[i], "tag": pairs[i+1]})
			}
			return all
		}
		const path = "/infra/domains/default/groups/g"
		Expect(st.Update(func(tx *store.Tx) error {
			_, router := tx.Manager().PutFields("logical-routers/t1", map[string]any{"id": "t1", "resource_type": "LogicalRouter", "tags": tags("ncp/cluster", cluster)})
			_, manager := tx.Manager().PutFields("ns-groups/m", map[string]any{"id": "m", "resource_type": "NSGroup", "_create_user": "nsx_policy",
				"tags": tags("ncp/cluster", cluster, "ncp/version", "1.1.0", "ncp/project", "site", "policyPath", path)})
			_, policy := tx.Policy().PutFields(path, map[string]any{"id": "g", "resource_type": "Group", "unique_id": "m",
				"tags": tags("ncp/cluster", cluster, "ncp/version", "1.2.0", "ncp/project", "site", "ncp/project_uid", uid)})
			return errors.Join(router, manager, policy)
		})).To(Succeed())
		return save(st), file("group.yaml", "kind: Namespace\napiVersion: v1\nmetadata: {name: site, uid: u1, annotations: {ncp/router_id: t1}}\n")
	}

	It("ends with 1 for a value that looks right and is another one", func() {
		state, workloads := group("u1")
		out := check(state, "--ready", "--workloads", workloads)
		Expect(out.code).To(Equal(exitOK), out.stdout+out.stderr)
		Expect(out.stdout).To(And(ContainSubstring("compared with "+workloads+" (1 namespaces"), HaveSuffix("ready for NCP\n")))

		state, workloads = group("u2")
		Expect(check(state, "--ready").code).To(Equal(exitOK), "any uid will do without workloads")
		for _, args := range [][]string{{"--ready"}, {}} {
			out = check(state, append(args, "--workloads", workloads)...)
			Expect(out.code).To(Equal(exitFindings))
			Expect(out.stdout).To(ContainSubstring(`/infra/domains/default/groups/g: project uid: tag ncp/project_uid must be "u1", it is "u2"`))
		}
		out = check(state, "--ready", "--workloads", workloads, "--output", "json")
		Expect(out.code).To(Equal(exitFindings))
		var found struct{ Workloads string }
		Expect(json.Unmarshal([]byte(out.stdout), &found)).To(Succeed())
		Expect(found.Workloads).To(HavePrefix(workloads))
	})

	It("takes what nsxsim manifests printed, and judges a cluster in Manager mode as without", func() {
		world, err := model.Kubernetes(1, 1, model.Options{Cluster: cluster})
		Expect(err).NotTo(HaveOccurred())
		st := store.New(1)
		Expect(nsxsim.LoadWorld(st, world)).To(Succeed())
		state := save(st)
		out := check(state, "--workloads", manifests())
		Expect(out.code).To(Equal(exitOK), out.stderr)
		Expect(out.stdout).To(HaveSuffix("verdict: all Manager, consistent\n"))
		Expect(check(state, "--ready", "--workloads", manifests()).code).To(Equal(exitFindings))
		for _, other := range []string{manifests("--seed", "2"), manifests("--of", cluster+"-other")} {
			out = check(state, "--workloads", other)
			Expect(out.code).To(Equal(exitFailed))
			Expect(out.stderr).To(And(ContainSubstring(other+", document "), ContainSubstring("another cluster")))
			Expect(out.stdout).To(BeEmpty())
		}
	})

	It("ends with 3, and names file and document, where the manifests are of no use", func() {
		state, _ := group("u1")
		for text, wanted := range map[string]string{
			"": "has no Namespace in its 0 documents",
			"kind: Namespace\napiVersion: v1\nmetadata: {name: site}\n":                                               "document 1: Namespace site has no metadata.uid",
			"kind: Namespace\napiVersion: v1\nmetadata: {name: a, uid: u, annotations: {ncp/router_id: t1}}\n---\n{{": "document 2: yaml: ",
			"kind: Namespace\napiVersion: v1\nmetadata: {name: a, uid: u, annotations: {ncp/router_id: t1}}\n":        "no Namespace site, which ns-groups/m is for",
		} {
			broken := file("broken.yaml", text)
			out := check(state, "--ready", "--workloads", broken)
			Expect(out.code).To(Equal(exitFailed), text)
			Expect(out.stderr).To(And(ContainSubstring(broken), ContainSubstring(wanted)))
		}
		Expect(check(state, "--workloads", "/nowhere/manifests.yaml").code).To(Equal(exitFailed))
	})
})
