package run_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/report"
	"nsx-mp2p/migrate-mp2p/internal/run"
)

// migrated is a foundation after a whole migration, whose errand gets a new VM with the same disk.
func migrated() *foundation {
	GinkgoHelper()
	f := newFoundation(1)
	Expect(f.execute(context.Background(), f.config()).Code).To(Equal(run.AllPolicy), f.out.String())
	return f
}

func (f *foundation) newVM() {
	GinkgoHelper()
	Expect(os.RemoveAll(filepath.Join(f.dir, "log"))).To(Succeed())
}

// inLog is the path of a file of a run in the log folder.
func (f *foundation) inLog(runID, name string) string {
	return filepath.Join(f.dir, "log", "runs", runID, name)
}

var _ = Describe("reports and id maps", func() {
	ctx := context.Background()

	DescribeTable("of earlier runs are brought back from the disk by every command on a new VM, which says where they lie [R21]",
		func(change func(*config.Config)) {
			f := migrated()
			want, err := os.ReadFile(f.inLog("run-001-2", "id-map.csv"))
			Expect(err).NotTo(HaveOccurred())
			f.newVM()
			c := f.config()
			change(c)
			out := f.execute(ctx, c)
			Expect(out.Earlier).To(Equal([]report.Papers{
				{Scope: "shared", Report: f.inLog("run-001-1", "report.txt"), IDMap: f.inLog("run-001-1", "id-map.csv")},
				{Scope: "ncp", Report: f.inLog("run-001-2", "report.txt"), IDMap: f.inLog("run-001-2", "id-map.csv")},
			}))
			Expect(f.out.String()).To(ContainSubstring("  newest id map of scope ncp: " + f.inLog("run-001-2", "id-map.csv") + "\n"))
			Expect(os.ReadFile(f.inLog("run-001-2", "id-map.csv"))).To(Equal(want))
			for _, name := range []string{"report.txt", "report.json", "report.html", "id-map.csv", "id-map.json"} {
				Expect(f.inLog("run-001-1", name)).To(BeAnExistingFile())
			}
		},
		Entry("run", func(c *config.Config) {}),
		Entry("run, disarmed", func(c *config.Config) { c.Migration.Enabled = false }),
		Entry("rollback", func(c *config.Config) { command(c, "rollback") }),
		Entry("plan", func(c *config.Config) { command(c, "plan") }),
		Entry("precheck", func(c *config.Config) { command(c, "precheck") }),
		Entry("status", func(c *config.Config) { command(c, "status") }),
		Entry("verify", func(c *config.Config) { command(c, "verify") }),
		Entry("status, while another process holds the records", func(c *config.Config) {
			command(c, "status")
			holder, err := records.Open(c.Records.Directory, records.Options{})
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(func() { Expect(holder.Close()).To(Succeed()) })
		}),
		Entry("run, which is refused", func(c *config.Config) {
			holder, err := records.Open(c.Records.Directory, records.Options{})
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(func() { Expect(holder.Close()).To(Succeed()) })
		}),
	)

	It("are named in the report of a later run, too, and that run's own are not named twice [R21]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
		f.newVM()
		out := f.execute(ctx, onlyNCP(f.config()))
		Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(out.IDMap).To(Equal(f.inLog("run-002-1", "id-map.csv")))
		Expect(out.Earlier).To(ConsistOf(report.Papers{Scope: "shared", Report: f.inLog("run-001-1", "report.txt"), IDMap: f.inLog("run-001-1", "id-map.csv")}))
		Expect(written("run-002-1", f).Outcome.Earlier).To(Equal(out.Earlier))
	})

	It("of the newest five runs are brought back, and the newest id map however old it is [R21]", func() {
		f := migrated()
		source := filepath.Join(f.dir, "records", "runs")
		for i := range 7 { // seven runs that were rolled back since
			id := fmt.Sprintf("later-%d", i)
			Expect(os.CopyFS(filepath.Join(source, id), os.DirFS(filepath.Join(source, "run-001-2")))).To(Succeed())
			path := filepath.Join(source, id, "archive.json")
			data, err := os.ReadFile(path)
			Expect(err).NotTo(HaveOccurred())
			var info records.ArchiveInfo
			Expect(json.Unmarshal(data, &info)).To(Succeed())
			info.Header.RunID, info.Header.State, info.Sequence = id, records.RolledBack, uint64(10+i)
			data, err = json.Marshal(info)
			Expect(err).NotTo(HaveOccurred())
			Expect(os.WriteFile(path, data, 0o600)).To(Succeed())
			Expect(os.Remove(filepath.Join(source, id, "id-map.csv.gz"))).To(Succeed())
		}
		f.newVM()
		out := f.execute(ctx, command(f.config(), "status"))
		Expect(out.Earlier).To(Equal([]report.Papers{
			{Scope: "shared", Report: f.inLog("run-001-1", "report.txt"), IDMap: f.inLog("run-001-1", "id-map.csv")},
			{Scope: "ncp", Report: f.inLog("later-6", "report.txt"), IDMap: f.inLog("run-001-2", "id-map.csv")},
		}))
		Expect(f.inLog("later-2", "report.txt")).To(BeAnExistingFile())
		Expect(f.inLog("later-1", "report.txt")).NotTo(BeAnExistingFile())
	})

	It("that cannot be brought back are a warning, and change nothing else [R18]", func() {
		f := migrated()
		f.newVM()
		Expect(os.WriteFile(filepath.Join(f.dir, "records", "runs", "run-001-2", "id-map.csv.gz"), []byte("broken"), 0o600)).To(Succeed())
		out := f.execute(ctx, command(f.config(), "status"))
		Expect(out.Code).To(BeZero(), f.out.String())
		Expect(f.out.String()).To(MatchRegexp(`WARNING: .*id-map.csv of the archive of run run-001-2`))
		Expect(out.Earlier[1]).To(Equal(report.Papers{Scope: "ncp", Report: f.inLog("run-001-2", "report.txt")}))

		Expect(os.WriteFile(filepath.Join(f.dir, "records", "runs", "run-001-1", "archive.json"), []byte("{"), 0o600)).To(Succeed())
		out = f.execute(ctx, command(f.config(), "status"))
		Expect(out.Code).To(BeZero(), f.out.String())
		Expect(f.out.String()).To(MatchRegexp(`WARNING: reports and id maps of earlier runs may be missing in the log folder: .*run-001-1`))
		Expect(out.Earlier).To(HaveLen(1), "those of the others are there")
	})

	It("of another cluster on the same disk are left where they are [I8]", func() {
		f := migrated()
		f.newVM()
		c := command(f.config(), "status")
		c.NCP.Cluster = "tas2"
		Expect(f.execute(ctx, c).Earlier).To(BeEmpty())
	})
})
