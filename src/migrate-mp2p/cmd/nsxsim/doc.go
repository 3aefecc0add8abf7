// Command nsxsim runs the NSX simulator: serve it, print a world as Kubernetes manifests, check a saved state (against such
// manifests, too), print what it covers.
package main
