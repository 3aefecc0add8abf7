package stories_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/programs"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// stage is where a story plays: an NSX, and the errand's machine.
type stage struct {
	nsx     *programs.NSX
	machine *programs.Machine
	cluster *cluster // nil on TAS
	dir     string   // of the machine
	config  []programs.Changes
	output  strings.Builder // of all runs
	within  bool            // the steps of a Meanwhile are being carried out
}

func newStage(ctx context.Context, s story) *stage {
	GinkgoHelper()
	folder := GinkgoT().TempDir()
	st := &stage{dir: filepath.Join(folder, "machine")}
	nsxDir := filepath.Join(folder, "nsx")
	Expect(os.Mkdir(nsxDir, 0o700)).To(Succeed())
	Expect(os.Mkdir(st.dir, 0o700)).To(Succeed())
	var err error
	st.nsx, err = built.StartNSX(nsxDir, append([]string{"--load", build(nsxDir, s)}, s.NSX...)...)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(st.nsx.Stop()).To(Succeed()) })
	st.machine = built.NewMachine(st.dir, st.nsx)
	spec := s.UserSpec
	if spec == "" {
		spec = programs.UserSpec(without(st.nsx.Ready().Shared, s.Without))
	}
	Expect(os.WriteFile(st.machine.SpecFile(), []byte(spec), 0o600)).To(Succeed())
	st.cluster = clusterOf(ctx, s, folder)
	st.config = []programs.Changes{st.cluster.config(), st.addressed(s.Config)}
	if s.Disk != "" {
		st.mount(s.Disk)
	}
	return st
}

// build saves the changed foundation as a state that nsxsim can load.
func build(dir string, s story) string {
	GinkgoHelper()
	world := foundation(s.Model)
	for _, c := range s.World {
		Expect(c.apply(world)).To(Succeed())
	}
	objects := store.New(1)
	Expect(nsxsim.LoadWorld(objects, world)).To(Succeed())
	var state bytes.Buffer
	Expect(objects.Save(&state)).To(Succeed())
	path := filepath.Join(dir, "world")
	Expect(os.WriteFile(path, state.Bytes(), 0o600)).To(Succeed())
	return path
}

// mount puts a small disk under the records.
func (s *stage) mount(size string) {
	GinkgoHelper()
	dir := s.machine.RecordsDir()
	Expect(os.Mkdir(dir, 0o700)).To(Succeed())
	Expect(syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size)).To(Succeed(), "stories about disks mount one, which only root may do")
	DeferCleanup(func() { Expect(syscall.Unmount(dir, syscall.MNT_DETACH)).To(Succeed()) })
}

// play carries out the steps, and then looks for the password in all that was said and left.
func (s *stage) play(ctx context.Context, steps []step) {
	GinkgoHelper()
	s.carryOut(ctx, steps)
	s.expectNoSecrets()
}

func (s *stage) carryOut(ctx context.Context, steps []step) {
	GinkgoHelper()
	for i, one := range steps {
		By(fmt.Sprintf("step %d: %s", i+1, one))
		switch {
		case one.Run != "":
			s.run(ctx, one)
		case one.NSX == "stop":
			Expect(s.nsx.Stop()).To(Succeed())
		case one.NSX == "start":
			Expect(s.nsx.Start(one.Flags...)).To(Succeed())
		case one.Call != "":
			method, path, _ := strings.Cut(one.Call, " ")
			_, err := s.nsx.Call(method, path, []byte(one.Body))
			Expect(err).NotTo(HaveOccurred())
		case one.Workloads != "":
			s.cluster.change(ctx, one.Workloads)
		case one.Check != nil:
			s.check(*one.Check)
		case one.Disk != "":
			s.fill(one.Disk == "fill")
		}
	}
}

// String names a step in the report of a failure.
func (s step) String() string {
	for _, what := range []string{string(s.Run), string(s.NSX), s.Call, s.Workloads, string(s.Disk)} {
		if what != "" {
			return strings.TrimSpace(what + " " + s.At + " " + string(s.Then))
		}
	}
	return "check"
}

// run runs the errand as the step says.
func (s *stage) run(ctx context.Context, one step) {
	GinkgoHelper()
	s.config = append(s.config, s.addressed(one.Config))
	Expect(s.machine.Configure(s.config...)).To(Succeed())
	before := s.journal()
	outer := !s.within
	if outer {
		s.setFaults(one.Faults)
	}
	process, err := s.machine.Start(string(one.Run), one.Arguments...)
	Expect(err).NotTo(HaveOccurred())
	s.disturb(ctx, one, process)
	result, err := process.Wait(ctx)
	Expect(err).NotTo(HaveOccurred())
	s.release(one.At)
	s.output.WriteString(result.Output)
	AddReportEntry("migrate-mp2p "+one.String(), result.Output, ReportEntryVisibilityFailureOrVerbose)
	if outer {
		s.settle(ctx, len(before))
	}
	one.judge(result, s.journal()[len(before):])
	s.expectReady(one, result)
}

