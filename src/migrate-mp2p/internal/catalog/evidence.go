package catalog

// Evidence is what NSX says of one entry when it is read directly, without the search index.
type Evidence int

// What reading an entry can show.
const (
	Undecided Evidence = iota // NSX's answer does not decide it
	IsManager
	IsPolicy
	IsAbsent // the Manager object is gone altogether
)
