package precheck_test

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/precheck"
)

// nodesInput is a cluster of TKGI that may be migrated.
func nodesInput() precheck.Input {
	_, in := goodInput()
	in.Platform = "tkgi"
	in.Inventory.Objects = append(in.Inventory.Objects,
		&inventory.Object{Ref: mp.Ref{Type: mp.LogicalSwitch, ID: "ls"}, Name: "nodes", Nodes: true, Owner: "superuser"},
		&inventory.Object{Ref: mp.Ref{Type: mp.LogicalPort, ID: "lp"}, Name: "node-1", Nodes: true, Tags: []mp.Tag{{Scope: "ncp/node_name", Tag: "n"}}})
	return in
}

func stray(id, why string) inventory.Unsupported {
	return inventory.Unsupported{ResourceType: "LogicalSwitch", ID: id, Name: "name of " + id, Why: why}
}

var _ = Describe("node-network", func() {
	It("is content with a network that moves as a whole, or is Policy already", func() {
		in := nodesInput()
		Expect(result(in, "node-network")).To(And(HaveField("Verdict", precheck.OK), HaveField("Text", "2 objects move with the cluster")))
		in.Inventory.Objects, in.Inventory.Policy = nil, in.Inventory.Objects
		Expect(result(in, "node-network").Verdict).To(Equal(precheck.OK))
	})

	It("names what stays behind, and why, and can be ignored", func() {
		in := nodesInput()
		for i := range 12 {
			in.Inventory.Strays = append(in.Inventory.Strays, stray(fmt.Sprintf("s%02d", i), "it has no tag ncp/cluster"))
		}
		r := result(in, "node-network")
		Expect(r.Verdict).To(Equal(precheck.Fail))
		Expect(r.Text).To(And(ContainSubstring("LogicalSwitch s00 (name of s00): it has no tag ncp/cluster"), HaveSuffix("and 2 more")))
		Expect(r.Cure).To(ContainSubstring("list it in the user spec"))
		in.Ignore = []string{"node-network"}
		Expect(result(in, "node-network").Ignored).To(BeTrue())
	})

	It("leaves out what the user spec moves before", func() {
		in := nodesInput()
		in.Inventory.Strays = []inventory.Unsupported{stray("listed", "it has no tag ncp/cluster")}
		in.Moving = func(id string) bool { return id == "listed" }
		Expect(result(in, "node-network").Verdict).To(Equal(precheck.OK))
	})

	It("warns where it finds no such network at all, since how it is told is assumed", func() {
		in := nodesInput()
		in.Inventory.Objects = in.Inventory.Objects[:1]
		Expect(result(in, "node-network")).To(And(HaveField("Verdict", precheck.Warn), HaveField("Text", ContainSubstring("none of its nodes' network moves"))))
	})

	DescribeTable("asks nothing of other platforms and scopes",
		func(platform string, scope mp.Scope, verdict precheck.Verdict) {
			in := nodesInput()
			in.Platform, in.Scope = platform, scope
			in.Inventory.Strays = []inventory.Unsupported{stray("s", "of no matter")}
			Expect(result(in, "node-network").Verdict).To(Equal(verdict))
		},
		Entry("tas", "tas", mp.NCP, precheck.OK),
		Entry("kubernetes", "kubernetes", mp.NCP, precheck.OK),
		Entry("shared", "tkgi", mp.Shared, precheck.Skipped),
	)
})

var _ = Describe("node-ports", func() {
	It("names the ports that move along without a tag, and only warns", func() {
		in := nodesInput()
		Expect(result(in, "node-ports").Verdict).To(Equal(precheck.OK))
		in.Inventory.Objects = append(in.Inventory.Objects,
			&inventory.Object{Ref: mp.Ref{Type: mp.LogicalPort, ID: "twin"}, Name: "node-1 (1)", Nodes: true})
		Expect(result(in, "node-ports")).To(And(HaveField("Verdict", precheck.Warn), HaveField("Text", ContainSubstring("node-1 (1) (twin)"))))
		in.Platform = "kubernetes"
		Expect(result(in, "node-ports").Verdict).To(Equal(precheck.OK))
	})
})

var _ = DescribeTable("ncp-stopped does not take a change of TKGI's objects by our own identity for NCP at work [R7]",
	func(by string, verdict precheck.Verdict) {
		in := nodesInput()
		in.Identity = "superuser"
		on := in.Inventory.Objects[len(in.Inventory.Objects)-2]
		on.Modified, on.ModifiedBy = ago(time.Second), by
		Expect(result(in, "ncp-stopped").Verdict).To(Equal(verdict))
	},
	Entry("TKGI's identity, which is ours", "superuser", precheck.OK),
	Entry("NCP", "ncp", precheck.Warn),
)
