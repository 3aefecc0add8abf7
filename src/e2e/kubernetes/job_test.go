package kubernetes_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/programs"
)

// jobPatience is how long a Job with all its pods may take; the job controller waits 10 s before the second pod, 20 s before
// the third.
const jobPatience = 5 * time.Minute

// foreignLease is a lease of another cluster's run.
const foreignLease = `{"resource_type": "Group", "id": "nsx-mp2p-lease", "display_name": "nsx-mp2p-lease",
 "tags": [{"scope": "nsx-mp2p/run", "tag": "run-from-elsewhere"}, {"scope": "nsx-mp2p/cluster", "tag": "other"}]}`

const leasePath = "/policy/api/v1/infra/domains/default/groups/nsx-mp2p-lease"

// refuseUpdates lets no update of phase 4 pass.
const refuseUpdates = `[{name: refuse, method: PATCH, path: /policy/api/v1/infra, status: 400, error_code: 500012, message: This is busy.}]`

var _ = Describe("The shipped manifests", func() {
	DescribeTable("are accepted by a real API server, with nothing in them that it does not know [R13]",
		func(ctx SpecContext, components ...string) {
			c := newCampaign(ctx)
			if len(components) > 0 {
				c.withComponents(components...)
			}
			Expect(yard.Apply(ctx, strings.NewReader(c.rendered(ctx)), true)).To(Succeed())
			c.kubectl(ctx, "apply", "--kustomize", filepath.Join(c.folder, "example"), "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict")
		},
		Entry("the base alone"),
		Entry("with the component for newer servers", "kubernetes-1.29"),
		Entry("with all components", "kubernetes-1.29", "check-pods"),
	)
})

