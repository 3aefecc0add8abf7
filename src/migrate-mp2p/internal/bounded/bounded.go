// Package bounded keeps lists in messages short: the first of them, and how many more there are.
package bounded

import (
	"fmt"
	"strconv"
	"strings"
)

// Lines are at most that many of the items, and in place of the rest "and 7 more". The items stay as they are.
func Lines(items []string, most int) []string { return LinesOf(items, most, "") }

// LinesOf are Lines whose last one says of what there are more: "and 7 more workloads are missing".
func LinesOf(items []string, most int, what string) []string {
	if len(items) <= most {
		return items
	}
	more := fmt.Sprintf("and %d more", len(items)-most)
	if what != "" {
		more += " " + what
	}
	return append(append(make([]string, 0, most+1), items[:most]...), more)
}

// List is at most that many of the items in a sentence: "a, b and 7 more".
func List(items []string, most int) string {
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}

// Quoted are the names in quotes, so that blanks at their ends can be seen.
func Quoted(names []string) []string {
	quoted := make([]string, 0, len(names))
	for _, name := range names {
		quoted = append(quoted, strconv.Quote(name))
	}
	return quoted
}

// Texts are items as they print themselves.
func Texts[T fmt.Stringer](items []T) []string {
	texts := make([]string, 0, len(items))
	for _, item := range items {
		texts = append(texts, item.String())
	}
	return texts
}
