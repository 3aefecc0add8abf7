package report_test

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/report"
)

var _ = Describe("the beginning", func() {
	It("says what is about to happen to which NSX, and how to follow it", func() {
		s := newStage(nil)
		s.Start(report.Banner{
			Version: "1.2.3", Command: "run", Platform: "tas", Cluster: "cf", Scope: "ncp", Mode: "migration", RunID: "run-1",
			Manager: "nsx.example:443", NodeID: "node-1", NSXVersion: "4.1.2", Log: "/var/vcap/sys/log/migrate-mp2p",
		})
		Expect(s.lines()).To(Equal([]string{
			"migrate-mp2p 1.2.3: run",
			"  NSX Manager  nsx.example:443, NSX 4.1.2, node node-1",
			"  cluster      cf, platform tas",
			"  scope        ncp",
			"  mode         migration",
			"  run          run-1",
			"  log          /var/vcap/sys/log/migrate-mp2p/migrate-mp2p.log (to follow it: tail -f /var/vcap/sys/log/migrate-mp2p/migrate-mp2p.log)",
		}))
	})

	It("leaves out what is not known", func() {
		s := newStage(func(o *report.Options) { o.LogDir = "" })
		s.Start(report.Banner{Version: "1.2.3", Command: "plan"})
		Expect(s.lines()).To(Equal([]string{"migrate-mp2p 1.2.3: plan"}))
	})
})

var _ = Describe("progress in a pipe", func() {
	It("comes every few seconds in the first minute and every half minute later", func() {
		s := newStage(nil)
		s.Phase("phase 2: migrating")
		var at []int
		for second := range 200 {
			s.now = began.Add(time.Duration(second) * time.Second)
			s.Progress(second, 1000, "objects migrated")
			if len(s.lines()) > 0 {
				at = append(at, second)
			}
		}
		Expect(at).To(Equal([]int{0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 85, 115, 145, 175}))
	})

	It("says done, total, rate and time left", func() {
		s := newStage(nil)
		s.Progress(0, 1000, "objects migrated")
		Expect(s.lines()).To(Equal([]string{"  0/1000 objects migrated (0%)"}))
		s.now = s.now.Add(10 * time.Second)
		s.Progress(100, 1000, "objects migrated")
		Expect(s.lines()).To(Equal([]string{"  100/1000 objects migrated (10%), 10.0/s, about 1m30s left"}))
		s.now = s.now.Add(time.Second)
		s.Progress(1000, 1000, "objects migrated")
		Expect(s.lines()).To(Equal([]string{"  1000/1000 objects migrated (100%), 90.9/s"}))
	})

	It("does not guess the time left before one per cent is done", func() {
		s := newStage(nil)
		s.Progress(0, 10000, "objects")
		s.now = s.now.Add(10 * time.Second)
		s.Progress(99, 10000, "objects")
		Expect(s.lines()[1]).NotTo(ContainSubstring("left"))
		s.now = s.now.Add(10 * time.Second)
		s.Progress(200, 10000, "objects")
		Expect(s.lines()).To(Equal([]string{"  200/10000 objects (2%), 10.0/s, about 16m0s left"}))
	})

	It("does not count as its own speed what an earlier execution did", func() {
		s := newStage(nil)
		s.Progress(500, 1000, "objects")
		s.now = s.now.Add(10 * time.Second)
		s.Progress(510, 1000, "objects")
		Expect(s.lines()[1]).To(Equal("  510/1000 objects (51%), 1.0/s, about 8m10s left"))
	})

	It("knows work without a total, and slow work", func() {
		s := newStage(nil)
		s.Progress(7, 0, "objects found")
		Expect(s.lines()).To(Equal([]string{"  7 objects found"}))
		s.Progress(0, 10, "batches")
		s.now = s.now.Add(time.Minute)
		s.Progress(3, 10, "batches")
		Expect(s.lines()[1]).To(Equal("  3/10 batches (30%), 3.0/min, about 2m20s left"))
	})

	It("tells at once why nothing moves, and repeats it calmly", func() {
		s := newStage(nil)
		s.Progress(1, 10, "batches")
		s.lines()
		for range 4 {
			s.Waiting("NSX asked us to slow down")
			s.now = s.now.Add(time.Second)
		}
		Expect(s.lines()).To(Equal([]string{"  1/10 batches (10%); waiting: NSX asked us to slow down"}))
		s.Waiting("the index is behind")
		Expect(s.lines()).To(HaveLen(1))
		s.now = s.now.Add(6 * time.Second)
		s.Waiting("the index is behind")
		Expect(s.lines()).To(HaveLen(1))
	})

	It("reminds every ten minutes of what one may do", func() {
		s := newStage(nil)
		s.Phase("phase 2: migrating")
		for range 25 {
			s.now = s.now.Add(time.Minute)
			s.Progress(1, 10, "batches")
		}
		hints := 0
		for _, line := range s.lines() {
			if strings.Contains(line, "still at: phase 2: migrating, since 08:00:00 UTC") {
				hints++
			}
		}
		Expect(hints).To(Equal(2))
	})

	It("is told to whoever keeps status.json, with the reason of a wait", func() {
		s := newStage(nil)
		s.Phase("phase 4: applying updates")
		s.Progress(3, 9, "updates")
		s.Waiting("NSX is busy")
		Expect(s.status).To(Equal([]report.Status{
			{Phase: "phase 4: applying updates"},
			{Phase: "phase 4: applying updates", Done: 3, Total: 9, What: "updates"},
			{Phase: "phase 4: applying updates", Done: 3, Total: 9, What: "updates", Waiting: "NSX is busy"},
		}))
	})
})

