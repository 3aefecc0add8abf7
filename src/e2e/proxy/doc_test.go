// Package proxy_test puts a proxy that lies between the built errand and NSX, for what needs a process: it is killed with
// SIGKILL while a call of its hangs in the network, and the call arrives when the next process has read the plan. All
// other lies are told to runs within a process (internal/run/claims of the product).
package proxy_test
