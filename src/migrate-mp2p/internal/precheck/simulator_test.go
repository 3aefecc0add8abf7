package precheck_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/precheck"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("Run against the simulator", func() {
	const foundation = "tas1"

	// failed names the checks that fail on a TAS foundation after a change.
	failed := func(platform string, change func(*model.World) error) []string {
		GinkgoHelper()
		ctx := context.Background()
		world, err := model.TAS(1, 1, model.Options{Cluster: foundation})
		Expect(err).NotTo(HaveOccurred())
		Expect(change(world)).To(Succeed())
		state := store.New(1)
		Expect(nsxsim.LoadWorld(state, world)).To(Succeed())
		server, err := nsxsim.Start(nsxsim.Options{Store: state, Coordinator: coordinator.New(coordinator.Options{})})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(server.Close)
		ca := filepath.Join(GinkgoT().TempDir(), "ca.pem")
		Expect(os.WriteFile(ca, server.CA(), 0o600)).To(Succeed())
		client, err := nsx.New(nsx.Options{
			Managers: []nsx.Endpoint{{Address: strings.TrimPrefix(server.URL(), "https://")}}, Username: nsxsim.AdminUser, Password: server.Password(),
			CACertificate: ca, RequestsPerSecond: 10_000, ReadOnly: true,
		})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(client.Close)
		node, err := client.Connect(ctx, "")
		Expect(err).NotTo(HaveOccurred())
		types, err := catalog.New(nil)
		Expect(err).NotTo(HaveOccurred())
		inv, err := inventory.Retrieve(ctx, client, inventory.Query{Scope: mp.NCP, Cluster: foundation, Catalog: types})
		Expect(err).NotTo(HaveOccurred())
		results, err := precheck.Run(ctx, precheck.Input{
			API: client, Platform: platform, Cluster: foundation, Strategy: "all-down", Scope: mp.NCP, Node: node, Inventory: inv, Now: time.Now(),
			HalfWay: func(ctx context.Context) ([]inventory.HalfWay, error) {
				return inventory.FindHalfWay(ctx, client, types, "tas", foundation)
			},
		})
		Expect(err).NotTo(HaveOccurred())
		var names []string
		for _, r := range forbidding(results) {
			names = append(names, r.Name)
		}
		return names
	}

	DescribeTable("reads only, and finds what stands in the way [I4]",
		func(platform string, change func(*model.World) error, names ...string) {
			Expect(failed(platform, change)).To(ConsistOf(names))
		},
		Entry("nothing", "tas", func(*model.World) error { return nil }),
		Entry("a section of the administrator between NCP's [R8]", "tas",
			func(w *model.World) error { return w.AddSectionBetween(foundation, "between") }, "sections-in-between"),
		Entry("a rule of the administrator inside NCP's section [R8]", "tas",
			func(w *model.World) error { return w.AddAdminRule(foundation, "rule") }, "foreign-rules"),
		Entry("too many rules of a virtual server [R9]", "tas",
			func(w *model.World) error { return w.AddLBRules(foundation, 256) }, "lb-rules"),
		Entry("another product [R12]", "kubernetes", func(*model.World) error { return nil }, "single-product"),
	)
})
