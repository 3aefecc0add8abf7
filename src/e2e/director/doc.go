// Package director is a stand-in for a BOSH Director on loopback, so that the real bosh CLI and the real bosh-agent can
// be driven from end to end on one machine.
//
// What is real: the CLI, the release tarball it builds, its ERB renderer, the agent, the compilation of our packages by
// that agent, the errand as that agent runs it, and everything that goes over the wire between them.
//
// What a VM is here: a folder that is mounted on /var/vcap in a mount and PID namespace of its own, with an agent in it.
// Killing the namespace's first process kills the agent and the errand at once, like a power failure. The persistent
// disk of an instance is a folder that is mounted on /var/vcap/store and outlives the VMs. A VM is made for each run of an
// errand and deleted after it, in groups with lifecycle service, too. An errand runs on all instances side by side.
//
// What it is not: there is no scheduling, no health monitor, no lock, no link, no CredHub, no CPI, no stemcell and no
// NATS. Of runtime configs the addons are obeyed, included by deployment, job or instance group. It needs root, and keeps everything but releases' extracted files under Options.Dir.
package director
