package run_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"path"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// changedNSX is a foundation after a change of its world.
func changedNSX(change func(*model.World) error) *foundation {
	GinkgoHelper()
	world, err := model.TAS(1, 1, model.Options{Cluster: cluster})
	Expect(err).NotTo(HaveOccurred())
	Expect(change(world)).To(Succeed())
	st := store.New(1)
	Expect(nsxsim.LoadWorld(st, world)).To(Succeed())
	return serve(st)
}

// tagOfTKGI puts a tag that only TKGI writes on an object of the administrator.
func tagOfTKGI(w *model.World) error {
	for _, o := range w.Manager {
		if o.Collection == "ip-sets" {
			return w.Edit(o.Collection, o.ID, func(body map[string]any) {
				body["tags"] = []any{map[string]any{"scope": "pks/cluster", "tag": "pks-1"}}
			})
		}
	}
	return errors.New("there is no IP set")
}

// blockAtTheEdge lets the Tier-0's default firewall rule drop everything.
func blockAtTheEdge(w *model.World) error {
	for _, o := range w.Manager {
		if strings.HasPrefix(o.Collection, "firewall/sections/") && bytes.Contains(o.Body, []byte("Default LR Layer3 Rule")) {
			return w.Edit(o.Collection, o.ID, func(body map[string]any) { body["action"] = "DROP" })
		}
	}
	return errors.New("the Tier-0 has no firewall rule")
}

var _ = Describe("a run that must not start", func() {
	DescribeTable("writes nothing, says what stands in the way, and how to cure it [I4]",
		func(change func(*model.World) error, check, cure string) {
			f := changedNSX(change)
			out := f.execute(context.Background(), f.config())
			Expect(out.Code).To(Equal(run.AllManager), f.out.String())
			Expect(out.Failure).To(And(ContainSubstring("precheck "+check), ContainSubstring(cure)))
			Expect(f.writes(0)).To(BeEmpty())
		},
		Entry("a section of the administrator between NCP's [R8]",
			func(w *model.World) error { return w.AddSectionBetween(cluster, "between") }, "sections-in-between", "Move these sections"),
		Entry("a rule of the administrator inside NCP's section [R8]",
			func(w *model.World) error { return w.AddAdminRule(cluster, "rule") }, "foreign-rules", "Move these rules"),
		Entry("a virtual server with more than 255 rules [R9]",
			func(w *model.World) error { return w.AddLBRules(cluster, 256) }, "lb-rules", "several LoadBalancer CRDs"),
		Entry("an NSX that another product uses, too [R12]", tagOfTKGI, "single-product", "ask VMware support"),
	)

	It("stops at a port that NCP in Manager mode made after a migration, and goes on once that is gone [R18] [I4]", func() {
		f := newFoundation(1)
		Expect(f.execute(context.Background(), f.config()).Code).To(Equal(run.AllPolicy), f.out.String())
		late := f.createPort()
		since := len(f.server.Requests())
		out := f.execute(context.Background(), f.config())
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(out.Failure).To(And(ContainSubstring("precheck late-ports"), ContainSubstring(path.Base(late)), ContainSubstring("delete these ports in NSX")))
		Expect(f.writes(since)).To(BeEmpty())
		f.call(http.MethodDelete, late, nil)
		Expect(f.execute(context.Background(), f.config()).Code).To(Equal(run.AllPolicy), f.out.String())
	})

	It("over a load balancer without source-IP persistence ends in 3, writes nothing and names the cure [R10]", func() {
		f := newFoundation(1, func(o *options) { o.Nodes, o.VirtualAddress = 2, nsxsim.RoundRobin })
		out := f.execute(context.Background(), f.config())
		Expect(out.Code).To(Equal(run.CannotTell), f.out.String())
		Expect(out.Failure).To(ContainSubstring("source-IP persistence"))
		Expect(f.writes(0)).To(BeEmpty())
	})

	It("warns, and goes on, where rules on the Tier-0's gateway firewall may block containers [R11]", func() {
		f := changedNSX(blockAtTheEdge)
		out := f.execute(context.Background(), f.config())
		Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(f.out.String()).To(And(ContainSubstring("WARNING: precheck gateway-firewall"), ContainSubstring("NAT firewall match BYPASS")))
	})
})
