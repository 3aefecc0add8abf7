// Package rawjson takes JSON apart without decoding it: members and elements are handed out as their very bytes. An NSX
// with a hundred thousand objects is read several times in a run, and most of its values nobody looks at (BenchmarkPage
// compares this with encoding/json).
//
// The work is jsontext's; here is what to visit, and that encoding/json's habits hold: what that accepts is accepted, down to
// a depth of 10,000, and the tests compare the two. What is handed out refers to the text, so whoever keeps something copies it.
package rawjson
