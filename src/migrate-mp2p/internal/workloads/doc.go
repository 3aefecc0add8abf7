// Package workloads answers what the platform knows about the workloads behind NSX objects.
//
// Each platform is one file with one Source. A Source says which kinds of fact it can give; a rule that
// needs another kind is refused on that platform before anything is sent. Sources are read-only.
//
// Cloud Foundry (TAS) needs no outside source: NCP writes the identities of orgs, spaces and apps into the tags
// of the NSX objects, so its Source gives no facts at all.
package workloads
