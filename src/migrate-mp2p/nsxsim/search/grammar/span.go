package grammar

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// span is a range of values.
type span struct{ low, high limit }

// limit is one end of a range. A limit that reads as a number or a time is compared as such with values that are
// numbers; NSX's times are numbers of milliseconds.
type limit struct {
	open      bool
	inclusive bool
	text      string
	number    float64
	isNumber  bool
}

// timeLayouts are the spellings of a time in a query, all taken as UTC unless they say otherwise.
var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", time.DateOnly}

func newLimit(text string, inclusive bool) limit {
	l := limit{inclusive: inclusive, text: strings.ToLower(text)}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		l.number, l.isNumber = n, true
		return l
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			l.number, l.isNumber = float64(t.UnixMilli()), true
			return l
		}
	}
	return l
}

// holds tells whether a value lies in the range.
func (s span) holds(value string) bool {
	if !s.low.open {
		if c := s.low.compare(value); c > 0 || c == 0 && !s.low.inclusive {
			return false
		}
	}
	if !s.high.open {
		if c := s.high.compare(value); c < 0 || c == 0 && !s.high.inclusive {
			return false
		}
	}
	return true
}

// compare orders the limit and a value: as numbers if both are, otherwise as text without regard to case.
func (l limit) compare(value string) int {
	if l.isNumber {
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			return cmp.Compare(l.number, n)
		}
	}
	return strings.Compare(l.text, strings.ToLower(value))
}
