package records_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"go.etcd.io/bbolt"

	"nsx-mp2p/migrate-mp2p/internal/records"
)

var _ = Describe("opening the records", func() {
	It("makes a folder and files that only their owner can read", func() {
		dir := filepath.Join(GinkgoT().TempDir(), "records")
		s := opened(dir)
		Expect(s.WriteStatus(records.Status{RunID: "run-1"})).To(Succeed())
		Expect(mode(dir)).To(Equal(fs.FileMode(0o700)))
		files, err := os.ReadDir(dir)
		Expect(err).NotTo(HaveOccurred())
		names := []string{}
		for _, f := range files {
			names = append(names, f.Name())
			Expect(mode(filepath.Join(dir, f.Name()))).To(Equal(fs.FileMode(0o600)), f.Name())
		}
		Expect(names).To(ConsistOf("records.db", "holder.json", "status.json"))
	})

	It("keeps what it finds", func() {
		dir := GinkgoT().TempDir()
		s := open(dir)
		Expect(s.Create(header(), twoBatches())).To(Succeed())
		before := snapshot(s)
		Expect(s.Close()).To(Succeed())
		Expect(snapshot(opened(dir))).To(Equal(before))
	})

	It("tells a second process who holds them and since when [I8]", func() {
		dir := GinkgoT().TempDir()
		pid, release := startHolder(dir)
		_, err := records.Open(dir, records.Options{Timeout: 100 * time.Millisecond})
		var locked *records.ErrLocked
		Expect(errors.As(err, &locked)).To(BeTrue(), "%v", err)
		Expect(locked.Holder.Who).To(Equal("run run-77 on vm-1"))
		Expect(locked.Holder.PID).To(Equal(pid))
		Expect(err.Error()).To(And(ContainSubstring(dir), ContainSubstring("run-77"), ContainSubstring("since 20")))

		_, err = records.OpenReadOnly(dir)
		Expect(errors.As(err, &locked)).To(BeTrue(), "%v", err)

		release()
		opened(dir)
	})

	It("lets go of the lock when its holder is killed", func() {
		dir := GinkgoT().TempDir()
		Expect(child("killed", dir, "before-commit:4").Run()).NotTo(Succeed())
		opened(dir)
	})

	It("waits for a holder that ends in time", func() {
		dir := GinkgoT().TempDir()
		_, release := startHolder(dir)
		done := make(chan error, 1)
		go func() {
			s, err := records.Open(dir, records.Options{Timeout: time.Minute})
			if err == nil {
				err = s.Close()
			}
			done <- err
		}()
		Consistently(done, "200ms").ShouldNot(Receive())
		release()
		Eventually(done, "30s").Should(Receive(BeNil()))
	})

	It("refuses a disk with less room than asked for, but opens unfinished records on it", func() {
		dir := GinkgoT().TempDir()
		_, err := records.Open(dir, records.Options{MinFree: 1 << 62})
		var full *records.ErrNoSpace
		Expect(errors.As(err, &full)).To(BeTrue(), "%v", err)
		Expect(full.Need).To(Equal(uint64(1 << 62)))

		s := open(dir)
		Expect(s.Create(header(), twoBatches())).To(Succeed())
		Expect(s.Close()).To(Succeed())
		s, err = records.Open(dir, records.Options{MinFree: 1 << 62})
		Expect(err).NotTo(HaveOccurred())
		Expect(s.Close()).To(Succeed())
	})

	It("refuses records of a later release and names it [I10]", func() {
		dir := GinkgoT().TempDir()
		s := open(dir)
		Expect(s.Create(header(), twoBatches())).To(Succeed())
		Expect(s.Close()).To(Succeed())
		rewriteHeader(dir, `"format":2`, `"format":3`)
		before := contents(dir)

		_, err := records.Open(dir, records.Options{})
		var newer *records.ErrNewer
		Expect(errors.As(err, &newer)).To(BeTrue(), "%v", err)
		Expect(*newer).To(Equal(records.ErrNewer{Format: 3, WrittenBy: "1.0.0"}))
		Expect(contents(dir)).To(Equal(before))
	})

	DescribeTable("reads the golden file of each format [I10]", func(format int) {
		data, err := os.ReadFile(fmt.Sprintf("testdata/format-%d.db", format))
		Expect(err).NotTo(HaveOccurred())
		dir := GinkgoT().TempDir()
		Expect(os.WriteFile(databaseFile(dir), data, 0o600)).To(Succeed())
		s := opened(dir)
		Expect(s.Verify()).To(Succeed())
		h, found, err := s.Run()
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeTrue())
		want := header()
		want.Format, want.State, want.Objects, want.Created, want.Updated = format, records.Applying, 3, began, began
		want.Leased = format == 1 // which did not record whether it took one
		Expect(h).To(Equal(want))
		Expect(left(s)).To(Equal("applying migrated 2 2"))
		request, err := s.Request(1)
		Expect(err).NotTo(HaveOccurred())
		Expect(request).To(Equal(plannedBatch("LOGICAL_SWITCH", "s1", "s2").Request))
		original, found, err := s.Original("LOGICAL_PORT", "p1")
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeTrue())
		Expect(original).To(Equal(plannedBatch("LOGICAL_PORT", "p1").Originals[0]))
		updates, err := s.PendingUpdates(1, 10)
		Expect(err).NotTo(HaveOccurred())
		Expect(updates[0].Delta).To(Equal(update("s1").Delta))
	},
		Entry("1", 1),
		Entry("2", 2),
	)
})

