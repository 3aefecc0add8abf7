package bosh_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// middle holds NSX at the fourth batch, which does not end before it is told to, so that a run can be met there.
const middle = `[{name: middle, path: "/api/v1/migration/plan", query: "action=continue", nth: 4, change: {coordinator: hold}}]`

// closing are the last lines of an errand's output.
func closing(stdout string) string {
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	return strings.Join(lines[max(0, len(lines)-25):], "\n")
}

var _ = Describe("bosh run-errand migrate-mp2p", func() {
	It("touches nothing before it is armed, since Ops Manager runs errands at each Apply Changes [R25] [I4]", func() {
		f := newFoundation("disarmed")
		f.deploy(nil)
		result := f.run()
		Expect(result.Code).To(Equal(0))
		Expect(closing(result.Stdout)).To(ContainSubstring("DISARMED"))
		Expect(f.writes()).To(BeEmpty())
		manager, promoted := f.counts()
		Expect(manager).To(BeNumerically(">", 100))
		Expect(promoted).To(BeZero())
	})

	It("plans without writing anything [R25] [I4]", func() {
		f := newFoundation("plan")
		f.deploy(nil, `migration/command="plan"`)
		result := f.run()
		Expect(result.Code).To(Equal(0), result.Stdout)
		Expect(f.writes()).To(BeEmpty())
	})

	It("infers a user spec, brings it home among the logs, and migrates with it [R3] [R25] [I4]", func() {
		f := newFoundation("inferred")
		spec := filepath.Join(f.dir, "user-spec.yaml")
		Expect(os.WriteFile(spec, []byte("version: 1\n"), 0o600)).To(Succeed())
		f.deploy([]string{"write-user-spec"})
		result := f.run()
		Expect(result.Code).To(Equal(0), result.Stdout)
		Expect(f.writes()).To(BeEmpty())
		inferred := ""
		for name, content := range f.logs() {
			if path.Base(name) == "user-spec.yaml" {
				inferred = content
			}
		}
		Expect(inferred).To(ContainSubstring("tier0_routers:"))

		Expect(os.WriteFile(spec, []byte(inferred), 0o600)).To(Succeed())
		f.deploy([]string{"arm"})
		result = f.run()
		Expect(result.Code).To(Equal(0), result.Stdout)
		manager, _ := f.counts()
		Expect(manager).To(BeZero())
	})

	It("migrates shared and NCP-created resources, keeps its archive on the disk, and has nothing to do when run again [R1] [R5] [R23] [R25]", func() {
		f := newFoundation("whole", "--requests-per-second", "100") // as NSX has it, and the errand as it is shipped
		f.shipped = true
		f.deploy([]string{"arm"})
		before, _ := f.counts()
		result := f.run()
		Expect(result.Code).To(Equal(0), result.Stdout)
		manager, promoted := f.counts()
		Expect(manager).To(BeZero())
		Expect(promoted).To(Equal(before))

		By("bringing log, plan and report home")
		logs := f.logs()
		Expect(logs).To(HaveKey(HaveSuffix(".log")))
		Expect(logs).To(HaveKey(HaveSuffix("report.json")))

		By("keeping the finished runs on the persistent disk, and no password anywhere [I7]")
		disk := f.disk()
		Expect(disk).To(HaveKey(HavePrefix("migrate-mp2p/runs/")))
		for name, content := range disk {
			Expect(content).NotTo(ContainSubstring(f.nsx.Password), name)
		}
		for name, content := range logs {
			Expect(content).NotTo(ContainSubstring(f.nsx.Password), name)
		}
		Expect(result.Stdout).NotTo(ContainSubstring(f.nsx.Password))

		By("finding nothing to do on a fresh VM")
		writes := len(f.writes())
		result = f.run()
		Expect(result.Code).To(Equal(0), result.Stdout)
		Expect(f.writes()).To(HaveLen(writes))
	})

	It("migrates the two scopes one after the other when told so [R5]", func() {
		f := newFoundation("scopes")
		f.deploy([]string{"arm", "scope-shared"})
		result := f.run()
		Expect(result.Code).To(Equal(0), result.Stdout)
		manager, promoted := f.counts()
		Expect(manager).To(BeNumerically(">", 100))
		Expect(promoted).To(BeZero(), "NCP's objects wait for their own run")

		f.deploy([]string{"arm", "scope-ncp"})
		result = f.run()
		Expect(result.Code).To(Equal(0), result.Stdout)
		manager, _ = f.counts()
		Expect(manager).To(BeZero())
	})

	It("rolls back and ends in 2 when a batch fails, and succeeds when run again [R14] [R18] [R19]", func() {
		f := newFoundation("batch-fails")
		f.deploy([]string{"arm", "scope-shared"})
		Expect(f.run().Code).To(Equal(0))
		f.deploy([]string{"arm", "scope-ncp"})
		f.faults(`[{path: "/api/v1/migration/mp-to-policy", nth: 3, status: 400, error_code: 36001, message: "made to fail"}]`)
		before, _ := f.counts()
		result := f.run()
		Expect(result.Code).To(Equal(2), result.Stdout)
		Expect(result.Text).To(ContainSubstring("completed with error (exit code 2)"))
		manager, _ := f.counts()
		Expect(manager).To(Equal(before))
		f.faults(`[]`)
		Expect(f.run().Code).To(Equal(0))
	})

	It("keeps refused updates and ends in 1, and sends them when run again [R16] [R19]", func() {
		f := newFoundation("updates-fail")
		f.deploy([]string{"arm"})
		f.faults(`[{method: PATCH, path: "/policy/api/v1/*", status: 400, error_code: 500012, message: "made to fail"}]`)
		result := f.run()
		Expect(result.Code).To(Equal(1), result.Stdout)
		Expect(result.Text).To(ContainSubstring("completed with error (exit code 1)"))
		f.faults(`[]`)
		result = f.run()
		for tries := 0; result.Code != 0 && tries < 3; tries++ {
			result = f.run()
		}
		Expect(result.Code).To(Equal(0), result.Stdout)
		manager, _ := f.counts()
		Expect(manager).To(BeZero())
	})

	It("ends in 3 when NSX cannot be reached, naming the cause [R18] [I10]", func() {
		f := newFoundation("unreachable")
		f.deploy([]string{"arm"})
		f.stop()
		result := f.run()
		Expect(result.Code).To(Equal(3), result.Stdout)
		Expect(result.Text).To(ContainSubstring("completed with error (exit code 3)"))
		Expect(closing(result.Stdout)).To(ContainSubstring(strings.TrimPrefix(f.nsx.URL, "https://")))
	})

	It("ends in 3 when the records would lie on the machine's own disk, and writes nothing [R18] [I1]", func() {
		f := newFoundation("no-disk")
		f.deploy([]string{"arm"}, `records/directory="/var/migrate-mp2p"`)
		result := f.run()
		Expect(result.Code).To(Equal(3), result.Stdout)
		Expect(closing(result.Stdout)).To(ContainSubstring("/var/migrate-mp2p"))
		Expect(f.writes()).To(BeEmpty())
	})

	It("rolls back on a fresh VM when its VM was destroyed in mid-run, and then migrates [R17] [R18] [R19] [R25] [I2]", func() {
		f := newFoundation("power-failure")
		f.deploy([]string{"arm", "scope-shared"})
		Expect(f.run().Code).To(Equal(0))
		f.deploy([]string{"arm", "scope-ncp"})
		before, _ := f.counts()

		f.faults(middle)
		lost, output := f.start()
		f.waitForTheMiddle()
		found, err := theDirector.DeleteVM(f.name, "migrate-mp2p", 0)
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeTrue())
		Expect(lost.Wait()).To(HaveOccurred())
		Expect(output.String()).To(ContainSubstring("VM is gone"))

		By("letting NSX end the batch, which nobody sees")
		f.faults(`[]`)
		f.goOn()
		result := f.run()
		Expect(result.Code).To(Equal(2), result.Stdout)
		manager, promoted := f.counts()
		Expect(manager).To(Equal(before))
		Expect(promoted).To(BeZero())

		result = f.run()
		Expect(result.Code).To(Equal(0), result.Stdout)
		manager, _ = f.counts()
		Expect(manager).To(BeZero())
	})

	It("ends in 143 within the agent's grace time when the task is cancelled, and recovers when run again [R18] [R19]", func() {
		f := newFoundation("cancelled")
		f.deploy([]string{"arm", "scope-shared"})
		Expect(f.run().Code).To(Equal(0))
		f.deploy([]string{"arm", "scope-ncp"})
		f.faults(middle)
		running, output := f.start()
		f.waitForTheMiddle()
		expectBOSH("cancel-task", f.task())
		result := parseOutcome(output.afterwards(running))
		Expect(result.Code).To(Equal(143), "the agent would have killed it after the grace time: %s", result.Stdout)
		Expect(result.Text).To(ContainSubstring("was canceled (exit code 143)"))

		f.faults(`[]`)
		f.goOn()
		Expect(f.run().Code).To(Equal(2))
	})

	It("prints far less than BOSH's limit of 1 MB for a very large foundation [R21]", func() {
		f := newFoundation("large", "--scale", cmp.Or(os.Getenv("MP2P_LARGE"), "20"))
		f.deploy([]string{"arm"})
		result := f.run()
		Expect(result.Code).To(Equal(0), closing(result.Stdout))
		Expect(len(result.Stdout)).To(BeNumerically("<", 200_000))
	})
})