var _ = Describe("progress on a terminal", func() {
	It("is one line that changes in place, and makes room for others", func() {
		s := newStage(func(o *report.Options) { o.Terminal = true })
		s.Progress(1, 10, "batches")
		s.now = s.now.Add(100 * time.Millisecond)
		s.Progress(2, 10, "batches") // too soon to be worth a change
		s.now = s.now.Add(200 * time.Millisecond)
		s.Progress(3, 10, "batches")
		s.Warn("look here")
		Expect(s.out.String()).To(Equal("\r\x1b[K1/10 batches (10%)\r\x1b[K3/10 batches (30%)\r\x1b[KWARNING: look here\n"))
	})

	It("never wraps", func() {
		s := newStage(func(o *report.Options) { o.Terminal = true })
		s.Waiting(strings.Repeat("because ", 50))
		Expect(strings.TrimPrefix(s.out.String(), "\r\x1b[K")).To(HaveLen(79))
	})
})

var _ = Describe("standard output", func() {
	It("stays below 100 KB and says where the rest is, while the log has it all", func() {
		s := newStage(nil)
		s.Phase("phase 2: migrating")
		for i := range 5000 {
			s.Warn("object %d is strange in a way that takes some words to explain", i)
		}
		s.Finish(outcome())
		text := s.out.String()
		Expect(len(text)).To(BeNumerically("<", 100_000))
		Expect(strings.Count(text, "the rest is in /var/log/migrate-mp2p.log")).To(Equal(1))
		Expect(text).To(HaveSuffix("exit code 2: all NCP-created objects are Manager\n"))
		Expect(strings.Count(s.log.String(), "is strange")).To(Equal(5000))
	})

	It("keeps room for warnings however long a run takes", func() {
		s := newStage(nil)
		for i := range 5000 {
			s.now = s.now.Add(time.Minute)
			s.Progress(i, 5000, "objects migrated")
		}
		s.Warn("look here")
		text := s.out.String()
		Expect(len(text)).To(BeNumerically("<", 64<<10))
		Expect(strings.Count(text, "no more progress is shown here")).To(Equal(1))
		Expect(text).To(HaveSuffix("WARNING: look here\n"))
		Expect(strings.Count(s.log.String(), "objects migrated")).To(Equal(5000))
	})

	It("may be closed without ending the run, and nobody tries again", func() {
		pipe := &brokenPipe{}
		s := newStage(func(o *report.Options) { o.Out = pipe })
		s.Say("one")
		s.Say("two")
		s.Finish(outcome())
		Expect(pipe.tries).To(Equal(1))
		Expect(s.log.String()).To(And(ContainSubstring("msg=two"), ContainSubstring("going on without it"), ContainSubstring("exit code 2")))
	})

	It("can be used by several goroutines", func() {
		s := newStage(func(o *report.Options) { o.Out = io.Discard; o.Clock = nil })
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for j := range 100 {
					s.Progress(j, 100, fmt.Sprint("kind ", i))
					s.Waiting("turn")
					s.Warn("warning")
				}
			})
		}
		all.Wait()
		Expect(s.Warnings()).To(HaveLen(201))
		Expect(s.Warnings()[200]).To(Equal("600 more warnings are in the log"))
	})
})

