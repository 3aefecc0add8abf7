package api

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Version is an NSX product version such as 4.1.1.
type Version [4]int

// ParseVersion reads one to four numbers with dots between them.
func ParseVersion(text string) (Version, error) {
	parts := strings.Split(text, ".")
	var v Version
	if len(parts) > len(v) {
		return v, fmt.Errorf("reading NSX version %q: more than %d numbers", text, len(v))
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return v, fmt.Errorf("reading NSX version %q: %q is not a number", text, part)
		}
		v[i] = int(n)
	}
	return v, nil
}

// AtLeast tells whether v is the given version or a later one.
func (v Version) AtLeast(major, minor int) bool {
	return cmp.Or(cmp.Compare(v[0], major), cmp.Compare(v[1], minor)) >= 0
}

// String is the version with all four numbers.
func (v Version) String() string {
	return fmt.Sprintf("%d.%d.%d.%d", v[0], v[1], v[2], v[3])
}
