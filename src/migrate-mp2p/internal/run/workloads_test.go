package run_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/report"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/internal/workloads/workloadstest"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// kubeCluster is a simulated NSX with a cluster of Kubernetes or TKGI, and what runs on that.
type kubeCluster struct {
	*foundation
	world     *model.World
	platform  string
	name      string
	manifests []byte
	workloads *workloadstest.Platform
}

func newKubeCluster(platform string, options model.Options) *kubeCluster {
	GinkgoHelper()
	models := map[string]func(int, int64, model.Options) (*model.World, error){"kubernetes": model.Kubernetes, "tkgi": model.TKGI}
	world, err := models[platform](1, 1, options)
	Expect(err).NotTo(HaveOccurred())
	st := store.New(1)
	Expect(nsxsim.LoadWorld(st, world)).To(Succeed())
	f := serve(st)
	f.unjudged = true // by the judge of foundations; k.ready is stricter
	return clusterOf(f, platform, world, 0)
}

// clusterOf is one of the clusters of a world that is served.
func clusterOf(f *foundation, platform string, world *model.World, index int) *kubeCluster {
	GinkgoHelper()
	k := &kubeCluster{foundation: f, world: world, platform: platform, name: world.Foundations[index].Name, workloads: &workloadstest.Platform{}}
	for _, one := range world.Workloads {
		if one.Cluster == k.name {
			var text bytes.Buffer
			Expect(model.WriteManifests(&text, one)).To(Succeed())
			k.manifests = text.Bytes()
		}
	}
	k.without(nil)
	return k
}

// without takes workloads away.
func (k *kubeCluster) without(gone func(workloadstest.Object) bool) {
	GinkgoHelper()
	now, err := workloadstest.Cluster(k.manifests, gone)
	Expect(err).NotTo(HaveOccurred())
	k.workloads.Now = now
}

func (k *kubeCluster) config() *config.Config {
	c := k.foundation.config()
	c.NCP = config.NCP{Platform: k.platform, Cluster: k.name}
	return c
}

func (k *kubeCluster) run(ctx context.Context, c *config.Config) report.Outcome {
	GinkgoHelper()
	return k.execute(ctx, c, func(r *run.Runner) { r.Platform = k.workloads })
}

// ready is what the judge says who compares with the manifests.
func (k *kubeCluster) ready() *check.Report {
	GinkgoHelper()
	w, err := check.ReadWorkloads("manifests", bytes.NewReader(k.manifests))
	Expect(err).NotTo(HaveOccurred())
	r, err := check.InspectWith(k.state, k.name, check.Options{Workloads: w})
	Expect(err).NotTo(HaveOccurred())
	return r
}

func named(kind, namespace, name string) func(workloadstest.Object) bool {
	return func(o workloadstest.Object) bool {
		return o.Kind == kind && o.Metadata.Namespace == namespace && o.Metadata.Name == name
	}
}