// expectReady demands that NCP could start where a run has said so: whatever the story is about, a code 0 must not lie.
func (s *stage) expectReady(one step, result programs.Result) {
	GinkgoHelper()
	waived := slices.ContainsFunc(s.config, func(c programs.Changes) bool { return c["migration.waive_updates"] != nil })
	if one.Run != "run" || result.Code != 0 || waived || !s.nsx.Running() || !strings.Contains(result.Output, "exit code 0: all of the NCP-created objects") {
		return
	}
	report, err := s.nsx.Check(s.nsx.Ready().Cluster, s.cluster.judging()...)
	Expect(err).NotTo(HaveOccurred())
	Expect(report.NotReady).To(BeEmpty(), "NCP was told that it may start")
}

// addressed fills in where NSX listens.
func (s *stage) addressed(changes programs.Changes) programs.Changes {
	GinkgoHelper()
	text, err := json.Marshal(changes)
	Expect(err).NotTo(HaveOccurred())
	address := strings.TrimPrefix(s.nsx.Ready().URL, "https://")
	var filled programs.Changes
	Expect(json.Unmarshal(bytes.ReplaceAll(text, []byte("${address}"), []byte(address)), &filled)).To(Succeed())
	return filled
}

// disturb waits for the rule that the step names, and does what the step says then.
func (s *stage) disturb(ctx context.Context, one step, process *programs.Process) {
	GinkgoHelper()
	if one.At == "" {
		return
	}
	Expect(s.nsx.WaitForHold(ctx, one.At, process)).To(Succeed())
	s.within = true
	s.carryOut(ctx, one.Meanwhile)
	s.within = false
	switch one.Then {
	case "kill":
		Expect(process.Kill()).To(Succeed())
	case "terminate":
		Expect(process.Terminate()).To(Succeed())
	case "":
		s.release(one.At)
	}
}

// release lets go what the rule holds. An NSX that was restarted meanwhile has forgotten its rules.
func (s *stage) release(rule string) {
	GinkgoHelper()
	if rule == "" || !s.nsx.Running() {
		return
	}
	rules, err := s.nsx.Faults()
	Expect(err).NotTo(HaveOccurred())
	if slices.ContainsFunc(rules, func(r faults.Status) bool { return r.Name == rule }) {
		Expect(s.nsx.Release(rule)).To(Succeed())
	}
}

// setFaults puts the step's rules in force, where there is an NSX. Steps within another one leave its rules alone.
func (s *stage) setFaults(rules []faults.Rule) {
	GinkgoHelper()
	if !s.nsx.Running() {
		Expect(rules).To(BeEmpty(), "an NSX that is stopped has no faults")
		return
	}
	text, err := json.Marshal(rules)
	Expect(err).NotTo(HaveOccurred())
	Expect(s.nsx.SetFaults([]byte("[]"))).To(Succeed()) // rules of the same name would go on counting
	Expect(s.nsx.SetFaults(text)).To(Succeed())
}

// settle waits until the requests that were disturbed are in the journal, too.
func (s *stage) settle(ctx context.Context, since int) {
	GinkgoHelper()
	if !s.nsx.Running() {
		return
	}
	Eventually(func(g Gomega) {
		rules, err := s.nsx.Faults()
		g.Expect(err).NotTo(HaveOccurred())
		acted := 0
		for _, r := range rules {
			acted += r.Acted
		}
		disturbed := 0
		for _, r := range s.journal()[since:] {
			if r.Fault != "" {
				disturbed++
			}
		}
		g.Expect(disturbed).To(BeNumerically(">=", acted)) // a restarted NSX has forgotten its rules
	}).WithContext(ctx).Should(Succeed())
}

func (s *stage) journal() []nsxsim.Request {
	GinkgoHelper()
	requests, err := s.nsx.Requests()
	Expect(err).NotTo(HaveOccurred())
	return requests
}