var _ = Describe("The Job", func() {
	var c *campaign
	BeforeEach(func(ctx SpecContext) { c = newCampaign(ctx) })

	It("migrates a cluster under the shipped role, keeps its volume, and says what NCP's configuration needs [R2] [R13] [R15]", func(ctx SpecContext) {
		Expect(yard.Apply(ctx, strings.NewReader(`
apiVersion: v1
kind: PersistentVolume
metadata: {name: records}
spec:
  accessModes: [ReadWriteOnce]
  capacity: {storage: 5Gi}
  persistentVolumeReclaimPolicy: Delete
  claimRef: {namespace: nsx-system, name: nsx-ncp-migrate-mp2p}
  hostPath: {path: /records}
`), false)).To(Succeed())
		c.edit("images:\n", "patches:\n  - target: {kind: PersistentVolumeClaim}\n"+
			"    patch: |\n      - {op: add, path: /spec/volumeName, value: records}\nimages:\n")
		By("looking first: the example as it is, but for the address of NSX")
		c.configure(programs.Changes{"migration.enabled": false, "migration.command": "plan"})
		code, output := c.run(ctx)
		Expect(code).To(BeZero(), output)
		Expect(output).To(ContainSubstring("plan of scope ncp"))
		c.expectManager()

		By("migrating")
		c.arm()
		code, output = c.run(ctx)
		Expect(code).To(BeZero(), output)
		Expect(output).To(ContainSubstring("Kubernetes API https://"), "it reads the API by its own account")
		Expect(c.end(ctx, jobName)).To(HavePrefix("Complete"))
		c.expectMigrated()
		Expect(c.kubectl(ctx, "get", "persistentvolume", "records", "--output=jsonpath={.spec.persistentVolumeReclaimPolicy}")).To(Equal("Retain"))
		Expect(c.node.Claim(namespace, jobName)).To(BeADirectory())

		code, output = c.step(ctx, "show")
		Expect(code).To(BeZero(), output)
		Expect(output).To(ContainSubstring("exit code 0: "))
		code, output = c.step(ctx, "settings")
		Expect(code).To(BeZero(), output)
		Expect(output).To(ContainSubstring("policy_nsxapi = True"))
		Expect(output).To(ContainSubstring("top_tier_router = t0-main"))
		Expect(output).To(MatchRegexp(`TIER0 t0-main \(.*\) is now /infra/tier-0s/`))
	})

	It("ends in the codes of the program, each once, and a new one on the same volume goes on [R13] [R18] [R19]", func(ctx SpecContext) {
		expect := func(wanted int) string {
			GinkgoHelper()
			code, output := c.run(ctx)
			Expect(code).To(Equal(wanted), output)
			Expect(c.codes(ctx)).To(Equal([]int{wanted}), "the base runs one pod")
			return output
		}
		By("3: it cannot tell")
		c.configure(programs.Changes{"ncp.cluster": "another"})
		expect(3)
		c.configure(programs.Changes{"ncp.cluster": c.nsx.Ready().Cluster})

		By("2: all is Manager")
		_, err := c.nsx.Call(http.MethodPut, leasePath, []byte(foreignLease))
		Expect(err).NotTo(HaveOccurred())
		expect(2)
		c.expectManager()
		_, err = c.nsx.Call(http.MethodDelete, leasePath, nil)
		Expect(err).NotTo(HaveOccurred())

		By("143: it was told to end")
		s := c.held(ctx, holdBatch(4))
		Expect(c.node.Signal(namespace, c.pods(ctx, jobName)[0].Metadata.Name, syscall.SIGTERM)).To(Succeed())
		code, output := s.wait(ctx)
		Expect(code).To(Equal(143), output)
		Expect(c.end(ctx, jobName)).To(Equal("Failed BackoffLimitExceeded"))
		Expect(c.nsx.SetFaults([]byte("[]"))).To(Succeed())
		expect(2)
		c.expectManager()

		By("1: updates are pending")
		Expect(c.nsx.SetFaults([]byte(refuseUpdates))).To(Succeed())
		expect(1)
		code, output = c.step(ctx, "show")
		Expect(code).To(Equal(1))
		Expect(output).To(ContainSubstring("NCP may run in neither mode"))
		Expect(c.nsx.SetFaults([]byte("[]"))).To(Succeed())

		By("0: all is Policy")
		expect(0)
		c.expectMigrated()
	})

	It("whose pod was killed in mid-migration is followed by one that brings all back, and by one that migrates [R17] [R19]", func(ctx SpecContext) {
		s := c.held(ctx, holdBatch(4))
		Expect(c.node.Signal(namespace, c.pods(ctx, jobName)[0].Metadata.Name, syscall.SIGKILL)).To(Succeed())
		code, output := s.wait(ctx)
		Expect(code).To(Equal(137), output)
		Expect(c.nsx.SetFaults([]byte("[]"))).To(Succeed())
		code, output = c.run(ctx)
		Expect(code).To(Equal(2), output)
		c.expectManager()
		code, output = c.run(ctx)
		Expect(code).To(BeZero(), output)
		c.expectMigrated()
	})

	It("is not replaced while its pod runs, and other pods on its volume and on one of their own refuse to act [I8] [R17]", func(ctx SpecContext) {
		s := c.held(ctx, "[{name: middle, path: /api/v1/migration/mp-to-policy/workflow, query: INITIATE, nth: 1, hold: true}]")
		before := c.writes()
		code, output := c.run(ctx)
		Expect(code).To(Equal(3))
		Expect(output).To(ContainSubstring("still runs"))

		_, job, ok := strings.Cut(c.rendered(ctx), "kind: Job\n")
		Expect(ok).To(BeTrue())
		job, _, _ = strings.Cut("apiVersion: batch/v1\nkind: Job\n"+job, "\n---")
		another := func(name, claim string) (code int, output string) {
			GinkgoHelper()
			text := strings.Replace(job, "  name: "+jobName+"\n  namespace", "  name: "+name+"\n  namespace", 1)
			text = strings.Replace(text, "claimName: "+jobName, "claimName: "+claim, 1)
			Expect(yard.Apply(ctx, strings.NewReader(text), false)).To(Succeed())
			Eventually(c.end).WithContext(ctx).WithArguments(name).Should(HavePrefix("Failed "))
			one := c.pods(ctx, name)[0]
			log, err := c.node.Log(namespace, one.Metadata.Name)
			Expect(err).NotTo(HaveOccurred())
			return one.code(), string(log)
		}
		code, output = another("beside", jobName)
		Expect(code).To(Equal(3), output)
		Expect(yard.Apply(ctx, strings.NewReader("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: other, namespace: nsx-system}\n"+
			"spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Gi}}}\n"), false)).To(Succeed())
		code, output = another("apart", "other")
		Expect(code).To(Equal(2), output)
		Expect(output).To(ContainSubstring("NSX is in use by migration run"))
		Expect(c.writes()).To(Equal(before))

		Expect(c.nsx.Release("middle")).To(Succeed())
		code, output = s.wait(ctx)
		Expect(code).To(BeZero(), output)
		c.expectMigrated()
	})

	Context("with the component for newer servers", func() {
		BeforeEach(func() { c.withComponents("kubernetes-1.29") })

		DescribeTable("ends with its first pod when nobody can tell what another one would do better [R18]",
			func(ctx SpecContext, wanted int, prepare func(*campaign, context.Context)) {
				prepare(c, ctx)
				code, output := c.run(ctx)
				Expect(code).To(Equal(wanted), output)
				Expect(c.codes(ctx)).To(Equal([]int{wanted}))
				Expect(c.end(ctx, jobName)).To(Equal("Failed PodFailurePolicy"))
			},
			Entry("2", 2, func(c *campaign, _ context.Context) {
				_, err := c.nsx.Call(http.MethodPut, leasePath, []byte(foreignLease))
				Expect(err).NotTo(HaveOccurred())
			}),
			Entry("3", 3, func(c *campaign, _ context.Context) { c.configure(programs.Changes{"ncp.cluster": "another"}) }),
		)

		It("runs a further pod after 1, until there is an end [R18] [R19]", func(ctx SpecContext) {
			Expect(c.nsx.SetFaults([]byte(refuseUpdates))).To(Succeed())
			s := c.start(ctx, "run", filepath.Join(c.folder, "example"))
			// Whether a second pod meets the fault as well changes nothing but their number.
			Eventually(c.codes).WithContext(ctx).Should(ContainElement(1), s.Output)
			Expect(c.nsx.SetFaults([]byte("[]"))).To(Succeed())
			code, output := s.wait(ctx)
			Expect(code).To(BeZero(), output)
			Expect(c.codes(ctx)).To(HaveExactElements(c.ones(ctx)...))
			c.expectMigrated()
		})

		It("runs a further pod after 143, which brings all back and is the last one [R18] [R19]", func(ctx SpecContext) {
			s := c.held(ctx, holdBatch(4))
			Expect(c.node.Signal(namespace, c.pods(ctx, jobName)[0].Metadata.Name, syscall.SIGTERM)).To(Succeed())
			Eventually(c.codes).WithContext(ctx).Should(ContainElement(143), s.Output)
			Expect(c.nsx.SetFaults([]byte("[]"))).To(Succeed())
			code, output := s.wait(ctx)
			Expect(code).To(Equal(2), output)
			Expect(c.codes(ctx)).To(Equal([]int{143, 2}))
			c.expectManager()
		})
	})
})