var _ = Describe("a cluster of Kubernetes", func() {
	for _, platform := range []string{"kubernetes", "tkgi"} {
		for _, o := range []struct {
			text    string
			options model.Options
		}{
			{"with a Tier-1 for each namespace", model.Options{}},
			{"on one Tier-1", model.Options{SharedTier1: true}},
			{"with what is rare", model.Options{Rare: true}},
			{"on one Tier-1, with what is rare", model.Options{SharedTier1: true, Rare: true}},
		} {
			It(fmt.Sprintf("of platform %s %s migrates whole, and NCP finds every uid, port and purpose that it looks for [R2] [R13] [R15]", platform, o.text), func(ctx SpecContext) {
				k := newKubeCluster(platform, o.options)
				out := k.run(ctx, k.config())
				Expect(out.Code).To(Equal(run.AllPolicy), k.out.String())
				r := k.ready()
				var text bytes.Buffer
				Expect(r.WriteText(&text)).To(Succeed())
				Expect(r.Ready() && r.OK()).To(BeTrue(), text.String())
				Expect(k.workloads.Reads).To(Equal(3), "in phase 1, when NCP's objects are planned anew after the shared ones, and before phase 3")
			})
		}
	}

	DescribeTable("is not touched where a needed workload is gone, and both sides are named [I4] [R13]",
		func(ctx SpecContext, gone func(workloadstest.Object) bool, parts ...string) {
			k := newKubeCluster("kubernetes", model.Options{})
			k.without(gone)
			c := k.config()
			c.Migration.Resources = "ncp"
			out := k.migrateShared(ctx)
			Expect(out.Code).To(Equal(run.AllPolicy), k.out.String())
			before := k.copyState()
			out = k.run(ctx, c)
			Expect(out.Code).To(Equal(run.AllManager), k.out.String())
			for _, part := range parts {
				Expect(k.out.String()).To(ContainSubstring(part))
			}
			k.expectSame(before)
		},
		Entry("a namespace", named("Namespace", "", "team-0003"), "Namespace team-0003 is missing", "objects need it", "start NCP in Manager mode"),
		Entry("a service", named("Service", "team-0000", "gateway"), "Service team-0000/gateway is missing; 5 objects need it"),
		Entry("a network policy", func(o workloadstest.Object) bool {
			return o.Kind == "NetworkPolicy" && o.Metadata.Namespace == "team-0001"
		},
			"NetworkPolicy team-0001/", "objects need it"),
	)

	It("is rolled back whole where a needed workload is deleted while it is being migrated [R13] [R15] [R17]", func(ctx SpecContext) {
		k := newKubeCluster("kubernetes", model.Options{})
		Expect(k.migrateShared(ctx).Code).To(Equal(run.AllPolicy), k.out.String())
		before := k.copyState()
		k.fault(faults.Rule{Name: "phase 2", Method: "POST", Path: "/api/v1/migration/mp-to-policy", Nth: 3, Hook: func(faults.Call) {
			defer GinkgoRecover()
			k.without(named("Namespace", "", "team-0002"))
		}})
		c := k.config()
		c.Migration.Resources = "ncp"
		out := k.run(ctx, c)
		Expect(out.Code).To(Equal(run.AllManager), k.out.String())
		Expect(k.out.String()).To(ContainSubstring("Namespace team-0002 is missing"))
		Expect(check.Untouched(before, k.state, check.Except{Cluster: k.name})).To(BeEmpty())
	})

	It("counts pods that are gone or new as a warning that names their ports, and migrates all the same [R13]", func(ctx SpecContext) {
		k := newKubeCluster("kubernetes", model.Options{})
		var pods []workloadstest.Object
		k.without(func(o workloadstest.Object) bool {
			if o.Kind == "Pod" {
				pods = append(pods, o)
			}
			return o.Kind == "Pod" && len(pods) == 1
		})
		anew := pods[1].Metadata
		k.workloads.Now.AddPod(anew.Namespace, anew.Name, "10000000-0000-4000-8000-000000000001")
		Expect(k.run(ctx, k.config()).Code).To(Equal(run.AllPolicy), k.out.String())
		Expect(k.out.String()).To(And(
			ContainSubstring("ports whose pods are gone: 1 (%s", k.name+"-"+pods[0].Metadata.Namespace+"-"+pods[0].Metadata.Name),
			ContainSubstring("ports whose pods were made anew since: 1 (%s", k.name+"-"+anew.Namespace+"-"+anew.Name)))
		Expect(k.ready().NotReady).To(BeEmpty())
	})

	It("counts pods that go while it is being migrated, too [R13]", func(ctx SpecContext) {
		k := newKubeCluster("kubernetes", model.Options{})
		k.fault(faults.Rule{Name: "phase 2", Method: "POST", Path: "/api/v1/migration/mp-to-policy", BodyType: "LOGICAL_PORT", Nth: 1, Hook: func(faults.Call) {
			defer GinkgoRecover()
			k.without(func(o workloadstest.Object) bool { return o.Kind == "Pod" && o.Metadata.Namespace == "team-0001" })
		}})
		Expect(k.run(ctx, k.config()).Code).To(Equal(run.AllPolicy), k.out.String())
		phase3 := strings.LastIndex(k.out.String(), "phase 3: inferring updates")
		Expect(k.out.String()[:phase3]).NotTo(ContainSubstring("pods are gone"))
		Expect(k.out.String()[phase3:]).To(ContainSubstring("ports whose pods are gone: 40 (first "))
		Expect(k.ready().NotReady).To(BeEmpty())
	})

	It("needs no API server once its updates are known: phase 4 is taken up without one, and by what was true then [I2] [R19]", func(ctx SpecContext) {
		k := newKubeCluster("kubernetes", model.Options{})
		stopping, stop := context.WithCancel(ctx)
		defer stop()
		k.fault(faults.Rule{Name: "phase 4", Method: "PATCH", Path: "/policy/api/v1/infra", Nth: 2, Hook: func(faults.Call) { stop() }})
		Expect(k.run(stopping, k.config()).Code).To(Equal(run.Interrupted), k.out.String())
		k.fault()
		k.workloads.Err = errors.New("connection refused")
		Expect(k.run(ctx, k.config()).Code).To(Equal(run.AllPolicy), k.out.String())
		Expect(k.ready().NotReady).To(BeEmpty())
	})

	It("is rolled back without an API server [R17]", func(ctx SpecContext) {
		k := newKubeCluster("kubernetes", model.Options{})
		Expect(k.migrateShared(ctx).Code).To(Equal(run.AllPolicy), k.out.String())
		stopping, stop := context.WithCancel(ctx)
		defer stop()
		k.fault(faults.Rule{Name: "phase 2", Method: "POST", Path: "/api/v1/migration/mp-to-policy", Nth: 4, Hook: func(faults.Call) { stop() }})
		c := k.config()
		c.Migration.Resources = "ncp"
		Expect(k.run(stopping, c).Code).To(Equal(run.Interrupted), k.out.String())
		k.fault()
		k.workloads.Err = errors.New("connection refused")
		Expect(k.run(ctx, c).Code).To(Equal(run.AllManager), k.out.String())
	})

	It("is not touched where the API server cannot be read, and the reason is said [I4] [I10]", func(ctx SpecContext) {
		k := newKubeCluster("tkgi", model.Options{})
		before := k.copyState()
		k.workloads.Err = errors.New("dialing 10.0.0.1:8443: connection refused")
		out := k.run(ctx, k.config())
		Expect(out.Code).To(Equal(run.AllManager), k.out.String())
		Expect(k.out.String()).To(ContainSubstring("connection refused"))
		k.expectSame(before)
	})
})

// expectSame demands that NSX is what it was.
func (k *kubeCluster) expectSame(before *store.Store) {
	GinkgoHelper()
	Expect(check.Untouched(before, k.state, check.Except{})).To(BeEmpty())
}

// migrateShared brings the shared objects of the spec over.
func (k *kubeCluster) migrateShared(ctx context.Context) report.Outcome {
	GinkgoHelper()
	c := k.config()
	c.Migration.Resources = "shared"
	return k.run(ctx, c)
}
