// Command nsxsim runs the NSX simulator: serve it, check a saved state, print what it covers.
package main
