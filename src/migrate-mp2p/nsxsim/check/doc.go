// Package check judges the state of a simulated NSX: is it consistent, how many of a
// cluster's objects are Manager, Policy or half-way, is everything that was not to be
// touched as it was, and could NCP in Policy mode start?
//
// It reads a state only. Of the migration coordinator's records it knows no more than which
// intents are not realized (realized.go), and nothing of the product: what NCP needs comes from the public facts about NCP alone
// (readiness.go for all platforms, readiness_kubernetes.go for Kubernetes and TKGI).
// Which uid, port, protocol or purpose an object of Kubernetes or TKGI must have is known only where
// the workloads are given (workloads.go reads their manifests, readiness_exact.go compares);
// otherwise any will do, but for the uid of the cluster itself, which its name tells.
//
// # Caveats
//
// The network of TKGI's nodes is what carries the tags of TKGI and of NCP for its cluster and not
// NCP's version. Its floating address carries no tags: it is not counted, but has to move, too.
//
// Which shared objects a cluster has is not written in the state. Counted are the
// Tier-0, IP blocks, IP pools and client SSL profiles that the cluster's own objects
// refer to.
package check
