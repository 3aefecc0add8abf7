package programs

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

// patience bounds what the simulator may take to start, to stop or to judge a state. It only ends what hangs.
const patience = 10 * time.Minute

// NSX is a simulated NSX, running or stopped. Its files lie in a folder: state, journals, ready file.
type NSX struct {
	programs *Programs
	dir      string
	flags    []string
	starts   int
	process  *Process
	ready    Ready
	client   *http.Client
}

// Ready says how to connect; it is the ready file of nsxsim serve.
type Ready struct {
	URL      string   `json:"url"`
	Nodes    []string `json:"nodes"`
	CA       string   `json:"ca"`
	Username string   `json:"username"`
	Password string   `json:"password"`
	Cluster  string   `json:"cluster"`
	Platform string   `json:"platform"`
	// Principal is the identity of --principal, nil without it.
	Principal *nsxsim.Principal `json:"principal"`
	Shared    []model.Shared    `json:"shared"`
}

// StartNSX starts nsxsim serve with these flags beside those for files. Its rate limits are off unless a flag sets them.
func (p *Programs) StartNSX(dir string, flags ...string) (*NSX, error) {
	n := &NSX{programs: p, dir: dir, flags: flags}
	return n, n.Start()
}

// Start starts a stopped NSX again, with the state that it had and at the same address. Its certificate is a new one,
// and fault rules are forgotten. Flags are added to those of the first start.
func (n *NSX) Start(flags ...string) error {
	n.starts++
	ready := n.file(fmt.Sprintf("ready-%d.json", n.starts))
	listen := "127.0.0.1:0"
	arguments := []string{"serve", "--requests-per-second", "0", "--bodies", "--save", n.StateFile(), "--requests", n.journal(n.starts), "--ready-file", ready}
	arguments = append(arguments, n.flags...)
	if n.starts > 1 {
		listen = strings.TrimPrefix(n.ready.Nodes[0], "https://")
		arguments = append(arguments, "--load", n.StateFile())
	}
	process, err := start(n.dir, nil, n.programs.Sim, append(append(arguments, "--listen", listen), flags...)...)
	if err != nil {
		return err
	}
	n.process = process
	var text []byte
	err = until(patience, func() (bool, error) {
		select {
		case <-process.Ended():
			return false, fmt.Errorf("the simulator ended at once:\n%s", process.Output())
		default:
		}
		text, err = os.ReadFile(ready)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return fmt.Errorf("waiting for the simulator: %w", err)
	}
	n.ready = Ready{}
	if err := json.Unmarshal(text, &n.ready); err != nil {
		return fmt.Errorf("reading %s: %w", ready, err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM([]byte(n.ready.CA))
	n.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}}
	return nil
}

// Stop ends the simulator, which saves its state. Stopping a stopped one is no error.
func (n *NSX) Stop() error {
	if n.process == nil {
		return nil
	}
	process := n.process
	n.process = nil
	n.client.CloseIdleConnections()
	if err := process.Terminate(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	result, err := process.Wait(ctx)
	if err == nil && result.Code != 0 {
		err = fmt.Errorf("the simulator ended with %d:\n%s", result.Code, result.Output)
	}
	return err
}

// Running tells whether the simulator was started and not stopped since.
func (n *NSX) Running() bool { return n.process != nil }

// Ready says how to connect.
func (n *NSX) Ready() Ready { return n.ready }

// StateFile is where the state lies once the simulator was stopped.
func (n *NSX) StateFile() string { return n.file("state") }

func (n *NSX) file(name string) string { return filepath.Join(n.dir, name) }

func (n *NSX) journal(start int) string { return n.file(fmt.Sprintf("requests-%d.jsonl", start)) }

// Requests is the journal over all starts: every finished request, in the order in which they ended.
func (n *NSX) Requests() ([]nsxsim.Request, error) {
	var all []nsxsim.Request
	for i := range n.starts {
		text, err := os.ReadFile(n.journal(i + 1))
		if err != nil {
			return nil, fmt.Errorf("reading the journal: %w", err)
		}
		lines := bufio.NewReader(bytes.NewReader(text))
		for {
			line, err := lines.ReadBytes('\n')
			if err != nil { // a line without an end is still being written
				break
			}
			var r nsxsim.Request
			if err := json.Unmarshal(line, &r); err != nil {
				return nil, fmt.Errorf("reading the journal %s: %w", n.journal(i+1), err)
			}
			all = append(all, r)
		}
	}
	return all, nil
}

// SetFaults puts fault rules (a YAML list) in place of all that are in force.
func (n *NSX) SetFaults(rules []byte) error {
	_, err := n.Call(http.MethodPut, "/_nsxsim/faults", rules)
	return err
}

// Faults are the rules in force with their counts.
func (n *NSX) Faults() ([]faults.Status, error) {
	text, err := n.Call(http.MethodGet, "/_nsxsim/faults", nil)
	if err != nil {
		return nil, err
	}
	var rules []faults.Status
	if err := json.Unmarshal(text, &rules); err != nil {
		return nil, fmt.Errorf("reading the fault rules: %w", err)
	}
	return rules, nil
}

// Ender is a process, or what stands for one.
type Ender interface {
	// Ended is closed when it has ended.
	Ended() <-chan struct{}
	// Output is what it has printed so far.
	Output() string
}

// WaitForHold waits until the named rule, one with hold, holds a request. It fails at once when the process that should send
// one has ended.
func (n *NSX) WaitForHold(ctx context.Context, rule string, process Ender) error {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-process.Ended():
			cancel()
		case <-waiting.Done():
		}
	}()
	_, err := n.call(waiting, http.MethodGet, "/_nsxsim/holds/"+url.PathEscape(rule)+"?wait=24h", nil)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("the program ended before the fault rule %q held anything:\n%s", rule, process.Output())
	}
	return err
}