// ones are the codes of a Job all of whose pods but the last end in 1.
func (c *campaign) ones(ctx context.Context) []any {
	GinkgoHelper()
	var all []any
	for range c.pods(ctx, jobName)[1:] {
		all = append(all, 1)
	}
	return append(all, 0)
}

var _ = DescribeTable("A step of the procedure that does not reach the cluster ends in 3, whatever kubectl ends in [R18]",
	func(ctx SpecContext, arguments ...string) {
		command := exec.CommandContext(ctx, "sh", append([]string{shipped + "/migrate.sh"}, arguments...)...)
		command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + GinkgoT().TempDir(), "KUBECTL=" + kubectlCommand() + " --token=unknown"}
		output, err := command.CombinedOutput()
		Expect(err).To(HaveOccurred(), string(output))
		Expect(command.ProcessState.ExitCode()).To(Equal(3), string(output))
	},
	Entry("stop", "stop"),
	Entry("run", "run", shipped+"/example"),
	Entry("show", "show"),
	Entry("settings", "settings"),
)

var _ = Describe("The step stop of the procedure", func() {
	var c *campaign
	BeforeEach(func(ctx SpecContext) {
		c = newCampaign(ctx)
		c.kubectl(ctx, "scale", "deployment", "nsx-ncp", "--replicas=2")
		Expect(yard.Apply(ctx, strings.NewReader(ncpPod), false)).To(Succeed())
	})

	// expectWaits expects that the step waits for NCP's pod although that is being deleted, and ends when it is gone.
	expectWaits := func(ctx SpecContext, s *script) string {
		GinkgoHelper()
		c.kubectl(ctx, "delete", "pod", "nsx-ncp-1", "--wait=false") // no kubelet of its node ends it
		Eventually(s.Output).WithContext(ctx).Should(ContainSubstring("waiting for NCP's pods to end"))
		Expect(s.Ended()).NotTo(BeClosed())
		c.kubectl(ctx, "delete", "pod", "nsx-ncp-1", "--force", "--grace-period=0")
		code, output := s.wait(ctx)
		Expect(code).To(BeZero(), output)
		return output
	}

	It("scales NCP down, waits until no pod of it is left, and can be repeated [R13]", func(ctx SpecContext) {
		s := c.start(ctx, "stop")
		Eventually(c.replicas).WithContext(ctx).Should(Equal("0"), s.Output)
		Expect(expectWaits(ctx, s)).To(ContainSubstring("had 2 replicas"))
		code, output := c.step(ctx, "stop")
		Expect(code).To(BeZero(), output)
	})

	It("leaves the Deployment to NCP's operator where that is, and tells it [R13]", func(ctx SpecContext) {
		Expect(yard.Apply(ctx, strings.NewReader(operator), false)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) {
			c.kubectl(ctx, "delete", "customresourcedefinition", "ncpinstalls.operator.nsx.vmware.com")
		})
		Eventually(func(ctx SpecContext) error { // a new kind is served by and by
			return yard.Apply(ctx, strings.NewReader("apiVersion: operator.nsx.vmware.com/v1\nkind: NcpInstall\n"+
				"metadata: {name: ncp-install, namespace: nsx-system-operator}\nspec: {ncpReplicas: 2}\n"), false)
		}).WithContext(ctx).Should(Succeed())
		s := c.start(ctx, "stop")
		Eventually(func(ctx SpecContext) string {
			return c.kubectl(ctx, "get", "ncpinstalls.operator.nsx.vmware.com", "ncp-install", "--namespace=nsx-system-operator",
				"--output=jsonpath={.spec.ncpReplicas}")
		}).WithContext(ctx).Should(Equal("0"), s.Output)
		expectWaits(ctx, s)
		Expect(c.replicas(ctx)).To(Equal("2"), "the operator would undo what others scale")
	})
})

// ncpPod is a pod of NCP's Deployment, on a node that the tests do not have.
const ncpPod = `
apiVersion: v1
kind: Pod
metadata: {name: nsx-ncp-1, namespace: nsx-system, labels: {tier: nsx-networking, component: nsx-ncp, pod-template-hash: abc}}
spec: {nodeName: elsewhere, containers: [{name: nsx-ncp, image: nsx-ncp}]}
`

// operator is what the procedure sees of NCP's operator.
const operator = `
apiVersion: v1
kind: Namespace
metadata: {name: nsx-system-operator}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ncpinstalls.operator.nsx.vmware.com}
spec:
  group: operator.nsx.vmware.com
  scope: Namespaced
  names: {kind: NcpInstall, listKind: NcpInstallList, plural: ncpinstalls, singular: ncpinstall}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {ncpReplicas: {type: integer}}}
`

func (c *campaign) replicas(ctx context.Context) string {
	GinkgoHelper()
	return c.kubectl(ctx, "get", "deployment", "nsx-ncp", "--output=jsonpath={.spec.replicas}")
}
