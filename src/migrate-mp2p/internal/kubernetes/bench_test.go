package kubernetes_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"testing"

	"nsx-mp2p/migrate-mp2p/internal/kubernetes"
)

// BenchmarkRead reads all workloads, pods among them, of the cluster to which the kubeconfig $MP2P_KUBECONFIG leads, and shows
// how much more memory the process had at its peak than before. scripts/bench starts a cluster of 50,000 pods, for which
// the budget is 50 MiB and 10 s.
func BenchmarkRead(b *testing.B) {
	kubeconfig := os.Getenv("MP2P_KUBECONFIG")
	if kubeconfig == "" {
		b.Skip("MP2P_KUBECONFIG names no kubeconfig; scripts/bench starts a cluster and sets it")
	}
	var read string
	platform, err := kubernetes.New(kubernetes.Options{
		Kubeconfig: kubeconfig, Pods: true,
		Say: func(format string, args ...any) { read = fmt.Sprintf(format, args...) },
	})
	if err != nil {
		b.Fatal(err)
	}
	most := 0
	for b.Loop() {
		b.StopTimer()
		debug.FreeOSMemory()                                                          // what an earlier turn needed
		if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // proc_pid_clear_refs(5): the peak begins anew
			b.Fatal(err)
		}
		before := resident(b, "VmRSS")
		b.StartTimer()
		source, err := platform.Read(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		most = max(most, resident(b, "VmHWM")-before)
		runtime.KeepAlive(source)
	}
	b.ReportMetric(float64(most)/1024, "MiB-more-at-peak")
	b.Log(read)
}

// resident is a size of this process in KiB: VmRSS now, VmHWM at its peak (proc_pid_status(5)).
func resident(b *testing.B, field string) int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	var size int
	_, after, _ := bytes.Cut(status, []byte(field+":"))
	if _, err := fmt.Fscan(bytes.NewReader(after), &size); err != nil {
		b.Fatalf("reading %s of /proc/self/status: %v", field, err)
	}
	return size
}
