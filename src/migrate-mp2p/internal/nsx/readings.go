package nsx

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/rawjson"
)

const (
	maxReadings = 3 // of a collection that changes while it is read
	maxLate     = 3 // objects that an error names of those that came in between
)

// readings reads a collection until one reading fits the number of objects that NSX told at its beginning, and hands out
// each object once. Of what it handed out it remembers the marks alone.
type readings struct {
	path      string
	page      mp.Page
	log       logrus.FieldLogger
	seed      maphash.Seed
	done      []reading
	handed    map[uint64]struct{} // marks of what earlier readings handed out; nil during the first
	delivered int
	late      []late // newest first
}

// reading is one way through all pages.
type reading struct {
	want   *int // as the first page told; nil when it did not
	n      int
	digest uint64              // of the marks, in any order
	moved  bool                // the pages do not fit each other
	seen   map[uint64]struct{} // marks
}

// late is an object that an earlier reading did not show.
type late struct {
	text string
	at   int64 // milliseconds since 1970
}

func (c *Client) newReadings(path string, page mp.Page) *readings {
	return &readings{path: path, page: page, log: c.log, seed: maphash.MakeSeed()}
}

// untilSteady reads, by once, until a reading is in step with itself. Three that agree in everything but the number that
// NSX told are taken as well: NSX may count what it does not list (ASSUMED).
func (r *readings) untilSteady(once func(*reading) error) error {
	for len(r.done) < maxReadings {
		one := reading{seen: map[uint64]struct{}{}}
		if err := once(&one); err != nil {
			return err
		}
		if !one.moved && (one.want == nil || *one.want == one.n) {
			return nil
		}
		if r.handed == nil {
			r.handed = one.seen
		}
		one.seen = nil
		r.done = append(r.done, one)
		r.log.WithFields(logrus.Fields{"op": http.MethodGet, "path": r.path}).
			Warnf("reading %d of at most %d gave %s", len(r.done), maxReadings, one)
	}
	for _, one := range r.done {
		if one.moved || !one.agrees(r.done[0]) {
			return r.moving()
		}
	}
	r.log.WithFields(logrus.Fields{"op": http.MethodGet, "path": r.path}).
		Warnf("taking %s: all readings agree", r.done[0])
	return nil
}

func (one reading) agrees(other reading) bool {
	return one.n == other.n && one.digest == other.digest && *one.want == *other.want
}

// String tells what a reading gave, and what NSX had told; only one that was counted is ever told of.
func (one reading) String() string { return fmt.Sprintf("%d of %d objects", one.n, *one.want) }

// deliver hands out what is new on a page. twice is a result that had come before within this reading.
func (r *readings) deliver(l *listing, one *reading) (twice json.RawMessage, err error) {
	fresh := l.Results[:0]
	for i, result := range l.Results {
		m := l.marks[i]
		if _, again := one.seen[m.hash]; again && m.named {
			twice = result
			continue
		}
		one.seen[m.hash] = struct{}{}
		one.n++
		one.digest += m.hash
		if r.handed != nil {
			if _, known := r.handed[m.hash]; known {
				continue
			}
			r.handed[m.hash] = struct{}{}
			r.remember(result)
		}
		fresh = append(fresh, result)
	}
	r.delivered += len(fresh)
	l.Results = fresh
	twice = slices.Clone(twice)
	return twice, l.deliver(r.page)
}

// remember keeps the newest objects that an earlier reading did not show.
func (r *readings) remember(result []byte) {
	at, text := authorship(result)
	r.late = append(r.late, late{text: text, at: at})
	slices.SortStableFunc(r.late, func(x, y late) int { return cmp.Compare(y.at, x.at) })
	r.late = r.late[:min(len(r.late), maxLate)]
}

// moving is the error of a collection that changed during every reading.
func (r *readings) moving() error {
	var gave, came []string
	for _, one := range r.done {
		gave = append(gave, one.String())
	}
	for _, l := range r.late {
		came = append(came, l.text)
	}
	e := &Error{
		Kind: mp.KindMoving, Method: http.MethodGet, Path: r.path,
		Message: fmt.Sprintf("somebody changes it while it is read: %d readings gave %s", len(r.done), strings.Join(gave, ", then ")),
		Hint:    "stop who writes there (NCP, another tool, a person), then run again",
	}
	if len(came) > 0 {
		e.Details = "came in between: " + strings.Join(came, "; ")
	}
	return e
}

// nonsense is the error of pages that cannot be those of one collection.
func (r *readings) nonsense(format string, args ...any) error {
	return &Error{
		Kind: mp.KindUnclear, Method: http.MethodGet, Path: r.path,
		Message: fmt.Sprintf("the pages do not fit each other: after %d objects ", r.delivered) + fmt.Sprintf(format, args...),
		Hint:    "something between us and NSX may answer from its memory; check that nsx.managers names NSX Managers",
	}
}

// authorship tells what an object is and who wrote it last, and when, in milliseconds since 1970.
func authorship(object []byte) (at int64, text string) {
	o, err := rawjson.Parse(object, nil)
	if err != nil {
		return 0, "an object that is none"
	}
	text = describe(object)
	for _, w := range []struct{ did, user, at string }{
		{"changed", "_last_modified_user", "_last_modified_time"}, {"made", "_create_user", "_create_time"},
	} {
		user, told := rawjson.Text(o.Raw(w.user))
		if !told {
			continue
		}
		text += ", " + w.did + " by " + user
		if json.Unmarshal(o.Raw(w.at), &at) == nil && at > 0 {
			text += " at " + time.UnixMilli(at).UTC().Format(time.RFC3339)
		}
		break
	}
	return at, text
}

// describe names an object.
func describe(object []byte) string {
	o, err := rawjson.Parse(object, nil)
	if err != nil {
		return "an object"
	}
	text := func(key string) string {
		value, _ := rawjson.Text(o.Raw(key))
		return value
	}
	id := cmp.Or(text("id"), text("allocation_id"), string(o.Raw("id")))
	name := cmp.Or(text("resource_type"), "object") + " " + id
	if called := text("display_name"); called != "" && called != id {
		name += fmt.Sprintf(" %q", called)
	}
	return name
}