var _ = Describe("reading only", func() {
	It("creates nothing where there is nothing [I4]", func() {
		dir := filepath.Join(GinkgoT().TempDir(), "records")
		_, err := records.OpenReadOnly(dir)
		Expect(errors.Is(err, fs.ErrNotExist)).To(BeTrue(), "%v", err)
		Expect(dir).NotTo(BeADirectory())
	})

	It("reads everything and changes nothing", func() {
		dir := GinkgoT().TempDir()
		s := open(dir)
		Expect(s.Create(header(), twoBatches())).To(Succeed())
		want := snapshot(s)
		Expect(s.Close()).To(Succeed())
		before := contents(dir)

		reader, err := records.OpenReadOnly(dir)
		Expect(err).NotTo(HaveOccurred())
		Expect(snapshot(reader)).To(Equal(want))
		Expect(reader.Verify()).To(Succeed())
		Expect(reader.Transition(records.Initiating, nil)).NotTo(Succeed())
		Expect(reader.Close()).To(Succeed())
		Expect(contents(dir)).To(Equal(before))
	})
})

var _ = Describe("the folder's disk", func() {
	mounts := func(lines ...string) func() ([]byte, error) {
		return func() ([]byte, error) { return []byte(strings.Join(lines, "\n") + "\n"), nil }
	}
	root := "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw"

	attempt := func(dir string, info func() ([]byte, error)) error {
		s, err := records.Open(dir, records.Options{RequireMount: true, MountInfo: info})
		if err == nil {
			err = s.Close()
		}
		return err
	}

	It("may be a mounted one, also with a blank in its path and behind a symbolic link", func() {
		base := GinkgoT().TempDir()
		store := filepath.Join(base, "a store")
		Expect(os.Mkdir(store, 0o755)).To(Succeed())
		Expect(os.Symlink(store, filepath.Join(base, "link"))).To(Succeed())
		disk := "30 22 8:16 / " + strings.ReplaceAll(store, " ", `\040`) + " rw shared:2 - ext4 /dev/sdb1 rw"
		Expect(attempt(filepath.Join(base, "link", "migrate-mp2p"), mounts(root, disk))).To(Succeed())
		Expect(filepath.Join(store, "migrate-mp2p", "records.db")).To(BeARegularFile())
	})

	DescribeTable("is refused, and nothing is made [I10]", func(lines []string, why string) {
		dir := filepath.Join(GinkgoT().TempDir(), "records")
		for i := range lines {
			lines[i] = strings.ReplaceAll(lines[i], "DIR", filepath.Dir(dir))
		}
		err := attempt(dir, mounts(lines...))
		var missing *records.ErrNotMounted
		Expect(errors.As(err, &missing)).To(BeTrue(), "%v", err)
		Expect(err.Error()).To(And(ContainSubstring(dir), ContainSubstring(why), ContainSubstring("records.require_mount")))
		Expect(dir).NotTo(BeADirectory())
	},
		Entry("when it is the machine's own", []string{root, "30 22 8:16 / /elsewhere rw - ext4 /dev/sdb1 rw"}, "nothing is mounted"),
		Entry("when only a folder with the same beginning is mounted", []string{root, "30 22 8:16 / DIR/rec rw - ext4 /dev/sdb1 rw"}, "nothing is mounted"),
		Entry("when it is memory", []string{root, "30 22 8:16 / DIR rw - tmpfs tmpfs rw"}, "memory"),
		Entry("when memory is mounted over the disk", []string{root, "30 22 8:16 / DIR rw - ext4 /dev/sdb1 rw", "31 22 8:17 / DIR rw - tmpfs tmpfs rw"}, "memory"),
	)

	It("is refused where BOSH mounts the disk that goes away with the VM [R23] [I10]", func() {
		ephemeral := "30 22 8:16 / /var/vcap/data rw - ext4 /dev/sdb1 rw"
		err := attempt("/var/vcap/data/migrate-mp2p-test/records", mounts(root, ephemeral))
		var missing *records.ErrNotMounted
		Expect(errors.As(err, &missing)).To(BeTrue(), "%v", err)
		Expect(err.Error()).To(And(ContainSubstring("ephemeral disk"), ContainSubstring("/var/vcap/store")))
		Expect("/var/vcap/data/migrate-mp2p-test").NotTo(BeADirectory())
	})

	It("is not guessed from mounts that cannot be understood [I10]", func() {
		Expect(attempt(GinkgoT().TempDir(), mounts(root, "nonsense"))).To(MatchError(ContainSubstring("line 2")))
		Expect(attempt(GinkgoT().TempDir(), func() ([]byte, error) { return nil, fs.ErrPermission })).To(MatchError(fs.ErrPermission))
	})

	DescribeTable("is examined without changing anything, and what is wrong with it keeps Open from working, too [R13] [I4] [I10]",
		func(make func(base string) (dir string, o records.Options), parts ...string) {
			base := GinkgoT().TempDir()
			dir, o := make(base)
			before := names(base + "/")
			found := records.Examine(dir, o)
			Expect(found).To(HaveLen(len(parts)), "%v", found)
			for i, part := range parts {
				Expect(found[i]).To(MatchError(ContainSubstring(part)))
			}
			Expect(names(base + "/")).To(Equal(before))
			s, err := records.Open(dir, o)
			if len(parts) == 0 {
				Expect(err).NotTo(HaveOccurred())
				Expect(s.Close()).To(Succeed())
				return
			}
			Expect(err).To(HaveOccurred())
		},
		Entry("nothing, where the folder can be made", func(base string) (string, records.Options) {
			return filepath.Join(base, "a", "b"), records.Options{MinFree: 1}
		}),
		Entry("nothing, where the records are", func(base string) (string, records.Options) {
			Expect(open(filepath.Join(base, "records")).Close()).To(Succeed())
			return filepath.Join(base, "records"), records.Options{MinFree: 1}
		}),
		Entry("a disk that is not mounted", func(base string) (string, records.Options) {
			return filepath.Join(base, "records"), records.Options{RequireMount: true, MountInfo: mounts(root)}
		}, "nothing is mounted"),
		Entry("a disk that is neither mounted nor large enough", func(base string) (string, records.Options) {
			return filepath.Join(base, "records"), records.Options{RequireMount: true, MountInfo: mounts(root), MinFree: 1 << 62}
		}, "nothing is mounted", "MiB are needed"),
		Entry("a file where the folder should be", func(base string) (string, records.Options) {
			Expect(os.WriteFile(filepath.Join(base, "file"), nil, 0o600)).To(Succeed())
			return filepath.Join(base, "file"), records.Options{}
		}, "is no folder"),
		Entry("a file on the way to the folder", func(base string) (string, records.Options) {
			Expect(os.WriteFile(filepath.Join(base, "file"), nil, 0o600)).To(Succeed())
			return filepath.Join(base, "file", "records"), records.Options{}
		}, "not a directory"),
	)

	It("is read from the machine by default", func() {
		dir := GinkgoT().TempDir()
		err := attempt(dir, nil)
		if err != nil { // depends on where this machine keeps temporary files
			var missing *records.ErrNotMounted
			Expect(errors.As(err, &missing)).To(BeTrue(), "%v", err)
		}
	})
})

