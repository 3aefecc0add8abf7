// Package search answers queries in the language of NSX's Search API: a parser, and a matcher over one side of the
// store that uses the store's indexes.
//
// The language (NSX search documentation; it follows Lucene): terms joined by AND, OR, NOT (also &&, ||, !),
// parentheses, field:value with nested fields ("tags.scope:x"), groups field:(a OR b), "quoted phrases", the wildcards
// ? and *, and a backslash before a character that is meant literally.
//
// # What is ASSUMED
//
//   - A value matches as a whole and without regard to case; there is no splitting into words.
//   - Array elements are flattened: tags.scope:a AND tags.tag:b is true for an object with the tags a=x and y=b.
//   - Terms side by side without an operator are joined by OR, Lucene's default.
//   - An unescaped "/" or ":" inside a value is refused, since Lucene gives both a meaning; ranges, boosts and regular
//     expressions are not simulated and are refused too, rather than answered wrongly.
package search