var _ = Describe("the closing words", func() {
	It("say the state of both scopes, what to do, the step of the ladder and, last, the code [R20]", func() {
		s := newStage(nil)
		s.Finish(outcome())
		Expect(s.lines()).To(Equal([]string{
			"",
			"result",
			"  scope shared: 3 Policy, 0 Manager",
			"  scope ncp: 0 Policy, 7 Manager, 1 undecided, 2 updates pending; run run-1 was rolled back",
			"  failure: migrating batch 3: NSX says no",
			"           because of this",
			"  records: /store",
			"  report:  /log/report.html",
			"  id map:  /log/id-map.csv",
			"  newest report of scope shared: /log/runs/run-0/report.txt",
			"  newest id map of scope ncp: /log/runs/run-0/id-map.csv",
			"recovery ladder",
			"  step 1: run the errand again",
			"next",
			"  1. leave NCP stopped",
			"  2. run again: bosh run-errand migrate-mp2p",
			"exit code 2: all NCP-created objects are Manager",
		}))
	})

	It("say where the user spec's objects are in Policy, twenty at most, and then where the others stand [R21]", func() {
		s := newStage(nil)
		o := report.Outcome{Meaning: "all is Policy"}
		for i := range 23 {
			id := fmt.Sprintf("id-%02d", i)
			o.Moved = append(o.Moved, report.Moved{Name: "t0 main", Mapping: report.Mapping{Type: "TIER0", ManagerID: id, PolicyPath: "/infra/tier-0s/" + id}})
		}
		s.Finish(o)
		lines := s.lines()
		Expect(lines[2]).To(Equal("  TIER0 t0 main (id-00) is now /infra/tier-0s/id-00"))
		Expect(strings.Count(strings.Join(lines, "\n"), " is now /infra/")).To(Equal(20))
		Expect(lines[22]).To(Equal("  where the other 3 objects of the user spec are, the id map of scope shared says"))
	})

	It("end in exactly one line, whatever the meaning looks like", func() {
		s := newStage(nil)
		s.Finish(report.Outcome{Code: 3, Meaning: "cannot\ntell"})
		lines := s.lines()
		Expect(lines[len(lines)-1]).To(Equal("exit code 3: cannot tell"))
	})

	It("cut a failure that is too long, since the log has it", func() {
		s := newStage(nil)
		o := outcome()
		o.Failure = strings.Repeat("object x cannot be migrated\n", 5000)
		s.Finish(o)
		Expect(s.out.Len()).To(BeNumerically("<", 30_000))
		Expect(s.out.String()).To(ContainSubstring("characters more are in the log"))
		Expect(strings.Count(s.log.String(), "object x cannot be migrated")).To(Equal(5000))
	})

	It("are one JSON object with the same content when that is asked for", func() {
		s := newStage(func(o *report.Options) { o.JSON = true })
		s.Start(report.Banner{Version: "1", Command: "run"})
		s.Phase("phase 1")
		s.Progress(1, 2, "objects")
		s.Warn("look here")
		o := outcome()
		o.Details = map[string]int{"objects": 7}
		s.Finish(o)
		Expect(strings.Count(s.out.String(), "\n")).To(Equal(1))
		var got map[string]any
		Expect(json.Unmarshal(s.out.Bytes(), &got)).To(Succeed())
		Expect(got).To(HaveKeyWithValue("code", 2.0))
		Expect(got).To(HaveKeyWithValue("meaning", o.Meaning))
		Expect(got["scopes"]).To(HaveLen(2))
		Expect(got["next"]).To(HaveLen(2))
		Expect(got).To(HaveKeyWithValue("ladder", o.Ladder))
		Expect(got).To(HaveKeyWithValue("warnings", ConsistOf("look here")))
		Expect(got).To(HaveKeyWithValue("details", HaveKeyWithValue("objects", 7.0)))
		Expect(got).To(HaveKeyWithValue("id_map", o.IDMap))
	})

	It("are said as JSON even when the details cannot be", func() {
		s := newStage(func(o *report.Options) { o.JSON = true })
		o := outcome()
		o.Details = make(chan int)
		s.Finish(o)
		Expect(s.out.String()).To(ContainSubstring(`"code":2`))
	})
})

var _ = Describe("the phases", func() {
	It("are kept with their times for the report", func() {
		s := newStage(nil)
		s.Phase("phase 1: retrieving and planning")
		s.now = began.Add(90 * time.Second)
		s.Phase("phase 2: migrating")
		Expect(s.Phases()[1].Took()).To(Equal("not ended"))
		s.now = began.Add(2 * time.Minute)
		s.Finish(outcome())
		Expect(s.Phases()).To(Equal([]report.Phase{
			{Title: "phase 1: retrieving and planning", Begun: began, Ended: began.Add(90 * time.Second)},
			{Title: "phase 2: migrating", Begun: began.Add(90 * time.Second), Ended: began.Add(2 * time.Minute)},
		}))
		Expect(s.Phases()[0].Took()).To(Equal("1m30s"))
	})
})