var _ = Describe("The manifest", func() {
	It("and the runtime config have no variable without an example, with any of the operations [R23]", func() {
		runtime := []string{"int", path.Join(manifests, "runtime-config-tkgi.yml"), "--var-errs", "-l", path.Join(manifests, "vars-example.yml")}
		Expect(expectBOSH(runtime...)).To(ContainSubstring("service-instance_"))
		base := []string{"int", path.Join(manifests, "migrate-mp2p.yml"), "--var-errs", "-l", path.Join(manifests, "vars-example.yml")}
		Expect(expectBOSH(base...)).To(ContainSubstring("lifecycle: errand"))
		files, err := filepath.Glob(path.Join(manifests, "operations", "*.yml"))
		Expect(err).NotTo(HaveOccurred())
		Expect(files).NotTo(BeEmpty())
		for _, file := range files {
			Expect(expectBOSH(append(base, "-o", file)...)).To(ContainSubstring("lifecycle: errand"), file)
		}
	})
})

// buffer collects the CLI's output while it runs.
type buffer struct{ bytes.Buffer }

// afterwards waits for the CLI and returns its output and error.
func (b *buffer) afterwards(running *exec.Cmd) ([]byte, error) {
	err := running.Wait()
	return b.Bytes(), err
}

// start runs the errand in the background.
func (f *foundation) start() (*exec.Cmd, *buffer) {
	running, output := f.command(), &buffer{}
	running.Stdout = output
	Expect(running.Start()).To(Succeed())
	return running, output
}

// waitForTheMiddle waits until NSX is held at a batch; some of NCP's objects are in Policy mode then, and some are not.
func (f *foundation) waitForTheMiddle() {
	f.request(http.MethodGet, "/_nsxsim/coordinator?wait=10m", nil)
	manager, promoted := f.counts()
	Expect(manager).NotTo(BeZero())
	Expect(promoted).NotTo(BeZero())
}

// goOn lets NSX end the batch at which it was held.
func (f *foundation) goOn() {
	f.request(http.MethodPost, "/_nsxsim/coordinator", []byte("go-on"))
}

// task is the id of this foundation's running task.
func (f *foundation) task() string {
	var printed struct {
		Tables []struct {
			Rows []struct{ ID, Deployment string }
		}
	}
	Expect(json.Unmarshal([]byte(expectBOSH("tasks", "--json")), &printed)).To(Succeed())
	for _, row := range printed.Tables[0].Rows {
		if row.Deployment == f.name {
			return row.ID
		}
	}
	Fail(fmt.Sprintf("no task of %s is running", f.name))
	return ""
}
