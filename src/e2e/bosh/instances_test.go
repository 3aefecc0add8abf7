package bosh_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/apiserver"
)

// superuser is the principal identity as which TKGI writes, and with it the errand.
const superuser = "pks-nsx-t-superuser"

// controlPlane is a TKGI cluster whose errand is added by src/manifests/runtime-config-tkgi.yml to its three control plane
// instances. The manifest of the deployment somebody else has written. The Kubernetes API is a real one.
type controlPlane struct {
	*foundation
	uuid       string // of the cluster, in the names of the deployment and of NCP's cluster
	principal  struct{ Certificate, Key string }
	kubeconfig string
}

// newControlPlane starts NSX and the Kubernetes API of a cluster. Each spec has a cluster of its own, told apart by a digit.
func newControlPlane(ctx context.Context, digit int) controlPlane {
	GinkgoHelper()
	uuid := fmt.Sprintf("0a1b2c3d-0000-4000-8000-%012d", digit)
	cluster := []string{"--model", "tkgi", "--seed", "7", "--cluster", "pks-" + uuid}
	c := controlPlane{foundation: newFoundation("service-instance_"+uuid, append(cluster, "--principal", superuser)...), uuid: uuid}
	var ready struct {
		Principal *struct{ Certificate, Key string }
	}
	Expect(json.Unmarshal(c.read("ready.json"), &ready)).To(Succeed())
	c.principal = *ready.Principal
	c.serveKubernetes(ctx, cluster)
	c.uploadNCP()
	return c
}

// serveKubernetes starts the API of the cluster, and leaves on the VMs a kubeconfig as the controller manager's is, whose user
// Kubernetes itself lets list everything.
func (c *controlPlane) serveKubernetes(ctx context.Context, flags []string) {
	GinkgoHelper()
	manifests, err := exec.Command(filepath.Join(c.dir, "nsxsim"), append([]string{"manifests"}, flags...)...).Output()
	Expect(err).NotTo(HaveOccurred())
	c.workloads = filepath.Join(c.dir, "manifests.yaml")
	Expect(os.WriteFile(c.workloads, manifests, 0o600)).To(Succeed())
	server, err := apiserver.Start(ctx, apiserver.Options{Manifests: bytes.NewReader(manifests)})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(server.Stop()).To(Succeed()) })
	c.kubeconfig = filepath.Join(c.dir, "kubeconfig")
	Expect(os.WriteFile(c.kubeconfig, server.Config(server.AddToken("system:kube-controller-manager")), 0o600)).To(Succeed())
}

// nodes asks NSX in which mode the objects are that TKGI made for the network of the cluster's nodes.
func (c controlPlane) nodes() (manager, promoted int) {
	return c.countAll(`tags.scope:pks\/cluster AND tags.tag:`+quoted(c.uuid), func(map[string]bool) bool { return true })
}

// expectReady demands that NCP in Policy mode would find every uid, port and purpose that the cluster's workloads say, and
// that the network of the nodes went along.
func (c controlPlane) expectReady() {
	GinkgoHelper()
	c.foundation.expectReady()
	manager, promoted := c.nodes()
	Expect(manager).To(BeZero())
	Expect(promoted).To(BeNumerically(">=", 5))
}

// uploadNCP uploads a release with a job like that of NCP, by which the runtime config finds the control plane.
func (c controlPlane) uploadNCP() {
	folder := GinkgoT().TempDir()
	for file, text := range map[string]string{
		"config/final.yml": "name: nsx-cf-cni\n", "config/blobs.yml": "{}\n",
		"jobs/ncp/spec": "name: ncp\ntemplates: {}\nproperties: {}\n", "jobs/ncp/monit": "",
		"jobs/node-agent/spec": "name: node-agent\ntemplates: {}\nproperties: {}\n", "jobs/node-agent/monit": "",
	} {
		path := filepath.Join(folder, file)
		Expect(os.MkdirAll(filepath.Dir(path), 0o755)).To(Succeed())
		Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
	}
	output, err := exec.Command("git", "init", "--quiet", folder).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(output))
	tarball := filepath.Join(folder, "ncp.tgz")
	expectBOSH("create-release", "--dir", folder, "--force", "--version", "1", "--tarball", tarball)
	expectBOSH("upload-release", tarball)
}

// deploy updates the runtime config, as it stands but for further properties, and deploys the manifest as its owner would.
func (c controlPlane) deploy(properties map[string]any) {
	GinkgoHelper()
	variables := c.write("vars.json", map[string]any{
		"release_version": "1", "deployments": []string{c.name}, "user_spec": string(c.read("user-spec.yaml")),
		"nsx_managers": []string{strings.TrimPrefix(c.nsx.URL, "https://")}, "nsx_ca_certificate": string(c.read("ca.pem")),
		"nsx_client_certificate": c.principal.Certificate, "nsx_client_key": c.principal.Key, "kubeconfig_file": c.kubeconfig,
	})
	operations := []map[string]any{}
	for path, value := range properties {
		operations = append(operations, map[string]any{
			"type": "replace", "path": "/addons/name=migrate-mp2p/jobs/name=migrate-mp2p/properties/" + path + "?", "value": value,
		})
	}
	expectBOSH("update-runtime-config", "--name", c.name, filepath.Join(manifests, "runtime-config-tkgi.yml"), "-l", variables, "-o", c.write("operations.json", operations))
	expectBOSH("-d", c.name, "deploy", c.manifest())
}

