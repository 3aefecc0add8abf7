// Package rawjson takes JSON apart without decoding it: members and elements are handed out as their very bytes. An NSX
// with a hundred thousand objects is read several times in a run, and encoding/json takes ten times as long for it, most
// of that for values which nobody looks at.
//
// A Scanner accepts exactly what encoding/json accepts, down to a depth of 1000; the tests compare the two. What it
// hands out refers to the text, so whoever keeps something copies it.
package rawjson