// judge compares what came out with what must come out.
func (e expected) judge(result programs.Result, requests []nsxsim.Request) {
	GinkgoHelper()
	Expect(result.Code).To(Equal(e.Code), "exit code; it said:\n%s", result.Output)
	if e.Effort > 0 {
		Expect(result.Effort).To(BeNumerically("<", e.Effort), "processor time")
	}
	if e.Last != "" {
		Expect(result.LastLine()).To(MatchRegexp(e.Last), "last line")
	}
	for _, text := range e.Says {
		Expect(result.Output).To(MatchRegexp(text))
	}
	for _, text := range e.Never {
		Expect(result.Output).NotTo(MatchRegexp(text))
	}
	if e.JSON {
		var last struct {
			Code *int `json:"code"`
		}
		Expect(json.Unmarshal([]byte(result.LastLine()), &last)).To(Succeed(), "last line: %s", result.LastLine())
		Expect(last.Code).To(HaveValue(Equal(e.Code)))
	}
	if e.Writes != nil {
		var writes []string
		for _, r := range requests {
			if r.Writes() {
				writes = append(writes, r.Method+" "+r.Path+" "+r.Query)
			}
		}
		Expect(writes).To(HaveLen(*e.Writes), "requests that change NSX")
	}
	for _, c := range e.Requests {
		c.judge(requests)
	}
}

func (c counted) judge(requests []nsxsim.Request) {
	GinkgoHelper()
	set := &faults.Set{}
	Expect(set.Replace([]faults.Rule{c.Rule})).To(Succeed())
	for _, r := range requests {
		set.Check(faults.Call{Method: r.Method, Path: r.Path, Query: r.Query, User: r.User, Node: r.Node, Body: []byte(r.Body)})
	}
	what := fmt.Sprintf("requests %s %s %s %s", c.Method, c.Path, c.Query, c.Body)
	if c.AtLeast > 0 {
		Expect(set.Status()[0].Matched).To(BeNumerically(">=", c.AtLeast), what)
		return
	}
	Expect(set.Status()[0].Matched).To(Equal(c.Count), what)
}

// check asks nsxsim check where everything is.
func (s *stage) check(want checked) {
	GinkgoHelper()
	report, err := s.nsx.Check(s.nsx.Ready().Cluster, s.cluster.judging()...)
	Expect(err).NotTo(HaveOccurred())
	Expect(report.Inconsistencies).To(BeEmpty())
	for scope, side := range map[string]struct {
		want            side
		manager, policy int
		halfWay         []string
	}{
		"ncp":    {want.NCP, report.NCP.Manager, report.NCP.Policy, report.NCP.HalfWay},
		"shared": {want.Shared, report.Shared.Manager, report.Shared.Policy, report.Shared.HalfWay},
		"nodes":  {want.nodes(report.Platform), report.NodeNetwork.Manager, report.NodeNetwork.Policy, report.NodeNetwork.HalfWay},
	} {
		Expect(side.halfWay).To(BeEmpty(), "half-way objects of scope %s", scope)
		switch side.want {
		case "manager":
			Expect(side.policy).To(BeZero(), "Policy objects of scope %s", scope)
			Expect(side.manager).NotTo(BeZero(), "Manager objects of scope %s", scope)
		case "policy":
			Expect(side.manager).To(BeZero(), "Manager objects of scope %s", scope)
			Expect(side.policy).NotTo(BeZero(), "Policy objects of scope %s", scope)
		}
	}
	if want.Ready {
		Expect(report.NotReady).To(BeEmpty())
		Expect(report.Ready()).To(BeTrue())
	}
}

// fill uses up the records' disk, or gives back what it used.
func (s *stage) fill(full bool) {
	GinkgoHelper()
	path := filepath.Join(s.machine.RecordsDir(), "filler")
	if !full {
		Expect(os.Remove(path)).To(Succeed())
		return
	}
	file, err := os.Create(path)
	Expect(err).NotTo(HaveOccurred())
	for block := make([]byte, 1<<16); err == nil; {
		_, err = file.Write(block)
	}
	Expect(err).To(MatchError(syscall.ENOSPC))
	Expect(file.Close()).To(Succeed())
}

// expectNoSecrets looks for the password, and for the token of the Kubernetes API, in the output and in all files but the
// configuration, compressed ones included.
func (s *stage) expectNoSecrets() {
	GinkgoHelper()
	s.expectNowhere("the password", s.nsx.Ready().Password)
	if s.cluster != nil {
		s.expectNowhere("the token", s.cluster.Token)
	}
}

func (s *stage) expectNowhere(name, secret string) {
	GinkgoHelper()
	Expect(s.output.String()).NotTo(ContainSubstring(secret), "the output holds %s", name)
	err := filepath.WalkDir(s.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == s.machine.ConfigFile() {
			return err
		}
		content, err := plain(path)
		Expect(bytes.Contains(content, []byte(secret))).To(BeFalse(), "%s holds %s", path, name)
		return err
	})
	Expect(err).NotTo(HaveOccurred())
}

// plain reads a file, unpacked if it is compressed.
func plain(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(path, ".gz") {
		return content, err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", path, err)
	}
	text, err := io.ReadAll(unpacked)
	return text, errors.Join(err, unpacked.Close())
}