var _ = Describe("damaged records", func() {
	var sound []byte
	var want string

	BeforeEach(func() {
		dir := GinkgoT().TempDir()
		s := open(dir)
		Expect(s.Create(header(), func(yield func(records.PlannedBatch) bool) {
			for i := range 20 {
				ids := []string{}
				for j := range 20 {
					ids = append(ids, fmt.Sprintf("s%d-%d", i, j))
				}
				if !yield(plannedBatch("LOGICAL_SWITCH", ids...)) {
					return
				}
			}
		})).To(Succeed())
		want = snapshot(s)
		Expect(s.Close()).To(Succeed())
		sound = contents(dir)
	})

	// judge opens a changed file and says whether the damage was found. What is opened must be sound.
	judge := func(data []byte) *records.ErrDamaged {
		GinkgoHelper()
		dir := GinkgoT().TempDir()
		Expect(os.WriteFile(databaseFile(dir), data, 0o600)).To(Succeed())
		s, err := records.Open(dir, records.Options{})
		if err == nil {
			Expect(snapshot(s)).To(Equal(want))
			Expect(s.Close()).To(Succeed())
			return nil
		}
		var damaged *records.ErrDamaged
		Expect(errors.As(err, &damaged)).To(BeTrue(), "%v", err)
		Expect(err.Error()).To(ContainSubstring(databaseFile(dir)))
		Expect(contents(dir)).To(Equal(data), "the file must be left as it was found")
		return damaged
	}

	It("are noticed wherever a byte differs, unless the byte is in no use [I10]", func() {
		random := rand.New(rand.NewPCG(1, 2))
		found := 0
		const metaPages = 2 * 4096 // with one of these damaged, bbolt goes by the other one, as after a power cut
		for range 150 {
			data := slices.Clone(sound)
			at := metaPages + random.IntN(len(data)-metaPages)
			data[at] ^= byte(1 + random.IntN(255))
			if judge(data) != nil {
				found++
			}
		}
		Expect(found).To(BeNumerically(">", 30))
	})

	It("are named by bucket and row [I10]", func() {
		at := strings.LastIndex(string(sound), "hash-s7-13")
		data := slices.Clone(sound)
		data[at] = 'H'
		damaged := judge(data)
		Expect(damaged).NotTo(BeNil())
		Expect(damaged.Bucket).To(Equal("originals"))
		Expect(damaged.Row).To(Equal("LOGICAL_SWITCH/s7-13"))
	})

	It("are noticed when the file is cut, overwritten or something else [I10]", func() {
		Expect(judge(sound[:len(sound)/2])).NotTo(BeNil())
		Expect(judge(sound[:100])).NotTo(BeNil())
		Expect(judge([]byte(strings.Repeat("not a database\n", 5000)))).NotTo(BeNil())
		Expect(judge(make([]byte, len(sound)))).NotTo(BeNil())
	})

	It("are noticed by Verify when rows do not agree", func() {
		dir := GinkgoT().TempDir()
		s := open(dir)
		Expect(s.Create(header(), twoBatches())).To(Succeed())
		Expect(s.Close()).To(Succeed())
		inFile(dir, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("requests")).Delete([]byte{0, 0, 0, 0, 0, 0, 0, 2}) })
		Expect(opened(dir).Verify()).To(MatchError(ContainSubstring("2 batches but 1 requests")))
	})
})

