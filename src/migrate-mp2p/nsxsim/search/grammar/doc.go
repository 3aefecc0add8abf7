// Package grammar answers queries in the languages of NSX's Search API: parsers, and a matcher over one side of the store
// that uses the store's indexes.
//
// # The query language
//
// It is the one of NSX's full text search, which follows Lucene:
//
//	ncp                                   any field has this value
//	display_name:web                      a field; nested ones with dots: tags.scope:x, attachment.context.vif_type:CHILD
//	display_name:"web one"                a phrase, with blanks and signs in it
//	display_name:w?b*                     ? is one character, * any number; anywhere in a value
//	tags.scope:ncp\/cluster               a backslash takes the meaning from the character behind it
//	a AND b, a OR b, NOT a                also &&, || and !
//	+a -b c                               a must match, b must not
//	resource_type:(A OR B)                a group, with or without a field
//	vlan:[1 TO 9], vlan:{1 TO 9}, vlan:>=1 ranges of numbers, times and texts; * is an open end
//	_exists_:vlan                         the field is there
//	*:*                                   everything
//
// # Invariants
//
//   - Every text is either parsed or refused with a *SyntaxError that names the place; none takes the program down.
//   - Run finds with the indexes what Matches finds without them.
//   - A value matches as a whole and without regard to case; names of fields are taken as they are.
//
// # What is ASSUMED
//
//   - There is no splitting of values into words: "web" does not find "web one". NSX's own examples put stars around
//     a part of a name.
//   - Array elements are flattened: tags.scope:a AND tags.tag:b is true for an object with the tags a=x and y=b.
//   - Clauses side by side without an operator are alternatives, Lucene's default. AND binds closer than OR.
//   - A range looks at numbers where both sides are numbers or times (NSX keeps times as milliseconds), otherwise at the
//     order of the letters.
//   - A term with marked_for_delete:false matches objects that do not have the field.
//   - Boosts, fuzzy terms, proximity and regular expressions are not simulated and are refused, rather than answered
//     wrongly. So is an unescaped "/" inside a value, with which Lucene begins a regular expression.
package grammar
