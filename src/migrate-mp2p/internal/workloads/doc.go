// Package workloads answers what the platform knows about the workloads behind NSX objects.
//
// A [Platform] says which kinds of fact it can give, and reads them when it is asked to; a rule that needs another kind is
// refused on that platform before anything is sent. What was read at one moment is a [Source]. Nothing is ever written to
// a platform.
//
// Cloud Foundry (TAS) needs no outside source: NCP writes the identities of orgs, spaces and apps into the tags
// of the NSX objects, so its Source gives no facts at all. A [Cluster] is what the Kubernetes API shows; package
// kubernetes fills it.
package workloads
