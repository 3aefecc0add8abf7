package rawjson

import "fmt"

// deepest is how many values may contain each other.
const deepest = 1000

// Scanner walks once over a JSON text. After the first thing that is no JSON it finds nothing more, and End says where
// that was.
type Scanner struct {
	text   []byte
	at     int
	depth  int
	broken bool
}

// NewScanner stands before the one value of a text.
func NewScanner(text []byte) *Scanner { return &Scanner{text: text} }

// Object visits the members of the object that comes next, with their keys as they stand in the text, without quotes.
// The visitor must take the value from the scanner, by any of its methods.
func (s *Scanner) Object(visit func(key []byte)) {
	for more := s.open('{', '}'); more; more = s.next('}') {
		key := s.quoted()
		s.take(':')
		if s.broken {
			return
		}
		visit(key[1 : len(key)-1])
	}
}

// Element passes over the value that comes next and gives its text, like Value, and visits its members on the way when it
// is an object. The visitor takes the values.
func (s *Scanner) Element(visit func(key []byte)) []byte {
	start := s.space()
	if s.peek() != '{' {
		return s.Value()
	}
	s.Object(visit)
	if s.broken {
		return nil
	}
	return s.text[start:s.at]
}

// Array visits the elements of the array that comes next; null counts as an empty one, as in encoding/json. The visitor
// must take the element from the scanner.
func (s *Scanner) Array(visit func()) {
	if s.space(); s.peek() == 'n' {
		s.literal()
		return
	}
	for more := s.open('[', ']'); more; more = s.next(']') {
		visit()
	}
}

// Value passes over the value that comes next and gives its text; nil when there is none.
func (s *Scanner) Value() []byte {
	start := s.space()
	switch c := s.peek(); {
	case c == '{':
		for more := s.open('{', '}'); more; more = s.next('}') {
			s.quoted()
			s.take(':')
			s.Value()
		}
	case c == '[':
		for more := s.open('[', ']'); more; more = s.next(']') {
			s.Value()
		}
	case c == '"':
		s.quoted()
	case c == '-' || isDigit(c):
		s.number()
	default:
		s.literal()
	}
	if s.broken {
		return nil
	}
	return s.text[start:s.at]
}

// End says what was wrong with the text, or that more follows its value.
func (s *Scanner) End() error {
	if !s.broken && s.space() == len(s.text) {
		return nil
	}
	return fmt.Errorf("broken JSON at byte %d", s.at)
}

// open passes over the beginning of an object or array and tells whether something is in it.
func (s *Scanner) open(begin, end byte) bool {
	s.take(begin)
	if s.depth++; s.depth > deepest {
		s.broken = true
	}
	s.space()
	if s.peek() == end {
		s.at++
		s.depth--
		return false
	}
	return !s.broken
}

// next passes over what follows a member or element and tells whether another one comes.
func (s *Scanner) next(end byte) bool {
	s.space()
	if s.peek() == end {
		s.at++
		s.depth--
		return false
	}
	s.take(',')
	return !s.broken
}

// space passes over white space and gives the place reached.
func (s *Scanner) space() int {
	for s.at < len(s.text) && s.text[s.at] <= ' ' && isSpace(s.text[s.at]) {
		s.at++
	}
	return s.at
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// peek gives the byte that comes next; 0, which begins nothing, at the end and after an error.
func (s *Scanner) peek() byte {
	if s.broken || s.at >= len(s.text) {
		return 0
	}
	return s.text[s.at]
}

// take passes over one character that must come next, and over white space around it.
func (s *Scanner) take(c byte) {
	s.space()
	if s.peek() != c {
		s.broken = true
		return
	}
	s.at++
	s.space()
}

// special tells which bytes of a string do not stand for themselves.
var special = func() (is [256]bool) {
	for c := range byte(' ') {
		is[c] = true
	}
	is['"'], is['\\'] = true, true
	return is
}()

// quoted passes over a string and gives its text, quotes included.
func (s *Scanner) quoted() []byte {
	s.space()
	start := s.at
	if s.peek() != '"' {
		s.broken = true
		return nil
	}
	s.at++
	for {
		at := s.at
		for at < len(s.text) && !special[s.text[at]] {
			at++
		}
		s.at = at
		switch s.peek() {
		case '"':
			s.at++
			return s.text[start:s.at]
		case '\\':
			s.escape()
		default: // a control character, or the end
			s.broken = true
		}
		if s.broken {
			return nil
		}
	}
}

// escape passes over an escaped character.
func (s *Scanner) escape() {
	s.at++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
	case 'u':
		s.at++
		for range 4 {
			if c := s.peek() | 0x20; !isDigit(s.peek()) && (c < 'a' || c > 'f') {
				s.broken = true
				return
			}
			s.at++
		}
	default:
		s.broken = true
	}
}

// number passes over a number.
func (s *Scanner) number() {
	if s.peek() == '-' {
		s.at++
	}
	if s.peek() == '0' {
		s.at++
	} else {
		s.digits()
	}
	if s.peek() == '.' {
		s.at++
		s.digits()
	}
	if s.peek()|0x20 == 'e' {
		s.at++
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		s.digits()
	}
}

// digits passes over at least one digit.
func (s *Scanner) digits() {
	if !isDigit(s.peek()) {
		s.broken = true
	}
	for isDigit(s.peek()) {
		s.at++
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// literal passes over true, false or null.
func (s *Scanner) literal() {
	for _, word := range []string{"true", "false", "null"} {
		if end := s.at + len(word); end <= len(s.text) && string(s.text[s.at:end]) == word {
			s.at = end
			return
		}
	}
	s.broken = true
}
