package liar

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// Delivery is whether and when NSX gets a request.
type Delivery int

const (
	// Never keeps a request from NSX.
	Never Delivery = iota
	// Now means that NSX answers before the client hears anything.
	Now
	// Meanwhile hands the request to NSX and does not wait for its answer: NSX works while the client has the lie. The
	// request is on its way when the client is answered; whether NSX has begun is known to NSX alone, so a test that
	// needs it waits in Hook.
	Meanwhile
	// Later keeps the request until Proxy.Deliver.
	Later
)

// Always is for Lie.Times: the lie has no end.
const Always = -1

// Lie is what is done to chosen requests. The package comment has the order of things.
type Lie struct {
	// Name is what Release, Deliver and the journal call it; required, and no other's.
	Name string

	// Method is an HTTP method, Path a regular expression that must match somewhere in the path; Query and Body are
	// texts in the raw query and in the body. Match is asked last. What is empty fits all.
	Method string
	Path   string
	Query  string
	Body   string
	Match  func(Request) bool

	// Nth is the first match that the lie is told to; 0 is the first of all. Times is how many matches from there on, 0
	// meaning one.
	Nth   int
	Times int

	// Hold keeps the request until Release.
	Hold bool
	// First is how the request is delivered, and Second how it is delivered once more.
	First, Second Delivery
	// Hook is called before the client is answered.
	Hook func(Request)
	// Cut closes the client's connection without an answer. Answer is given in NSX's place. With neither, First must be
	// Now, and the client gets NSX's answer to the first delivery.
	Cut    bool
	Answer *Answer
}

// Answer is an answer that is not NSX's.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Request is a request that came to the liar.
type Request struct {
	// Seq counts the requests in the order of their arrival, from 1.
	Seq                 int
	Method, Path, Query string
	Body                []byte
	// Lie is the name of the lie that was told, "" for a request that passed.
	Lie string
	// Status is what the client was answered, 0 for nothing (yet).
	Status int
	// Delivered are the statuses that NSX answered, one for each delivery that came to an end; 0 stands for a broken
	// connection.
	Delivered []int
}

// Writes tells whether the request could change something: any method but GET and HEAD, logins aside.
func (r Request) Writes() bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead && !strings.HasPrefix(r.Path, "/api/session/")
}

// told is a lie in force.
type told struct {
	Lie
	path    *regexp.Regexp
	matched int
	acted   int
}

// compile checks a lie.
func compile(l Lie) (*told, error) {
	t := &told{Lie: l}
	var problems []error
	if l.Name == "" {
		problems = append(problems, errors.New("it has no name"))
	}
	if l.Answer == nil && !l.Cut && l.First != Now {
		problems = append(problems, errors.New("it has no answer for the client: without Answer and Cut, First must be Now"))
	}
	if l.Answer != nil && l.Cut {
		problems = append(problems, errors.New("it has an answer, which it cuts"))
	}
	if l.First == Never && l.Second != Never {
		problems = append(problems, errors.New("it has a second delivery without a first one"))
	}
	path, err := regexp.Compile(l.Path)
	if err != nil {
		problems = append(problems, err)
	}
	t.path = path
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("reading the lie %q: %w", l.Name, err)
	}
	return t, nil
}

// acts counts a request and says whether the lie is told to it.
func (t *told) acts(r Request) bool {
	fits := (t.Method == "" || t.Method == r.Method) && t.path.MatchString(r.Path) && strings.Contains(r.Query, t.Query) &&
		bytes.Contains(r.Body, []byte(t.Body)) && (t.Match == nil || t.Match(r))
	if !fits {
		return false
	}
	t.matched++
	first := max(t.Nth, 1)
	if t.matched < first || t.Times != Always && t.matched >= first+max(t.Times, 1) {
		return false
	}
	t.acted++
	return true
}
