package sdk_test

import (
	"context"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/programs"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// errand is migrate-mp2p on its machine, with an NSX within this process.
type errand struct {
	server  *nsxsim.Server
	machine *programs.Machine
}

func newErrand(server *nsxsim.Server) *errand {
	GinkgoHelper()
	e := &errand{server: server}
	dir := filepath.Join(GinkgoT().TempDir(), "machine")
	Expect(os.Mkdir(dir, 0o700)).To(Succeed())
	e.machine = built.NewMachine(dir, e)
	return e
}

// Ready says how the errand connects.
func (e *errand) Ready() programs.Ready {
	GinkgoHelper()
	foundations, err := nsxsim.Foundations(e.server.Store())
	Expect(err).NotTo(HaveOccurred())
	shared, err := nsxsim.Shared(e.server.Store())
	Expect(err).NotTo(HaveOccurred())
	return programs.Ready{
		URL: e.server.URL(), CA: string(e.server.CA()), Username: nsxsim.AdminUser, Password: e.server.Password(),
		Cluster: foundations[0].Name, Platform: foundations[0].Platform, Shared: shared,
	}
}

// run runs the errand for one scope while NSX misbehaves, to the end, and expects its exit code.
func (e *errand) run(ctx context.Context, scope string, code int, rules ...faults.Rule) {
	GinkgoHelper()
	Expect(e.server.Faults().Replace(rules)).To(Succeed())
	Expect(e.machine.Configure(programs.Changes{"migration.resources": scope})).To(Succeed())
	result, err := e.machine.Run(ctx, "run")
	Expect(err).NotTo(HaveOccurred())
	Expect(result.Code).To(Equal(code), result.Output)
	Expect(e.server.Faults().Replace(nil)).To(Succeed())
}
