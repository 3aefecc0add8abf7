package search

import (
	"fmt"
	"strings"
)

// SyntaxError says what is wrong with a query, and where.
type SyntaxError struct {
	Query string
	// At is the offset of the problem in bytes.
	At     int
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("parsing search query %q at offset %d: %s", e.Query, e.At, e.Reason)
}

// Query is a parsed query.
type Query struct{ root node }

// The nodes of a query. A term's field is empty when it looks at every field.
type (
	node    interface{ matches(d *document) bool }
	allOf   []node
	anyOf   []node
	negated struct{ of node }
	term    struct {
		field   string
		pattern pattern
	}
)

// Parse reads a query. Its errors are *SyntaxError.
func Parse(text string) (*Query, error) {
	p := &parser{text: text}
	if strings.TrimSpace(text) == "" {
		return nil, p.fail(0, "the query is empty")
	}
	root, err := p.or("")
	end := p.peek()
	switch {
	case p.bad != nil:
		return nil, p.bad
	case err != nil:
		return nil, err
	case end.kind != tokenEnd:
		return nil, p.fail(end.at, fmt.Sprintf("unexpected %q", end.text))
	}
	return &Query{root: root}, nil
}

type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenOpen
	tokenClose
	tokenColon
	tokenAnd
	tokenOr
	tokenNot
	tokenWord
)

type token struct {
	kind    tokenKind
	text    string
	pattern pattern
	at      int
	next    int
}

type parser struct {
	text string
	pos  int
	bad  *SyntaxError
}

func (p *parser) fail(at int, reason string) *SyntaxError {
	return &SyntaxError{Query: p.text, At: at, Reason: reason}
}

// or reads terms joined by OR, or by nothing. Inside field:( ... ) the field applies to every word.
func (p *parser) or(field string) (node, error) {
	first, err := p.and(field)
	if err != nil {
		return nil, err
	}
	list := anyOf{first}
	for {
		switch p.peek().kind {
		case tokenOr:
			p.take()
		case tokenEnd, tokenClose:
			if len(list) == 1 {
				return first, nil
			}
			return list, nil
		}
		next, err := p.and(field)
		if err != nil {
			return nil, err
		}
		list = append(list, next)
	}
}

func (p *parser) and(field string) (node, error) {
	first, err := p.not(field)
	if err != nil {
		return nil, err
	}
	list := allOf{first}
	for p.peek().kind == tokenAnd {
		p.take()
		next, err := p.not(field)
		if err != nil {
			return nil, err
		}
		list = append(list, next)
	}
	if len(list) == 1 {
		return first, nil
	}
	return list, nil
}

func (p *parser) not(field string) (node, error) {
	if p.peek().kind != tokenNot {
		return p.primary(field)
	}
	p.take()
	of, err := p.not(field)
	if err != nil {
		return nil, err
	}
	return negated{of}, nil
}

func (p *parser) primary(field string) (node, error) {
	switch t := p.take(); t.kind {
	case tokenOpen:
		inner, err := p.or(field)
		if err != nil {
			return nil, err
		}
		if closing := p.take(); closing.kind != tokenClose {
			return nil, p.fail(closing.at, "a closing parenthesis is missing")
		}
		return inner, nil
	case tokenWord:
		if p.peek().kind != tokenColon {
			return term{field: field, pattern: t.pattern}, nil
		}
		colon := p.take()
		if field != "" {
			return nil, p.fail(colon.at, "a field inside the group of another field; escape the colon if it belongs to a value")
		}
		switch value := p.peek(); value.kind {
		case tokenOpen:
			return p.primary(t.text)
		case tokenWord:
			p.take()
			if p.peek().kind == tokenColon {
				return nil, p.fail(p.peek().at, "a colon inside a value must be escaped or quoted")
			}
			return term{field: t.text, pattern: value.pattern}, nil
		default:
			return nil, p.fail(value.at, fmt.Sprintf("field %q has no value", t.text))
		}
	default:
		return nil, p.fail(t.at, "a term was expected")
	}
}

func (p *parser) peek() token { return p.scan() }

func (p *parser) take() token {
	t := p.scan()
	p.pos = t.next
	return t
}

// scan reads the token at the current position without moving.
func (p *parser) scan() token {
	at := p.pos
	for at < len(p.text) && isSpace(p.text[at]) {
		at++
	}
	simple := func(kind tokenKind, length int) token {
		return token{kind: kind, text: p.text[at : at+length], at: at, next: at + length}
	}
	rest := p.text[at:]
	switch {
	case rest == "":
		return simple(tokenEnd, 0)
	case rest[0] == '(':
		return simple(tokenOpen, 1)
	case rest[0] == ')':
		return simple(tokenClose, 1)
	case rest[0] == ':':
		return simple(tokenColon, 1)
	case rest[0] == '!':
		return simple(tokenNot, 1)
	case strings.HasPrefix(rest, "&&"):
		return simple(tokenAnd, 2)
	case strings.HasPrefix(rest, "||"):
		return simple(tokenOr, 2)
	case rest[0] == '"':
		return p.quoted(at)
	}
	return p.word(at)
}

func (p *parser) quoted(at int) token {
	var value strings.Builder
	for i := at + 1; i < len(p.text); i++ {
		switch c := p.text[i]; c {
		case '"':
			text := value.String()
			return token{kind: tokenWord, text: text, pattern: exactly(text), at: at, next: i + 1}
		case '\\':
			if i++; i < len(p.text) {
				value.WriteByte(p.text[i])
			}
		default:
			value.WriteByte(c)
		}
	}
	return p.broken(at, "a closing quote is missing")
}

// word reads a bare word. The words AND, OR and NOT in capitals are operators.
func (p *parser) word(at int) token {
	var pat pattern
	var text strings.Builder
	i := at
	for ; i < len(p.text); i++ {
		c := p.text[i]
		if isSpace(c) || strings.IndexByte(`():"`, c) >= 0 {
			break
		}
		switch {
		case c == '\\':
			if i++; i == len(p.text) {
				return p.broken(at, "the query ends in a backslash")
			}
			pat.literal(p.text[i])
			text.WriteByte(p.text[i])
		case c == '*' || c == '?':
			pat.wild(c)
			text.WriteByte(c)
		case strings.IndexByte("/[]{}^~", c) >= 0:
			return p.broken(i, fmt.Sprintf("%q has a meaning of its own; escape or quote it", c))
		case i == at && (c == '-' || c == '+'):
			return p.broken(i, fmt.Sprintf("%q at the start of a term is an operator that is not simulated; escape or quote it", c))
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

// broken notes the first lexical problem and ends the query there.
func (p *parser) broken(at int, reason string) token {
	if p.bad == nil {
		p.bad = p.fail(at, reason)
	}
	return token{kind: tokenEnd, at: at, next: len(p.text)}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
