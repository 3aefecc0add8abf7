package records_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"nsx-mp2p/migrate-mp2p/internal/records"
)

// manyUpdates is more than fits into the file of a small run.
const manyUpdates = 4000

func updatesFor(n int) func(func(records.Update) bool) {
	return func(yield func(records.Update) bool) {
		for i := range n {
			if !yield(update(fmt.Sprintf("object-%06d", i))) {
				return
			}
		}
	}
}

// smallDisk mounts a disk in memory on a folder, which only this process sees. Where that is not allowed, it
// says false.
func smallDisk(dir string) bool {
	return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") == nil &&
		unix.Mount("tmpfs", dir, "tmpfs", 0, "size=12m") == nil
}

// fill leaves no room on a small disk. Where there is none, it lets no file of this process become larger than
// the records are, which they meet as a full disk without its name.
func fill(dir string, small bool) error {
	if small {
		err := os.WriteFile(dir+"/filler", make([]byte, 16<<20), 0o600)
		if !errors.Is(err, unix.ENOSPC) {
			return fmt.Errorf("the disk is not full: %w", err)
		}
		return nil
	}
	info, err := os.Stat(databaseFile(dir))
	if err != nil {
		return err
	}
	signal.Ignore(unix.SIGXFSZ)
	limit := uint64(info.Size())
	return unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: limit, Max: limit})
}

// runOnFullDisk does a small run up to phase 3, then lets the disk be full and says what still works. With the
// argument "ballast" room was reserved before.
func runOnFullDisk(dir, arg string) error {
	small := smallDisk(dir)
	s, err := records.Open(dir, records.Options{Clock: clock})
	if err != nil {
		return err
	}
	if err := s.Create(header(), twoBatches()); err != nil {
		return err
	}
	if arg == "ballast" {
		if err := s.Reserve(manyUpdates * 512); err != nil {
			return err
		}
	}
	for _, step := range runSteps[1:8] {
		if err := step.does(s); err != nil {
			return err
		}
	}
	if err := fill(dir, small); err != nil {
		return err
	}
	say := func(what string, err error) {
		var full *records.ErrNoSpace
		switch {
		case err == nil:
			fmt.Println(what, "works")
		case errors.As(err, &full):
			fmt.Println(what, "finds no space")
		case !small:
			fmt.Println(what, "finds no space, and a limit that is no disk's")
		default:
			fmt.Println(what, err)
		}
	}
	say("reserving", s.Reserve(64<<20))
	say("updates", s.PutUpdates(updatesFor(manyUpdates)))
	say("state", s.Transition(records.RollingBack, nil))
	say("batch", s.SetBatch(1, records.BatchRollingBack, nil))
	say("undone", s.BatchUndone(1))
	say("verify", s.Verify())
	if h, _, err := s.Run(); err != nil || h.State != records.RollingBack {
		return fmt.Errorf("the run is %q: %w", h.State, err)
	}
	return s.Close()
}

var _ = Describe("a disk that fills up in phase 3", func() {
	outcome := func(arg string) []string {
		GinkgoHelper()
		cmd := child("full", GinkgoT().TempDir(), arg)
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
		if os.Getuid() != 0 {
			cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		}
		out, err := cmd.CombinedOutput()
		if errors.Is(err, syscall.EPERM) { // no namespaces here
			cmd = child("full", GinkgoT().TempDir(), arg)
			out, err = cmd.CombinedOutput()
		}
		Expect(err).NotTo(HaveOccurred(), string(out))
		lines := strings.ReplaceAll(strings.TrimSpace(string(out)), ", and a limit that is no disk's", "")
		return strings.Split(lines, "\n")
	}

	It("is told as such, and a rollback still works [R18] [I2]", func() {
		Expect(outcome("")).To(Equal([]string{
			"reserving finds no space", "updates finds no space", "state works", "batch works", "undone works", "verify works",
		}))
	})

	It("does not matter to the updates for which room was reserved [R18]", func() {
		Expect(outcome("ballast")).To(Equal([]string{
			"reserving finds no space", "updates works", "state works", "batch works", "undone works", "verify works",
		}))
	})
})

var _ = Describe("reserving room", func() {
	It("makes the file grow by it once, and leaves the records as they are", func() {
		dir := GinkgoT().TempDir()
		s := created(dir)
		before := snapshot(s)
		Expect(s.Reserve(20 << 20)).To(Succeed())
		grown := len(contents(dir))
		Expect(grown).To(BeNumerically(">", 20<<20))
		Expect(s.Reserve(20 << 20)).To(Succeed())
		Expect(len(contents(dir))).To(BeNumerically("<", grown+12<<20))
		Expect(snapshot(s)).To(Equal(before))
		Expect(s.Verify()).To(Succeed())
	})

	It("is enough for the updates of as many objects as were foreseen", func() {
		dir := GinkgoT().TempDir()
		s := created(dir)
		Expect(s.Reserve(manyUpdates*512 + 4<<20)).To(Succeed())
		walk(s, records.Migrated)
		size := len(contents(dir))
		Expect(s.PutUpdates(updatesFor(manyUpdates))).To(Succeed())
		for from := uint64(1); from <= manyUpdates; from += 500 {
			group, err := s.PendingUpdates(from, 500)
			Expect(err).NotTo(HaveOccurred())
			for i := range group {
				group[i].State = records.UpdateApplied
			}
			Expect(s.SetUpdates(group)).To(Succeed())
		}
		Expect(len(contents(dir))).To(Equal(size))
		_, applied, _, _, err := s.CountUpdates()
		Expect(err).NotTo(HaveOccurred())
		Expect(applied).To(Equal(manyUpdates))
	})
})

var _ = Describe("writing a plain file", func() {
	It("leaves the old content when the new one cannot be made [I10]", func() {
		file := GinkgoT().TempDir() + "/file"
		Expect(records.DurableWrite(file, []byte("old"))).To(Succeed())
		broken := errors.New("broken")
		Expect(records.DurableStream(file, func(w io.Writer) error {
			if _, err := w.Write([]byte("half")); err != nil {
				return err
			}
			return broken
		})).To(MatchError(broken))
		Expect(os.ReadFile(file)).To(Equal([]byte("old")))
		Expect(names(file)).To(Equal([]string{"file"}))
		Expect(records.DurableWrite(file, []byte("new"))).To(Succeed())
		Expect(os.ReadFile(file)).To(Equal([]byte("new")))
		Expect(mode(file)).To(BeEquivalentTo(0o600))
	})

	It("names the file that cannot be written", func() {
		Expect(records.DurableWrite("/nowhere/file", nil)).To(MatchError(ContainSubstring("/nowhere/file")))
	})
})

// names lists the folder in which a file lies.
func names(file string) []string {
	GinkgoHelper()
	entries, err := os.ReadDir(file[:strings.LastIndexByte(file, '/')])
	Expect(err).NotTo(HaveOccurred())
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return slices.Sorted(slices.Values(all))
}
