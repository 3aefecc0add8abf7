package report

import (
	_ "embed"
	"html/template"
	"io"
	"strconv"
	"time"
)

//go:embed page.html.tmpl
var pageSource string

// shownUpdates bounds the unapplied updates on the page; report.json has all of them.
const shownUpdates = 500

// writeHTML writes one page that needs nothing else: no script, no picture, no other file.
func writeHTML(w io.Writer, d Data) error {
	page, err := template.New("report").Funcs(template.FuncMap{"stamp": stamp, "count": count}).Parse(pageSource)
	if err != nil {
		return err
	}
	more := max(0, len(d.Unapplied)-shownUpdates)
	shown := d
	shown.Unapplied = d.Unapplied[:len(d.Unapplied)-more]
	return page.Execute(w, struct {
		Data
		Sum    TypeCount
		More   int
		Mood   string
		Waited time.Duration
	}{shown, totals(d.Types), more, mood(d.Outcome.Code), d.Requests.Waited.Round(time.Second)})
}

// mood is the colour of the result: only 0 and 2 leave a state that NCP may run in.
func mood(code int) string {
	switch code {
	case 0:
		return "good"
	case 2:
		return "back"
	}
	return "bad"
}

// count writes large numbers so that they can be read.
func count(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:] // a narrow blank that does not break
	}
	return digits
}
