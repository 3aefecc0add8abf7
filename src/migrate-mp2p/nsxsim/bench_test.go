package nsxsim_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/search/grammar"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// benchScale makes a foundation of about 100,000 objects; half of a large NSX's 25,000 ports are among them.
const benchScale = 200

// benchQuery is what an importer asks for: everything that one foundation's NCP made. It hits three of four objects.
const benchQuery = `tags.scope:ncp\/cluster AND tags.tag:tas1`

// must ends a benchmark that cannot go on.
func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// largeWorld is generated once for all benchmarks; nobody writes to it.
var largeWorld = sync.OnceValues(func() (*store.Store, error) { return generated() })

func generated() (*store.Store, error) {
	world, err := model.TAS(benchScale, 1, model.Options{Cluster: "tas1"})
	if err != nil {
		return nil, err
	}
	st := store.New(1)
	return st, nsxsim.LoadWorld(st, world)
}

func large(b *testing.B) *store.Store {
	b.Helper()
	st, err := largeWorld()
	must(b, err)
	return st
}

// processor reports the processor time of one round, which says more than the clock where others work too.
func processor(b *testing.B) (report func()) {
	b.Helper()
	before := usage(b)
	return func() {
		b.Helper()
		b.ReportMetric(float64((usage(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
	}
}

// usage is the processor time that all threads of this process used so far.
func usage(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// forgetPeak makes the kernel measure the peak of memory from now on.
func forgetPeak(b *testing.B) {
	b.Helper()
	debug.FreeOSMemory()
	must(b, os.WriteFile("/proc/self/clear_refs", []byte("5"), 0))
}

// reportSize adds how many objects a store holds, and the most memory that the process had since forgetPeak.
func reportSize(b *testing.B, st *store.Store) {
	b.Helper()
	must(b, st.View(func(tx *store.Tx) error {
		b.ReportMetric(float64(tx.Manager().Len()+tx.Policy().Len()), "objects")
		return nil
	}))
	status, err := os.ReadFile("/proc/self/status")
	must(b, err)
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	var kilobytes float64
	_, err = fmt.Sscanf(peak, "%f kB", &kilobytes)
	must(b, err)
	b.ReportMetric(kilobytes/1024, "peak-MiB")
}

// BenchmarkGenerate makes the large world by its model.
func BenchmarkGenerate(b *testing.B) {
	forgetPeak(b)
	report := processor(b)
	var st *store.Store
	for b.Loop() {
		var err error
		st, err = generated()
		must(b, err)
	}
	report()
	reportSize(b, st)
}

// BenchmarkLoad reads the large world from a saved state.
func BenchmarkLoad(b *testing.B) {
	path := filepath.Join(b.TempDir(), "state")
	size := save(b, path)
	forgetPeak(b)
	b.SetBytes(size)
	report := processor(b)
	var st *store.Store
	for b.Loop() {
		file, err := os.Open(path)
		must(b, err)
		st, err = store.Load(file)
		must(b, err)
		must(b, file.Close())
	}
	report()
	reportSize(b, st)
}

// save writes the large world and returns the size of the file.
func save(b *testing.B, path string) int64 {
	b.Helper()
	st, err := generated()
	must(b, err)
	file, err := os.Create(path)
	must(b, err)
	must(b, st.Save(file))
	info, err := file.Stat()
	must(b, err)
	must(b, file.Close())
	return info.Size()
}

// BenchmarkRunQuery finds what the query matches, without a server.
func BenchmarkRunQuery(b *testing.B) {
	st := large(b)
	query, err := grammar.Parse(benchQuery)
	must(b, err)
	hits := 0
	report := processor(b)
	for b.Loop() {
		must(b, st.View(func(tx *store.Tx) error {
			hits = len(query.Run(tx.Manager()))
			return nil
		}))
	}
	report()
	b.ReportMetric(float64(hits), "hits")
}

// reader fetches pages over HTTPS.
type reader struct {
	client *http.Client
	server *nsxsim.Server
}

// serveLarge serves the large world for one benchmark.
func serveLarge(b *testing.B) *reader {
	b.Helper()
	return serveStore(b, large(b))
}

func serveStore(b *testing.B, st *store.Store) *reader {
	b.Helper()
	server, err := nsxsim.Start(nsxsim.Options{Store: st})
	must(b, err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(server.CA())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	b.Cleanup(func() {
		transport.CloseIdleConnections()
		must(b, server.Close())
	})
	return &reader{client: &http.Client{Transport: transport}, server: server}
}

// page fetches one page and returns its size.
func (r *reader) page(b *testing.B, path string) int64 {
	b.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, r.server.URL()+path, nil)
	must(b, err)
	request.SetBasicAuth(nsxsim.AdminUser, r.server.Password())
	response, err := r.client.Do(request)
	must(b, err)
	n, err := io.Copy(io.Discard, response.Body)
	must(b, err)
	must(b, response.Body.Close())
	if response.StatusCode != http.StatusOK {
		b.Fatalf("%s: %s", path, response.Status)
	}
	return n
}

func searchPath(query string, cursor int) string {
	return fmt.Sprintf("/api/v1/search/query?sort_by=id&page_size=1000&cursor=%d&query=%s", cursor, url.QueryEscape(query))
}

// BenchmarkFirstPage asks each time for something new, so that no answer is there already.
func BenchmarkFirstPage(b *testing.B) {
	r := serveLarge(b)
	r.page(b, searchPath(benchQuery, 0))
	report := processor(b)
	for n := 0; b.Loop(); n++ {
		b.SetBytes(r.page(b, searchPath(fmt.Sprintf(`%s AND NOT tags.scope:new%d`, benchQuery, n), 0)))
	}
	report()
}

// BenchmarkNextPage asks for further pages of the same query.
func BenchmarkNextPage(b *testing.B) {
	r := serveLarge(b)
	r.page(b, searchPath(benchQuery, 0))
	report := processor(b)
	for n := 0; b.Loop(); n++ {
		b.SetBytes(r.page(b, searchPath(benchQuery, n%49*1000)))
	}
	report()
}

// BenchmarkListPage asks for a page of a list.
func BenchmarkListPage(b *testing.B) {
	r := serveLarge(b)
	r.page(b, "/api/v1/logical-ports?page_size=1000")
	report := processor(b)
	for b.Loop() {
		b.SetBytes(r.page(b, "/api/v1/logical-ports?page_size=1000"))
	}
	report()
}

// BenchmarkRealized asks for the realized entities of 100,000 intents: for the unrealized ones, for a page of all, and
// for those behind one intent, each time in words that no answer is there for already.
func BenchmarkRealized(b *testing.B) {
	st := store.New(1)
	must(b, st.Update(func(tx *store.Tx) error {
		for n := range 100_000 {
			path := fmt.Sprintf("/infra/segments/s%05d", n)
			if _, err := tx.Policy().PutFields(path, map[string]any{"id": fmt.Sprintf("s%05d", n), "resource_type": "Segment", "unique_id": tx.NewID()}); err != nil {
				return err
			}
		}
		return nil
	}))
	r := serveStore(b, st)
	for name, more := range map[string]string{"unrealized": "NOT state:REALIZED", "page": "NOT entity_type:x", "one": `intent_paths:"/infra/segments/s00007"`} {
		b.Run(name, func(b *testing.B) {
			report := processor(b)
			for n := 0; b.Loop(); n++ {
				query := fmt.Sprintf("resource_type:GenericPolicyRealizedResource AND %s AND NOT entity_type:new%d", more, n)
				b.SetBytes(r.page(b, "/policy"+searchPath(query, 0)))
			}
			report()
		})
	}
}
