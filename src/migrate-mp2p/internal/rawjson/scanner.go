package rawjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// Scanner walks once over a JSON text. After the first thing that is no JSON it finds nothing more, and Walk says where that
// was.
type Scanner struct {
	text    []byte
	buffer  bytes.Buffer
	decoder *jsontext.Decoder
	err     error
}

// idle are scanners at rest: most texts are so short that a new one would cost more than the walk.
var idle = sync.Pool{New: func() any { return &Scanner{decoder: &jsontext.Decoder{}} }}

// Walk lets visit take the one value of a text from a scanner that stands before it. It says what was wrong with the text, or
// that more follows its value. The scanner must not be used afterwards.
func Walk(text []byte, visit func(s *Scanner)) error {
	s := idle.Get().(*Scanner)
	s.text, s.err, s.buffer = text, nil, *bytes.NewBuffer(text)
	// As encoding/json does, it takes the last of several members with one key, and bytes that are no UTF-8.
	s.decoder.Reset(&s.buffer, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	visit(s)
	err := s.end()
	s.text, s.buffer = nil, bytes.Buffer{}
	idle.Put(s)
	return err
}

// Object visits the members of the object that comes next, with their keys as they stand in the text, without quotes.
// The visitor must take the value from the scanner, by any of its methods.
func (s *Scanner) Object(visit func(key []byte)) {
	for s.take('{'); s.more('}'); {
		if key := s.Value(); key != nil {
			visit(key[1 : len(key)-1])
		}
	}
	s.take('}')
}

// Element passes over the value that comes next and gives its text, like Value, and visits its members on the way when it
// is an object. The visitor takes the values.
func (s *Scanner) Element(visit func(key []byte)) []byte {
	if s.peek() != '{' {
		return s.Value()
	}
	s.take('{')
	start := s.decoder.InputOffset() - 1
	for s.more('}') {
		if key := s.Value(); key != nil {
			visit(key[1 : len(key)-1])
		}
	}
	s.take('}')
	if s.err != nil {
		return nil
	}
	return s.text[start:s.decoder.InputOffset()]
}

// Array visits the elements of the array that comes next; null counts as an empty one, as in encoding/json. The visitor
// must take the element from the scanner.
func (s *Scanner) Array(visit func()) {
	if s.peek() == 'n' {
		s.take('n')
		return
	}
	for s.take('['); s.more(']'); {
		visit()
	}
	s.take(']')
}

// Value passes over the value that comes next and gives its text; nil when there is none.
func (s *Scanner) Value() []byte {
	if s.err != nil {
		return nil
	}
	value, err := s.decoder.ReadValue()
	if err != nil {
		s.err = err
		return nil
	}
	end := int(s.decoder.InputOffset())
	return s.text[end-len(value) : end] // the decoder's own slice is gone with the next call
}

// end says what was wrong with the text, or that more follows its value.
func (s *Scanner) end() error {
	if s.err == nil {
		_, err := s.decoder.ReadToken()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		s.err = err
	}
	at := s.decoder.InputOffset()
	var broken *jsontext.SyntacticError
	if errors.As(s.err, &broken) {
		at = broken.ByteOffset
	}
	return fmt.Errorf("broken JSON at byte %d", at)
}

// errOther says that something else stands where an object or an array is due.
var errOther = errors.New("something else was due")

// take passes over what begins or ends a value.
func (s *Scanner) take(kind jsontext.Kind) {
	if s.err != nil {
		return
	}
	token, err := s.decoder.ReadToken()
	switch {
	case err != nil:
		s.err = err
	case token.Kind() != kind:
		s.err = errOther
	}
}

// peek tells what comes next; 0, which begins nothing, at the end and after an error.
func (s *Scanner) peek() jsontext.Kind {
	if s.err != nil {
		return 0
	}
	return s.decoder.PeekKind()
}

// more tells whether something comes before the end of an object or array.
func (s *Scanner) more(end jsontext.Kind) bool { return s.err == nil && s.decoder.PeekKind() != end }
