package grammar

import (
	"fmt"
	"strings"
)

type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenOpen
	tokenClose
	tokenColon
	tokenAnd
	tokenOr
	tokenNot
	tokenPlus
	tokenMinus
	tokenWord
	tokenRange
)

// token is one word or sign of a query.
type token struct {
	kind tokenKind
	// text is a word without its escapes, or a sign as it stands in the query.
	text string
	// pattern is what a word matches, and span what a range or a comparison does.
	pattern pattern
	span    span
	// quoted words are no names of fields.
	quoted bool
	// at is where the token begins, and next where it ends.
	at, next int
}

// special are the characters that end a word. A word may hold "-" and "+", but not begin with them.
const special = `():"!/[]{}^~`

// unsupported says what the characters mean whose meaning is not simulated.
var unsupported = map[byte]string{
	'/': "a slash begins a regular expression, which is not supported",
	'^': "a boost (^) is not supported",
	'~': "a fuzzy search or proximity (~) is not supported",
	']': "a bracket closes a range that was not opened",
	'}': "a brace closes a range that was not opened",
}

// scan reads the token at a position. What has no meaning ends the query, and the error is kept in p.bad.
func (p *parser) scan(at int) token {
	for at < len(p.text) && isSpace(p.text[at]) {
		at++
	}
	rest := p.text[at:]
	sign := func(kind tokenKind, length int) token {
		return token{kind: kind, text: rest[:length], at: at, next: at + length}
	}
	switch {
	case rest == "":
		return sign(tokenEnd, 0)
	case strings.HasPrefix(rest, "&&"):
		return sign(tokenAnd, 2)
	case strings.HasPrefix(rest, "||"):
		return sign(tokenOr, 2)
	}
	switch c := rest[0]; c {
	case '(':
		return sign(tokenOpen, 1)
	case ')':
		return sign(tokenClose, 1)
	case ':':
		return sign(tokenColon, 1)
	case '!':
		return sign(tokenNot, 1)
	case '+':
		return sign(tokenPlus, 1)
	case '-':
		return sign(tokenMinus, 1)
	case '"':
		return p.quoted(at)
	case '[', '{':
		return p.between(at)
	case '>', '<':
		return p.comparison(at)
	default:
		if meaning, known := unsupported[c]; known {
			return p.broken(at, meaning+"; escape or quote it if it belongs to a value")
		}
	}
	return p.word(at)
}

// word reads a bare word. The words AND, OR and NOT in capitals are operators.
func (p *parser) word(at int) token {
	var pat pattern
	var text strings.Builder
	i := at
	for ; i < len(p.text); i++ {
		c := p.text[i]
		if isSpace(c) || strings.IndexByte(special, c) >= 0 {
			break
		}
		switch c {
		case '\\':
			if i++; i == len(p.text) {
				return p.broken(at, "the query ends in a backslash")
			}
			pat.literal(p.text[i])
			text.WriteByte(p.text[i])
		case '*', '?':
			pat.wild(c)
			text.WriteByte(c)
		default:
			pat.literal(c)
			text.WriteByte(c)
		}
	}
	pat.lower()
	t := token{kind: tokenWord, text: text.String(), pattern: pat, at: at, next: i}
	switch p.text[at:i] {
	case "AND":
		t.kind = tokenAnd
	case "OR":
		t.kind = tokenOr
	case "NOT":
		t.kind = tokenNot
	}
	return t
}

// quoted reads a phrase. Wildcards in it are plain characters.
func (p *parser) quoted(at int) token {
	text, next, closed := p.unquote(at)
	if !closed {
		return p.broken(at, "a closing quote is missing")
	}
	return token{kind: tokenWord, text: text, pattern: exactly(text), quoted: true, at: at, next: next}
}

// unquote reads the text between the quote at a position and the next one.
func (p *parser) unquote(at int) (text string, next int, closed bool) {
	var value strings.Builder
	for i := at + 1; i < len(p.text); i++ {
		switch c := p.text[i]; c {
		case '"':
			return value.String(), i + 1, true
		case '\\':
			if i++; i < len(p.text) {
				value.WriteByte(p.text[i])
			}
		default:
			value.WriteByte(c)
		}
	}
	return "", len(p.text), false
}

// between reads a range: [a TO b], {a TO b}, or a mixture. A star is an open end.
func (p *parser) between(at int) token {
	low, i, bad := p.bound(at + 1)
	if bad != nil {
		return *bad
	}
	to, i, bad := p.bound(i)
	if bad != nil {
		return *bad
	}
	if to.quoted || to.text != "TO" {
		return p.broken(to.at, fmt.Sprintf("a range needs TO between its ends, not %q", to.text))
	}
	high, i, bad := p.bound(i)
	if bad != nil {
		return *bad
	}
	for i < len(p.text) && isSpace(p.text[i]) {
		i++
	}
	if i == len(p.text) || p.text[i] != ']' && p.text[i] != '}' {
		return p.broken(i, "a range must end in ] or }")
	}
	s := span{low: low.limit(p.text[at] == '['), high: high.limit(p.text[i] == ']')}
	return token{kind: tokenRange, text: p.text[at : i+1], span: s, at: at, next: i + 1}
}

// bound reads one end of a range, or the TO between them.
func (p *parser) bound(at int) (t token, next int, bad *token) {
	for at < len(p.text) && isSpace(p.text[at]) {
		at++
	}
	if at < len(p.text) && p.text[at] == '"' {
		text, next, closed := p.unquote(at)
		if !closed {
			broken := p.broken(at, "a closing quote is missing")
			return t, next, &broken
		}
		return token{text: text, quoted: true, at: at}, next, nil
	}
	var text strings.Builder
	i := at
	for ; i < len(p.text) && !isSpace(p.text[i]) && p.text[i] != ']' && p.text[i] != '}'; i++ {
		if p.text[i] == '\\' && i+1 < len(p.text) {
			i++
		}
		text.WriteByte(p.text[i])
	}
	if i == at {
		broken := p.broken(at, "a range has the form [from TO to]; an end is missing")
		return t, i, &broken
	}
	return token{text: text.String(), at: at}, i, nil
}

// limit makes an end of a range of a token.
func (t token) limit(inclusive bool) limit {
	if t.text == "*" && !t.quoted {
		return limit{open: true}
	}
	return newLimit(t.text, inclusive)
}

// comparison reads a value with >, >=, < or <= before it.
func (p *parser) comparison(at int) token {
	sign := p.text[at : at+1]
	i := at + 1
	if i < len(p.text) && p.text[i] == '=' {
		i++
	}
	inclusive := i-at == 2
	value := token{next: i}
	switch {
	case strings.HasPrefix(p.text[i:], `"`):
		value = p.quoted(i)
	case !strings.HasPrefix(p.text[i:], ">") && !strings.HasPrefix(p.text[i:], "<"):
		value = p.word(i)
	}
	if value.kind != tokenWord || value.next == i {
		return p.broken(i, fmt.Sprintf("%s needs a value right behind it", p.text[at:i]))
	}
	s := span{low: limit{open: true}, high: limit{open: true}}
	if sign == ">" {
		s.low = newLimit(value.text, inclusive)
	} else {
		s.high = newLimit(value.text, inclusive)
	}
	return token{kind: tokenRange, text: p.text[at:value.next], span: s, at: at, next: value.next}
}

// broken notes the first lexical problem and ends the query there.
func (p *parser) broken(at int, reason string) token {
	if p.bad == nil {
		p.bad = p.fail(at, reason)
	}
	return token{kind: tokenEnd, at: at, next: len(p.text)}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
