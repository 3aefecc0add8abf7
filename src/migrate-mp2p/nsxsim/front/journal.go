package front

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"sync"
	"time"
)

// Request is one line of the journal.
type Request struct {
	// Seq counts the requests in the order of their arrival, from 1.
	Seq    int       `json:"seq"`
	Time   time.Time `json:"time"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Query  string    `json:"query,omitempty"`
	Node   string    `json:"node"`
	// User is the caller, or the name that a refused login gave.
	User string `json:"user,omitempty"`
	// Status is the HTTP status of the answer; 0 means that the connection was dropped without one.
	Status int `json:"status"`
	// Fault names the rule that disturbed the request.
	Fault string `json:"fault,omitempty"`
	// Gap is true for endpoints that the simulator does not know.
	Gap       bool `json:"gap,omitempty"`
	BodyBytes int  `json:"body_bytes"`
	// Body is kept when Options.KeepBodies is set, except for logins.
	Body string `json:"body,omitempty"`
}

// Writes tells whether the request could change something: any method but GET and HEAD, logins aside.
func (r Request) Writes() bool {
	return r.Method != "GET" && r.Method != "HEAD" && r.Path != pathSessionCreate && r.Path != pathSessionDestroy
}

// Journal keeps the finished requests, and writes them as JSON lines.
type Journal struct {
	mu       sync.Mutex
	arrived  int
	requests []Request
	out      io.Writer
	err      error
}

// next numbers an arriving request.
func (j *Journal) next() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.arrived++
	return j.arrived
}

func (j *Journal) add(r Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.requests = append(j.requests, r)
	if j.out == nil {
		return
	}
	line, err := json.Marshal(r)
	if err == nil {
		_, err = j.out.Write(append(line, '\n'))
	}
	j.err = errors.Join(j.err, err)
}

// List returns the finished requests in the order of their arrival.
func (j *Journal) List() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := slices.Clone(j.requests)
	slices.SortFunc(list, func(a, b Request) int { return a.Seq - b.Seq })
	return list
}

// Fail keeps an error that nobody waits for, so that Close returns it.
func (j *Journal) Fail(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.err = errors.Join(j.err, err)
}

// Failed returns what went wrong while writing.
func (j *Journal) Failed() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}
