// Package model builds the worlds that the simulator starts with: the Manager
// objects, the Policy objects and a description of both, before any client has
// spoken.
//
// # Invariants
//
//   - The same arguments give byte-identical worlds: every id, name and time comes
//     from one generator with a fixed seed and from [Options], never from the
//     machine's clock or from crypto/rand.
//   - Every reference leads to an object of the same world.
//   - Objects carry the fields of a real answer: id, resource_type, display_name,
//     tags, _create_user, _create_time, _revision and so on.
//
// # Caveats
//
// Nobody outside VMware publishes a dump of a TAS foundation in Manager mode.
// Tag names and shapes follow the NCP documentation, NCP's own clean-up scripts
// and public debug logs; what these leave open is ASSUMED and marked so where it
// is written. The load balancer of model tas is ASSUMED as a whole: NCP on TAS
// may balance no traffic at all, but with it one small world holds every type that
// the migration API knows.
//
// Clusters of Kubernetes and TKGI come from one builder, kubeCluster; platforms differ
// in its kubeSpec. It makes the objects on NSX from [Workloads], and
// [WriteManifests] writes those for an API server, so that both sides tell the same.
// The names of objects on NSX are ASSUMED, as far as NCP's users never see them.
package model
