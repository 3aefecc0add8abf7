package grammar

import (
	"fmt"
	"strings"
)

// ParseDSL reads a question in words, such as
//
//	find router where name is t1-web and scope is not ncp/cluster
//	LogicalSwitch
//
// Public sources show one example of this language and no grammar, so that this one is ASSUMED: an optional verb, a
// word that the resource type contains, and conditions that "and" and "or" join, "and" closer. A condition is a field,
// "is", "is not", "contains" or a sign (=, !=, <, <=, >, >=) and a value. Errors are *SyntaxError.
func ParseDSL(text string) (*Query, error) {
	d := &dsl{parser: parser{text: text}}
	d.skip("find", "show", "list", "get", "search")
	d.skip("all")
	subject, err := d.word("a resource type")
	if err != nil {
		return nil, err
	}
	query := allOf{&term{field: "resource_type", pattern: containing(subject.text)}}
	if d.skip("where", "with") {
		condition, err := d.conditions()
		if err != nil {
			return nil, err
		}
		query = append(query, condition)
	}
	if rest := d.next(); rest.kind != tokenEnd {
		return nil, d.fail(rest.at, fmt.Sprintf("unexpected %q; conditions follow the word where", rest.text))
	}
	return &Query{root: query.simplified()}, nil
}

// fieldNames are the words that name a field by another name. An address may stand in any field.
var fieldNames = map[string]string{"name": "display_name", "type": "resource_type", "tag": "tags.tag", "scope": "tags.scope", "ip": ""}

// operators are the words and signs between a field and a value, the longer ones first.
var operators = []string{"!=", "<=", ">=", "<", ">", "=", "contains", "is"}

// dsl reads words one by one.
type dsl struct{ parser }

// next looks at the next word or sign, which may be quoted.
func (d *dsl) next() token {
	at := d.pos
	for at < len(d.text) && isSpace(d.text[at]) {
		at++
	}
	if strings.HasPrefix(d.text[at:], `"`) {
		text, next, closed := d.unquote(at)
		if !closed {
			d.broken(at, "a closing quote is missing")
		}
		return token{kind: tokenWord, text: text, quoted: true, at: at, next: next}
	}
	end := at
	for end < len(d.text) && !isSpace(d.text[end]) && isSign(d.text[end]) == isSign(d.text[at]) {
		end++
	}
	if end == at {
		return token{kind: tokenEnd, at: at, next: at}
	}
	return token{kind: tokenWord, text: d.text[at:end], at: at, next: end}
}

func isSign(c byte) bool { return strings.IndexByte("<>=!", c) >= 0 }

// skip takes one of some words if it comes next.
func (d *dsl) skip(words ...string) bool {
	t := d.next()
	for _, word := range words {
		if !t.quoted && strings.EqualFold(t.text, word) {
			d.pos = t.next
			return true
		}
	}
	return false
}

// word takes the next word, which has to be there.
func (d *dsl) word(wanted string) (token, error) {
	t := d.next()
	if d.bad != nil {
		return t, d.bad
	}
	if t.kind == tokenEnd {
		return t, d.fail(t.at, wanted+" was expected")
	}
	d.pos = t.next
	return t, nil
}

func (d *dsl) conditions() (node, error) {
	var either anyOf
	for {
		var all allOf
		for {
			condition, err := d.condition()
			if err != nil {
				return nil, err
			}
			all = append(all, condition)
			if !d.skip("and") {
				break
			}
		}
		either = append(either, all.simplified())
		if !d.skip("or") {
			return either.simplified(), nil
		}
	}
}

func (d *dsl) condition() (node, error) {
	name, err := d.word("a field")
	if err != nil {
		return nil, err
	}
	field, other := fieldNames[strings.ToLower(name.text)]
	if !other {
		field = name.text
	}
	at := d.next().at
	for _, operator := range operators {
		if !d.skip(operator) {
			continue
		}
		not := operator == "!=" || operator == "is" && d.skip("not")
		value, err := d.word("a value")
		if err != nil {
			return nil, err
		}
		of := compared(field, operator, value.text)
		if not {
			return negated{of}, nil
		}
		return of, nil
	}
	return nil, d.fail(at, fmt.Sprintf("a comparison of %q was expected, such as is, contains or =", name.text))
}

func compared(field, operator, value string) node {
	open := limit{open: true}
	end := newLimit(value, strings.HasSuffix(operator, "="))
	switch operator {
	case "<", "<=":
		return &between{field: field, span: span{low: open, high: end}}
	case ">", ">=":
		return &between{field: field, span: span{low: end, high: open}}
	case "contains":
		return &term{field: field, pattern: containing(value)}
	}
	return &term{field: field, pattern: exactly(value)}
}

// containing matches values with a text anywhere in them.
func containing(text string) pattern {
	p := exactly(text)
	return pattern{parts: []part{{wild: '*'}, p.parts[0], {wild: '*'}}}
}
