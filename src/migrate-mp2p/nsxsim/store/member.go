package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
)

// members goes through the members of a JSON object, which must be valid and compact. It is not checked again, which
// makes this many times faster than decoding, and a world has 100,000 bodies. Names come as they are written, which for
// the names that NSX uses is without escapes.
func members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for at := 1; object[at] != '}'; {
			if object[at] == ',' {
				at++
			}
			colon := valueEnd(object, at)
			end := valueEnd(object, colon+1)
			if !yield(object[at+1:colon-1], object[colon+1:end]) {
				return
			}
			at = end
		}
	}
}

// valueEnd returns where the value that begins at a place ends.
func valueEnd(text []byte, at int) int {
	depth := 0
	for {
		switch text[at] {
		case '"':
			at = stringEnd(text, at)
		case '{', '[':
			depth++
			at++
			continue
		case '}', ']':
			depth--
			at++
		default: // a number, a word, or a comma or colon between values
			at++
			for depth == 0 && at < len(text) && text[at] != ',' && text[at] != '}' && text[at] != ']' {
				at++
			}
		}
		if depth == 0 {
			return at
		}
	}
}

// stringEnd returns the place behind the string that begins at a place.
func stringEnd(text []byte, at int) int {
	for at++; text[at] != '"'; at++ {
		if text[at] == '\\' {
			at++
		}
	}
	return at + 1
}

// elements goes through the elements of a JSON array, as members does through an object.
func elements(array []byte) iter.Seq[[]byte] {
	return func(yield func(value []byte) bool) {
		for at := 1; array[at] != ']'; {
			if array[at] == ',' {
				at++
			}
			end := valueEnd(array, at)
			if !yield(array[at:end]) {
				return
			}
			at = end
		}
	}
}

// decode reads a value into target. What most values are, strings without escapes and tags, needs no decoder.
func decode(value []byte, target any) error {
	switch target := target.(type) {
	case *string:
		if value[0] == '"' && bytes.IndexByte(value, '\\') < 0 {
			*target = string(value[1 : len(value)-1])
			return nil
		}
	case *[]Tag:
		if value[0] == '[' {
			return decodeTags(value, target)
		}
	}
	return json.Unmarshal(value, target)
}

func decodeTags(array []byte, tags *[]Tag) error {
	for element := range elements(array) {
		var tag Tag
		if element[0] != '{' {
			return errors.New("a tag is not a JSON object")
		}
		for name, value := range members(element) {
			var err error
			switch string(name) {
			case "scope":
				err = decode(value, &tag.Scope)
			case "tag":
				err = decode(value, &tag.Value)
			}
			if err != nil {
				return err
			}
		}
		*tags = append(*tags, tag)
	}
	return nil
}