var _ = Describe("status.json", func() {
	It("can be read while the records are locked", func() {
		dir := GinkgoT().TempDir()
		s := opened(dir)
		_, found, err := records.ReadStatus(dir)
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeFalse())
		want := records.Status{RunID: "run-1", Scope: "ncp", State: records.Migrating, Title: "phase 2: migrating", Done: 3, Total: 9, What: "objects migrated"}
		Expect(s.WriteStatus(want)).To(Succeed())
		got, found, err := records.ReadStatus(dir)
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeTrue())
		want.PID, want.Updated = os.Getpid(), began
		Expect(got).To(Equal(want))
	})

	It("is named when it is not readable [I10]", func() {
		dir := GinkgoT().TempDir()
		Expect(os.WriteFile(filepath.Join(dir, "status.json"), []byte("{"), 0o600)).To(Succeed())
		_, _, err := records.ReadStatus(dir)
		Expect(err).To(MatchError(ContainSubstring("status.json")))
	})
})

func mode(path string) fs.FileMode {
	GinkgoHelper()
	info, err := os.Stat(path)
	Expect(err).NotTo(HaveOccurred())
	return info.Mode().Perm()
}

func contents(dir string) []byte {
	GinkgoHelper()
	data, err := os.ReadFile(databaseFile(dir))
	Expect(err).NotTo(HaveOccurred())
	return data
}

// inFile changes the file behind the back of the records.
func inFile(dir string, change func(*bbolt.Tx) error) {
	GinkgoHelper()
	db, err := bbolt.Open(databaseFile(dir), 0o600, nil)
	Expect(err).NotTo(HaveOccurred())
	Expect(db.Update(change)).To(Succeed())
	Expect(db.Close()).To(Succeed())
}
