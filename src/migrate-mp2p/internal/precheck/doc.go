// Package precheck answers whether a run may start. It is a table of checks; all of them run, and everything that
// they find is reported at once, before the first write.
//
// A check is one entry in checks.go: a name (which operators write into migration.ignore_prechecks, so it never
// changes), the question, why it matters, the cure, and a function. To add one, write the function in the file of its
// subject and add the entry.
//
// Invariants:
//  1. Checks only read.
//  2. A check that cannot get its data fails or is skipped with the reason; it never passes silently.
//  3. Only checks whose neglect cannot leave NSX in a state that a rollback does not cure may be ignored.
package precheck
