package grammar

import (
	"strings"
	"unicode/utf8"
)

// pattern is a value with wildcards: literal pieces in lower case, and between them ? (one character) and * (any
// number of characters).
type pattern struct {
	parts []part
	// asWritten patterns look at case, and have their literals as they were written.
	asWritten bool
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

// exact returns the value of a pattern without wildcards that does not look at case.
func (p pattern) exact() (string, bool) {
	if !p.asWritten && len(p.parts) == 1 && p.parts[0].wild == 0 {
		return p.parts[0].literal, true
	}
	return "", false
}

// anything tells whether every value matches.
func (p pattern) anything() bool { return len(p.parts) == 1 && p.parts[0].wild == '*' }

func (p pattern) matches(value string) bool {
	if p.asWritten {
		return matchParts(p.parts, value)
	}
	if text, ok := p.exact(); ok {
		return text == value || strings.EqualFold(text, value)
	}
	return matchParts(p.parts, strings.ToLower(value))
}

// matchParts compares piece by piece. When a piece does not fit, the last star takes one character more; no earlier
// one ever has to, so that the work stays in proportion to the value's length times the pattern's.
func matchParts(parts []part, value string) bool {
	at, star, taken := 0, -1, ""
	for at < len(parts) || value != "" {
		if at < len(parts) {
			if parts[at].wild == '*' {
				star, taken = at, value
				at++
				continue
			}
			if rest, fits := parts[at].take(value); fits {
				value = rest
				at++
				continue
			}
		}
		if star < 0 || taken == "" {
			return false
		}
		_, size := utf8.DecodeRuneInString(taken)
		taken = taken[size:]
		at, value = star+1, taken
	}
	return true
}

// take removes a literal, or one character, from the beginning of a value.
func (p part) take(value string) (rest string, fits bool) {
	if p.wild == 0 {
		return strings.CutPrefix(value, p.literal)
	}
	_, size := utf8.DecodeRuneInString(value)
	return value[size:], value != ""
}
