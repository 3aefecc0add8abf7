package grammar

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

// The nodes of a query. A field is empty in a node that looks at every field.
type (
	node    interface{ matches(d *document) bool }
	allOf   []node
	anyOf   []node
	negated struct{ of node }
	term    struct {
		field   string
		pattern pattern
	}
	between struct {
		field string
		span  span
	}
	exists     struct{ field string }
	everything struct{}
)

// maxDepth bounds parentheses and negations inside each other, as the parser calls itself for them.
const maxDepth = 200

// Parse reads a query. Its errors are *SyntaxError.
func Parse(text string) (*Query, error) {
	p := &parser{text: text}
	if strings.TrimSpace(text) == "" {
		return nil, p.fail(0, "the query is empty")
	}
	root, err := p.clauses("")
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

// Filter asks for a value, in which * and ? are wildcards, in at least one of some fields.
func Filter(fields []string, value string, caseSensitive bool) *Query {
	p := pattern{asWritten: caseSensitive}
	for i := range len(value) {
		if c := value[i]; c == '*' || c == '?' {
			p.wild(c)
		} else {
			p.literal(c)
		}
	}
	if !caseSensitive {
		p.lower()
	}
	var either anyOf
	for _, field := range fields {
		either = append(either, &term{field: field, pattern: p})
	}
	return &Query{root: either.simplified()}
}

// All joins queries: what matches each of them.
func All(queries ...*Query) *Query {
	roots := make(allOf, 0, len(queries))
	for _, q := range queries {
		roots = append(roots, q.root)
	}
	return &Query{root: roots.simplified()}
}

type parser struct {
	text  string
	pos   int
	depth int
	bad   *SyntaxError
}

func (p *parser) fail(at int, reason string) *SyntaxError {
	return &SyntaxError{Query: p.text, At: at, Reason: reason}
}

func (p *parser) peek() token { return p.scan(p.pos) }

func (p *parser) take() token {
	t := p.scan(p.pos)
	p.pos = t.next
	return t
}

// clauses reads clauses joined by OR, or by nothing. Inside field:( ... ) the field applies to every word.
//
// A clause with + must match, one with - must not; a negated clause that stands beside others without an operator must
// not match either. Of all others one has to match, unless there is one with +.
func (p *parser) clauses(field string) (node, error) {
	var must, should allOf
	required := false // a clause with + is among them
	joined := false   // an OR stands before the clause
	for {
		first := p.peek()
		clause, chained, err := p.and(field)
		if err != nil {
			return nil, err
		}
		next := p.peek()
		_, not := clause.(negated)
		alone := not && !joined && next.kind != tokenOr
		switch {
		case first.kind == tokenPlus:
			must, required = append(must, clause), true
		case !chained && (first.kind == tokenMinus || alone):
			must = append(must, clause)
		default:
			should = append(should, clause)
		}
		if joined = next.kind == tokenOr; joined {
			p.take()
			continue
		}
		if next.kind != tokenEnd && next.kind != tokenClose {
			continue
		}
		// Beside a clause with + the others only raise the score, and scores are not simulated.
		if len(should) > 0 && !required {
			must = append(must, anyOf(should).simplified())
		}
		return must.simplified(), nil
	}
}

func (l allOf) simplified() node {
	if len(l) == 1 {
		return l[0]
	}
	return l
}

func (l anyOf) simplified() node {
	if len(l) == 1 {
		return l[0]
	}
	return l
}

// and reads clauses joined by AND, and tells whether there are several.
func (p *parser) and(field string) (of node, chained bool, err error) {
	first, err := p.not(field)
	if err != nil {
		return nil, false, err
	}
	list := allOf{first}
	for p.peek().kind == tokenAnd {
		p.take()
		next, err := p.not(field)
		if err != nil {
			return nil, false, err
		}
		list = append(list, next)
	}
	return list.simplified(), len(list) > 1, nil
}

// not reads a clause with the signs before it.
func (p *parser) not(field string) (node, error) {
	sign := p.peek()
	if sign.kind != tokenNot && sign.kind != tokenMinus && sign.kind != tokenPlus {
		return p.primary(field)
	}
	p.take()
	if p.depth++; p.depth > maxDepth {
		return nil, p.tooDeep(sign.at)
	}
	defer func() { p.depth-- }()
	of, err := p.not(field)
	if err != nil || sign.kind == tokenPlus {
		return of, err
	}
	return negated{of}, nil
}

func (p *parser) tooDeep(at int) error {
	return p.fail(at, fmt.Sprintf("parentheses and negations stand more than %d deep in each other", maxDepth))
}

// primary reads a term, or a group in parentheses.
func (p *parser) primary(field string) (node, error) {
	switch t := p.take(); t.kind {
	case tokenOpen:
		return p.group(t, field)
	case tokenRange:
		if field == "" {
			return nil, p.fail(t.at, "a range needs a field before it")
		}
		return &between{field: field, span: t.span}, nil
	case tokenWord:
		if p.peek().kind == tokenColon {
			return p.fielded(t, field)
		}
		return p.term(field, t)
	default:
		return nil, p.fail(t.at, "a term was expected")
	}
}

// group reads what stands behind an opening parenthesis.
func (p *parser) group(opening token, field string) (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.tooDeep(opening.at)
	}
	defer func() { p.depth-- }()
	inner, err := p.clauses(field)
	if err != nil {
		return nil, err
	}
	if closing := p.take(); closing.kind != tokenClose {
		return nil, p.fail(closing.at, "a closing parenthesis is missing")
	}
	return inner, nil
}

// fielded reads the colon and the value behind the name of a field. outer is the field of the group around it.
func (p *parser) fielded(name token, outer string) (node, error) {
	colon := p.take()
	switch {
	case outer != "":
		return nil, p.fail(colon.at, "a field stands inside the group of another field; escape the colon if it belongs to a value")
	case name.quoted:
		return nil, p.fail(name.at, "the name of a field is not quoted")
	}
	field := name.text
	if field == "*" {
		field = ""
	} else if _, literal := name.pattern.exact(); !literal {
		return nil, p.fail(name.at, "wildcards in the name of a field are not supported")
	}
	value := p.take()
	switch value.kind {
	case tokenOpen:
		return p.group(value, field)
	case tokenRange:
		return &between{field: field, span: value.span}, nil
	case tokenMinus, tokenPlus:
		return nil, p.fail(value.at, fmt.Sprintf("a value cannot begin with %q; escape or quote it", value.text))
	case tokenWord:
	default:
		return nil, p.fail(value.at, fmt.Sprintf("field %q has no value", name.text))
	}
	if next := p.peek(); next.kind == tokenColon {
		return nil, p.fail(next.at, "a colon inside a value must be escaped or quoted")
	}
	return p.term(field, value)
}

// term makes the node of one value. A lone star asks for the field to be there, and without a field for anything.
func (p *parser) term(field string, value token) (node, error) {
	_, literal := value.pattern.exact()
	switch {
	case field == "_exists_" && !literal:
		return nil, p.fail(value.at, "wildcards in the name of a field are not supported")
	case field == "_exists_":
		return &exists{field: value.text}, nil
	case !value.pattern.anything():
		return &term{field: field, pattern: value.pattern}, nil
	case field == "":
		return everything{}, nil
	}
	return &exists{field: field}, nil
}
