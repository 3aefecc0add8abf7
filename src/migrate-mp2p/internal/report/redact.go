package report

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"sync"
)

const (
	mask = "***"
	// shortestSecret keeps a secret of a letter or two from turning every line into stars.
	shortestSecret = 4
	// shortestLine is the length from which a line of a PEM file is a secret of its own.
	shortestLine = 16
	// jsonDepth is how deeply JSON is looked into: a line of the log may quote the body of a request.
	jsonDepth = 2
)

// Redactor replaces secrets by "***", in every spelling in which they may turn up: as they are, within JSON,
// HTML or a URL, and line by line. The zero value and nil replace nothing. It is safe for concurrent use.
type Redactor struct {
	mu        sync.RWMutex
	spellings []string
	replacer  *strings.Replacer
}

// Register adds secrets. Those shorter than four characters are left out.
func (r *Redactor) Register(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range secrets {
		for _, spelling := range spellings(s) {
			if !slices.Contains(r.spellings, spelling) {
				r.spellings = append(r.spellings, spelling)
			}
		}
	}
	// The longest first, so that a secret within another leaves no rest of the longer one.
	slices.SortFunc(r.spellings, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(r.spellings))
	for _, s := range r.spellings {
		pairs = append(pairs, s, mask)
	}
	r.replacer = strings.NewReplacer(pairs...)
}

// Clean returns the text without secrets.
func (r *Redactor) Clean(text string) string {
	if r == nil {
		return text
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.replacer == nil {
		return text
	}
	return r.replacer.Replace(text)
}

func spellings(secret string) []string {
	if len(secret) < shortestSecret {
		return nil
	}
	all := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), inHTML(secret)}
	if lines := strings.Fields(secret); len(lines) > 1 {
		for _, line := range lines {
			if len(line) >= shortestLine && !strings.HasPrefix(line, "-----") {
				all = append(all, line)
			}
		}
	}
	for range jsonDepth {
		for _, s := range slices.Clone(all) {
			all = append(all, inJSON(s, true), inJSON(s, false))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// inHTML is how package html/template writes a text.
func inHTML(text string) string {
	return strings.ReplaceAll(template.HTMLEscapeString(text), "+", "&#43;")
}

// inJSON is how a text looks inside of a JSON string, with or without HTML's characters escaped.
func inJSON(text string, escapeHTML bool) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(escapeHTML)
	if err := encoder.Encode(text); err != nil {
		return text
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(b.String()), `"`), `"`)
}
