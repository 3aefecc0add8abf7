// Package docs_test keeps the pages below this folder in step with the program: tables that repeat what the code says are
// rendered from the code and compared, links must lead somewhere, and properties must exist.
package docs_test
