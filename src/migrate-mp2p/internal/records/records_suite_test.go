package records_test

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

func TestRecords(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Records")
}

// childRole makes this test binary play another process; its arguments follow in childArg.
const (
	childRole = "RECORDS_TEST_ROLE"
	childArg  = "RECORDS_TEST_ARG"
)

// TestMain lets specs start this binary as another process: one that can be killed, hold a lock, or run under
// a limit that a whole test run could not bear.
func TestMain(m *testing.M) {
	roles := map[string]func(dir, arg string) error{
		"":       func(string, string) error { os.Exit(m.Run()); return nil },
		"hold":   holdLock,
		"killed": runUntilKilled,
		"full":   runOnFullDisk,
		// To make the golden file of a new format:
		// RECORDS_TEST_ROLE=golden RECORDS_TEST_DIR=<empty folder> go test ./internal/records
		"golden": func(dir, _ string) error { return wholeRun(dir, nil, records.Applying) },
	}
	if err := roles[os.Getenv(childRole)](os.Getenv("RECORDS_TEST_DIR"), os.Getenv(childArg)); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// child prepares this binary to play a role in a records folder.
func child(role, dir, arg string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childRole+"="+role, childArg+"="+arg, "RECORDS_TEST_DIR="+dir)
	return cmd
}

// holdLock opens the records, says so, and keeps them open until its input ends.
func holdLock(dir, _ string) error {
	s, err := records.Open(dir, records.Options{Holder: "run run-77 on vm-1"})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return s.Close()
}

// startHolder starts a process that holds the records until the returned function is called.
func startHolder(dir string) (pid int, release func()) {
	cmd := child("hold", dir, "")
	in, err := cmd.StdinPipe()
	Expect(err).NotTo(HaveOccurred())
	out, err := cmd.StdoutPipe()
	Expect(err).NotTo(HaveOccurred())
	Expect(cmd.Start()).To(Succeed())
	Expect(bufio.NewReader(out).ReadString('\n')).To(Equal("ready\n"))
	return cmd.Process.Pid, func() {
		Expect(in.Close()).To(Succeed())
		Expect(cmd.Wait()).To(Succeed())
	}
}

// runUntilKilled does a whole run and kills itself at the given failpoint, such as before-commit:3. That it does not get there is an error.
func runUntilKilled(dir, when string) error {
	err := wholeRun(dir, func(at records.Failpoint, n int) {
		if fmt.Sprintf("%s:%d", at, n) == when {
			if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
				fmt.Println(err)
			}
			select {} // until the signal arrives
		}
	}, "")
	return cmp.Or(err, fmt.Errorf("a whole run has no failpoint %s", when))
}

var began = time.Date(2024, 5, 1, 8, 0, 0, 0, time.UTC)

func clock() time.Time { return began }

func open(dir string) *records.Store {
	GinkgoHelper()
	s, err := records.Open(dir, records.Options{Clock: clock, Holder: "spec"})
	Expect(err).NotTo(HaveOccurred())
	return s
}

// opened is open for a spec that leaves closing to us.
func opened(dir string) *records.Store {
	GinkgoHelper()
	s := open(dir)
	DeferCleanup(func() { Expect(s.Close()).To(Succeed()) })
	return s
}

func header() records.Header {
	return records.Header{
		RunID: "run-1", ToolVersion: "1.0.0", Platform: "tas", Cluster: "cf", Scope: "ncp",
		NSXClusterID: "nsx-1", NodeID: "node-1", References: map[string]string{"pool": "/infra/ip-pools/pool"},
	}
}

// plannedBatch makes a batch of objects, each with its original and its place in the request.
func plannedBatch(kind string, ids ...string) records.PlannedBatch {
	b := records.PlannedBatch{Type: kind, Request: mp.Promotion{
		MigrationData: []mp.Resource{{Type: kind}}, SetupDetails: &mp.SetupDetails{PrincipalIdentity: "ncp"},
	}}
	for _, id := range ids {
		b.Entries = append(b.Entries, records.Entry{Type: kind, ID: id, PolicyPath: path(id)})
		b.Request.MigrationData[0].ResourceIDs = append(b.Request.MigrationData[0].ResourceIDs, mp.ResourceDetails{ManagerID: id, PolicyID: id})
		b.Originals = append(b.Originals, records.Original{
			Type: kind, ID: id, Hash: "hash-" + id, Name: "name-" + id, Tags: []mp.Tag{{Scope: "ncp/cluster", Tag: "cf"}},
		})
	}
	return b
}

func path(id string) string { return "/infra/segments/" + id }

func migratedObjects(kind string, ids ...string) []records.MigratedObject {
	var objects []records.MigratedObject
	for _, id := range ids {
		objects = append(objects, records.MigratedObject{Type: kind, ID: id, PolicyPath: path(id)})
	}
	return objects
}

func update(id string) records.Update {
	return records.Update{
		ResourceType: "Segment", Path: path(id), Type: "LOGICAL_SWITCH", ID: id,
		Delta: records.Delta{SetTags: []mp.Tag{{Scope: "ncp/subnet", Tag: id}}},
	}
}

// created opens records with a planned run of two batches: switches s1 and s2, and port p1.
func created(dir string) *records.Store {
	GinkgoHelper()
	s := opened(dir)
	Expect(s.Create(header(), twoBatches())).To(Succeed())
	return s
}

func twoBatches() func(func(records.PlannedBatch) bool) {
	return slices.Values([]records.PlannedBatch{plannedBatch("LOGICAL_SWITCH", "s1", "s2"), plannedBatch("LOGICAL_PORT", "p1")})
}

// walk moves the run to a state, along the way that a run without failures takes.
func walk(s *records.Store, to records.State) {
	GinkgoHelper()
	for _, state := range []records.State{
		records.Initiating, records.Migrating, records.Migrated, records.Inferred, records.Committing, records.Applying, records.Complete,
	} {
		Expect(s.Transition(state, nil)).To(Succeed())
		if state == to {
			return
		}
	}
}

// send moves a batch to the state in which NSX is migrating it.
func send(s *records.Store, seq uint64) {
	GinkgoHelper()
	for _, state := range []records.BatchState{records.BatchPosting, records.BatchStarting, records.BatchContinuing} {
		Expect(s.SetBatch(seq, state, nil)).To(Succeed())
	}
}

// snapshot is all that the records say, as text.
func snapshot(s *records.Store) string {
	GinkgoHelper()
	var all []any
	h, found, err := s.Run()
	Expect(err).NotTo(HaveOccurred())
	all = append(all, h, found)
	Expect(s.Batches(func(b records.Batch) error {
		request, err := s.Request(b.Seq)
		all = append(all, b, request)
		return err
	})).To(Succeed())
	Expect(s.Migrated(func(o records.MigratedObject) error { all = append(all, o); return nil })).To(Succeed())
	Expect(s.Originals(func(o records.Original) error { all = append(all, o); return nil })).To(Succeed())
	Expect(s.Updates(func(u records.Update) error { all = append(all, u); return nil })).To(Succeed())
	text, err := json.Marshal(all)
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}

func databaseFile(dir string) string { return filepath.Join(dir, "records.db") }
