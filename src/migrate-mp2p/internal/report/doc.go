// Package report is what the operator sees: lines while a run goes on, the words at its end, the report files
// and the log.
//
// # What must hold
//
//  1. Standard output is bounded, since BOSH cuts what is longer than 1 MB and shows it only at the end. What
//     no longer fits goes to the log alone, and one line says so. The closing words always fit.
//  2. Standard output is best effort: once a write fails nothing more is written to it, and the run goes on.
//     (The program must ignore SIGPIPE for this; package report cannot do that for it.)
//  3. The very last line of text is "exit code N: " and what N means.
//  4. Every line, file and log entry passes a Redactor, as a second net behind the Secret type of the
//     configuration.
//  5. Nothing here decides anything: the code, the meaning and the advice come from package run.
//
// A Reporter may be used by several goroutines.
package report
