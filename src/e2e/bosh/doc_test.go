// Package bosh_test deploys and runs the built release with the real bosh CLI and the real bosh-agent, from the files in
// src/manifests, against the simulator and, for TKGI clusters, a real Kubernetes API. `scripts/test bosh` makes what it needs.
package bosh_test