// Release lets go what the named rule holds, and what it would hold from now on.
func (n *NSX) Release(rule string) error {
	_, err := n.Call(http.MethodPost, "/_nsxsim/holds/"+url.PathEscape(rule), nil)
	return err
}

// Call sends a request as the administrator; any answer but success is an error.
func (n *NSX) Call(method, path string, body []byte) ([]byte, error) {
	return n.call(context.Background(), method, path, body)
}

func (n *NSX) call(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, n.ready.Nodes[0]+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("making a request: %w", err)
	}
	request.SetBasicAuth(n.ready.Username, n.ready.Password)
	request.Header.Set("Content-Type", "application/json")
	response, err := n.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("calling the simulator: %w", err)
	}
	text, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, fmt.Errorf("reading the answer to %s %s: %w", method, path, err)
	}
	if response.StatusCode >= 300 {
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	return text, nil
}

// Check runs nsxsim check on the live state, or on the saved one of a stopped NSX. Further flags can be given, such as
// --workloads and a file of manifests.
func (n *NSX) Check(cluster string, flags ...string) (*check.Report, error) {
	state := n.StateFile()
	if n.process != nil {
		live, err := n.Call(http.MethodGet, "/_nsxsim/state", nil)
		if err != nil {
			return nil, err
		}
		state = n.file("state-now")
		if err := os.WriteFile(state, live, 0o600); err != nil {
			return nil, fmt.Errorf("writing the state: %w", err)
		}
	}
	args := append([]string{"check", "--load", state, "--cluster", cluster, "--output", "json"}, flags...)
	process, err := start(n.dir, nil, n.programs.Sim, args...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	result, err := process.Wait(ctx)
	if err != nil {
		return nil, err
	}
	report := &check.Report{}
	if err := json.Unmarshal([]byte(result.Stdout), report); err != nil {
		return nil, fmt.Errorf("reading the output of nsxsim check: %w\n%s", err, result.Output)
	}
	return report, nil
}

// until asks every few milliseconds until the answer is yes or an error.
func until(limit time.Duration, done func() (bool, error)) error {
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		if time.Since(begin) > limit {
			return fmt.Errorf("waited %v in vain", limit)
		}
	}
}
