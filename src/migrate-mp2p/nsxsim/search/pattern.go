package search

import (
	"strings"
	"unicode/utf8"
)

// pattern is a value with wildcards: literal pieces in lower case, and between them ? (one character) and * (any
// number of characters).
type pattern struct {
	parts []part
}

type part struct {
	literal string
	wild    byte // '?', '*', or 0 for a literal
}

func exactly(text string) pattern {
	return pattern{parts: []part{{literal: strings.ToLower(text)}}}
}

func (p *pattern) literal(c byte) {
	text := string([]byte{c})
	if n := len(p.parts); n > 0 && p.parts[n-1].wild == 0 {
		p.parts[n-1].literal += text
		return
	}
	p.parts = append(p.parts, part{literal: text})
}

func (p *pattern) wild(c byte) { p.parts = append(p.parts, part{wild: c}) }

// lower ends the building of a pattern.
func (p *pattern) lower() {
	for i := range p.parts {
		p.parts[i].literal = strings.ToLower(p.parts[i].literal)
	}
}

// exact returns the value of a pattern without wildcards.
func (p pattern) exact() (string, bool) {
	switch {
	case len(p.parts) == 0:
		return "", true
	case len(p.parts) == 1 && p.parts[0].wild == 0:
		return p.parts[0].literal, true
	}
	return "", false
}

func (p pattern) matches(value string) bool {
	if text, ok := p.exact(); ok {
		return text == value || strings.EqualFold(text, value)
	}
	return matchParts(p.parts, strings.ToLower(value))
}

func matchParts(parts []part, value string) bool {
	for i, p := range parts {
		switch p.wild {
		case '?':
			if value == "" {
				return false
			}
			_, size := utf8.DecodeRuneInString(value)
			value = value[size:]
		case '*':
			for skip := 0; skip <= len(value); skip++ {
				if matchParts(parts[i+1:], value[skip:]) {
					return true
				}
			}
			return false
		default:
			rest, ok := strings.CutPrefix(value, p.literal)
			if !ok {
				return false
			}
			value = rest
		}
	}
	return value == ""
}