// write puts a value into a file, as YAML.
func (c controlPlane) write(name string, value any) string {
	text, err := json.Marshal(value) // which JSON is, too
	Expect(err).NotTo(HaveOccurred())
	file := filepath.Join(c.dir, name)
	Expect(os.WriteFile(file, text, 0o600)).To(Succeed())
	return file
}

// manifest is that of a cluster, as somebody else has written it.
func (c controlPlane) manifest() string {
	return c.write("manifest.json", map[string]any{
		"name": c.name, "releases": []any{map[string]any{"name": "nsx-cf-cni", "version": "latest"}},
		"instance_groups": []any{
			map[string]any{
				"name": "master", "instances": 3, "persistent_disk_type": "10GB",
				"jobs": []any{map[string]any{"name": "ncp", "release": "nsx-cf-cni", "properties": map[string]any{}}},
			},
			map[string]any{
				"name": "worker", "instances": 2, "persistent_disk_type": "10GB",
				"jobs": []any{map[string]any{"name": "node-agent", "release": "nsx-cf-cni", "properties": map[string]any{}}},
			},
		},
	})
}

// instance is an instance as the CLI names it.
func (c controlPlane) instance(index int) string {
	return theDirector.InstanceName(c.name, "master", index)
}

// outcomes are the results of an errand by the index of their instance.
func (c controlPlane) outcomes(output []byte) map[int]outcome {
	var printed table
	Expect(json.Unmarshal(output, &printed)).To(Succeed(), string(output))
	Expect(printed.Tables).To(HaveLen(1), string(output))
	results := map[int]outcome{}
	for _, row := range printed.Tables[0].Rows {
		for index := range 3 {
			if row.Instance == c.instance(index) {
				code, err := strconv.Atoi(row.ExitCode)
				Expect(err).NotTo(HaveOccurred())
				results[index] = outcome{Code: code, Stdout: row.Stdout, Text: strings.Join(printed.Lines, "\n")}
			}
		}
	}
	Expect(results).To(HaveLen(len(printed.Tables[0].Rows)), "the errand ran elsewhere than on the control plane")
	return results
}

// run runs the errand on all instances, or on those named, and waits for it.
func (c controlPlane) run(instances ...string) map[int]outcome {
	command := c.command()
	for _, instance := range instances {
		command.Args = append(command.Args, "--instance", instance)
	}
	output, err := command.Output()
	results := c.outcomes(output)
	allZero := true
	for _, result := range results {
		allZero = allZero && result.Code == 0
	}
	Expect(err == nil).To(Equal(allZero))
	return results
}

// lostOn2 kills instance 2 in the middle of a run, while it is the bootstrap one, and then makes that instance 0.
func (c controlPlane) lostOn2() {
	theDirector.SetBootstrap(c.name, 2)
	c.deploy(map[string]any{"migration/enabled": true, "migration/resources": "shared"})
	Expect(c.run()[2].Code).To(BeZero())
	c.deploy(map[string]any{"migration/enabled": true, "migration/resources": "ncp"})
	c.faults(middle)
	lost, output := c.start()
	c.waitForTheMiddle()
	Eventually(theDirector.Ended, "10m").WithArguments(c.name).Should(ConsistOf(c.instance(0), c.instance(1)), "they run side by side with the one that acts")
	found, err := theDirector.DeleteVM(c.name, "master", 2)
	Expect(err).NotTo(HaveOccurred())
	Expect(found).To(BeTrue())
	Expect(lost.Wait()).To(HaveOccurred())
	Expect(output.String()).To(ContainSubstring("VM is gone"))
	theDirector.SetBootstrap(c.name, 0)
	c.faults(`[]`)
}

const noWord = "exit code 0: NOT ACTING: this is no word about the migration, and no success"

