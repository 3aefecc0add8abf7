package workloads

import "strings"

// Noting notes the answers of a source, so that they can be given again when the platform is not asked any more.
type Noting struct {
	source  Source
	answers map[string]string
}

// Note notes the answers of a source.
func Note(source Source) *Noting { return &Noting{source, map[string]string{}} }

// Lookup asks the source. What does not exist is not noted.
func (n *Noting) Lookup(kind Kind, keys ...string) (string, error) {
	answer, err := n.source.Lookup(kind, keys...)
	if err == nil {
		n.answers[question(kind, keys)] = answer
	}
	return answer, err
}

// Answers are those that were given, by question.
func (n *Noting) Answers() map[string]string { return n.answers }

// Noted is a source that gives answers again. What was not asked then, it asks next, which is called at most once, when the
// first such question comes.
func Noted(answers map[string]string, next func() (Source, error)) Source {
	return &noted{answers: answers, next: next}
}

type noted struct {
	answers map[string]string
	next    func() (Source, error)
	source  Source
	err     error
}

func (n *noted) Lookup(kind Kind, keys ...string) (string, error) {
	if answer, known := n.answers[question(kind, keys)]; known {
		return answer, nil
	}
	if n.source == nil && n.err == nil {
		n.source, n.err = n.next()
	}
	if n.err != nil {
		return "", n.err
	}
	return n.source.Lookup(kind, keys...)
}

// question spells a lookup. No key holds a slash: names of Kubernetes do not.
func question(kind Kind, keys []string) string {
	return string(kind) + "/" + strings.Join(keys, "/")
}
