// Package workloads answers what the platform knows about the workloads behind NSX objects.
//
// Each platform is one file with one Source. A Source says which kinds of fact it can give; a rule or check
// that needs another kind does not apply on that platform. Sources are read-only.
//
// Cloud Foundry (TAS) needs no outside source: NCP writes the identities of orgs, spaces and apps into the tags
// of the NSX objects, so its Source gives no facts at all.
package workloads
