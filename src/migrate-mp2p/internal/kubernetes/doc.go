// Package kubernetes reads the workloads of a cluster from its Kubernetes API, for those facts that NSX does not hold.
//
// Invariants:
//  1. Only lists are asked for, cluster-wide: namespaces, services, ingresses, network policies, and pods if they are wanted.
//     Of all but services and ingresses only metadata is sent. Secrets are never read. The CRDs of loadbalancers.vmware.com
//     are not read, since no rule asks for anything in them.
//  2. Nothing is contacted, and no credential is read, before Read; each Read begins with the credentials as they are then.
//  3. A list that breaks off is read anew from its beginning, so that what is kept of a kind was true at one moment. The kinds
//     are read one after the other: a workload that comes or goes in between is in some and not in others.
//  4. Every repetition has a limit and leaves its reason in the log.
//  5. No token, key or password is in any error or line.
//
// A namespace that is being deleted counts as long as the API shows it, since NCP's objects for it are there as well.
package kubernetes