var _ = Describe("bosh run-errand migrate-mp2p on three instances of a control plane", func() {
	It("migrates a TKGI cluster with the network of its nodes on the bootstrap one, and the others say that they do not act [R2] [R15] [R23] [R25]", func(ctx SpecContext) {
		c := newControlPlane(ctx, 1)
		c.deploy(nil)
		results := c.run()
		Expect(results).To(HaveLen(3))
		Expect(closing(results[0].Stdout)).To(ContainSubstring("DISARMED"))
		Expect(c.writes()).To(BeEmpty())

		By("arming it")
		c.deploy(map[string]any{"migration/enabled": true})
		results = c.run()
		Expect(results).To(HaveLen(3))
		Expect(results[0].Code).To(BeZero(), closing(results[0].Stdout))
		Expect(closing(results[0].Stdout)).To(ContainSubstring("exit code 0: all of the NCP-created objects"))
		for _, index := range []int{1, 2} {
			Expect(results[index].Code).To(BeZero())
			Expect(closing(results[index].Stdout)).To(ContainSubstring(noWord + "; instance " + c.instance(index)))
		}
		c.expectReady()
	})

	It("recovers on the one that was killed, to which the bootstrap one sends, and migrates when run again [R17] [R18] [R23] [I8]", func(ctx SpecContext) {
		c := newControlPlane(ctx, 2)
		before, _ := c.counts()
		nodesBefore, _ := c.nodes()
		Expect(nodesBefore).To(BeNumerically(">=", 5))
		c.lostOn2()

		By("holding NSX at its batch until the others have ended")
		running, output := c.start()
		Eventually(theDirector.Ended, "10m").WithArguments(c.name).Should(ConsistOf(c.instance(0), c.instance(1)))
		c.goOn()
		printed, err := output.afterwards(running)
		Expect(err).To(HaveOccurred())
		results := c.outcomes(printed)
		Expect(results[0].Code).To(Equal(1))
		Expect(closing(results[0].Stdout)).To(And(
			ContainSubstring("exit code 1: NOT ACTING: "), ContainSubstring("bosh -d "+c.name+" run-errand migrate-mp2p --instance "+c.instance(2))))
		Expect(results[1].Code).To(BeZero())
		Expect(closing(results[1].Stdout)).To(ContainSubstring(noWord))
		Expect(results[2].Code).To(Equal(2), closing(results[2].Stdout))
		manager, _ := c.counts()
		Expect(manager).To(Equal(before))
		nodes, _ := c.nodes()
		Expect(nodes).To(Equal(nodesBefore))

		results = c.run()
		Expect(results[0].Code).To(BeZero(), closing(results[0].Stdout))
		c.expectReady()
	})

	It("goes on where the operator is sent [R17] [R25]", func(ctx SpecContext) {
		c := newControlPlane(ctx, 3)
		c.lostOn2()
		c.goOn()
		results := c.run(c.instance(0))
		Expect(results[0].Code).To(Equal(1), closing(results[0].Stdout))
		results = c.run(c.instance(2))
		Expect(results).To(HaveLen(1))
		Expect(results[2].Code).To(Equal(2), closing(results[2].Stdout))
	})

	It("sends nobody in a circle when that instance has lost its disk, and takes over what NSX shows once told so [R20] [I10]", func(ctx SpecContext) {
		c := newControlPlane(ctx, 4)
		c.lostOn2()
		c.goOn()
		run := leaseOf(c.foundation)
		Expect(os.RemoveAll(theDirector.DiskDir(c.name, "master", 2))).To(Succeed())
		writes := len(c.writes())
		results := c.run()
		Expect(results[0].Code).To(Equal(1))
		Expect(closing(results[0].Stdout)).To(ContainSubstring("--instance " + c.instance(2)))
		Expect(closing(results[1].Stdout)).To(ContainSubstring(noWord))
		Expect(results[2].Code).To(Equal(1), "or it would look like success to whoever was sent here")
		Expect(closing(results[2].Stdout)).To(ContainSubstring("set nsx.break_lease to " + run + " and migration.adopt to true"))
		Expect(c.writes()).To(HaveLen(writes))

		c.deploy(map[string]any{"migration/enabled": true, "migration/resources": "ncp", "migration/adopt": true, "nsx/break_lease": run})
		results = c.run()
		Expect(results[0].Code).To(BeZero(), closing(results[0].Stdout))
		Expect(closing(results[2].Stdout)).To(ContainSubstring(noWord))
		c.expectReady()
	})

	It("is rendered on each instance from the runtime config as it stands, and refused at deploy without a Kubernetes API [R23]", func() {
		c := controlPlane{foundation: &foundation{name: "service-instance_0a1b2c3d-0000-4000-8000-0123456789ab", dir: GinkgoT().TempDir()}}
		c.uploadNCP()
		update := []string{"update-runtime-config", "--name", c.name, filepath.Join(manifests, "runtime-config-tkgi.yml"), "-l", filepath.Join(manifests, "vars-example.yml")}
		expectBOSH(update...)
		expectBOSH("-d", c.name, "deploy", c.manifest())

		expectBOSH(append(update, "-o", c.write("operations.json", []map[string]any{
			{"type": "remove", "path": "/addons/name=migrate-mp2p/jobs/name=migrate-mp2p/properties/kubernetes"},
		}))...)
		output, err := command("-d", c.name, "deploy", c.manifest()).CombinedOutput()
		Expect(err).To(HaveOccurred())
		Expect(string(output)).To(ContainSubstring("kubernetes.kubeconfig_file is missing: ncp.platform tkgi needs the Kubernetes API"))
	})
})

// leaseOf is the run that holds the lease.
func leaseOf(f *foundation) string {
	var lease struct {
		Tags []struct{ Scope, Tag string }
	}
	Expect(json.Unmarshal(f.request(http.MethodGet, "/policy/api/v1/infra/domains/default/groups/nsx-mp2p-lease", nil), &lease)).To(Succeed())
	for _, tag := range lease.Tags {
		if tag.Scope == "nsx-mp2p/run" {
			return tag.Tag
		}
	}
	Fail("nobody holds the lease")
	return ""
}
