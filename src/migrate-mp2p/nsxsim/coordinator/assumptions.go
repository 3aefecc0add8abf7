package coordinator

// Assumption is one behaviour that no public source states.
type Assumption struct {
	// Subject is an endpoint, a resource type or a phase.
	Subject string
	Text    string
}

// Assumptions lists what the coordinator and the promotion assume, for the coverage
// page. Each is one place in the code and easily changed when a live NSX disagrees.
func Assumptions() []Assumption {
	return []Assumption{
		{"POST mp-to-policy", "Unknown keys give 400. Unless the plan is NOT_STARTED or SUCCESS with both components at rest the batch is refused."},
		{"workflow INITIATE", "Needed before plan start and before rollback; a second one without DONE is refused; abort keeps it."},
		{"workflow DONE", "Refused without INITIATE. It realizes everything promoted so far and goes on when the client hangs up."},
		{"plan start", "Fails with 500 when no batch is stored."},
		{"plan continue", "Refused after a failed pre-check unless skip=true."},
		{"plan abort", "While the migration runs nothing of the batch remains, or with the option KeepPartial what time had reached."},
		{"status-summary", "A failed component leaves the overall status PAUSED (option: any other). Details hold one line per object."},
		{"duplicates", "Each is one line of details: type, id, and the sentence that the resource is duplicate or already migrated."},
		{"feedback", "error_id is a number of ours."},
		{"batch", "All or nothing, unless skip_failed_resources or the option KeepPartial say otherwise; override is accepted and ignored."},
		{"batch limits", "Not enforced by default (option EnforceLimits: what vmware-nsx keeps to)."},
		{"rollback", "All or nothing; refuses what is not migrated, what other promoted objects need and what has Policy children; also possible after DONE; Manager ids are enough, allocations of an address in two pools need a linked id."},
		{"migrated-resources", "Lists all CONSUMER results since the beginning and survives restarts of the service."},
		{"mp-policy-promotion/state", "In progress from INITIATE to DONE."},
		{"realization", "UNINITIALIZED until DONE, IN_PROGRESS during it, SUCCESS after it."},
		{"principal_identity", "Without setup_details the Policy objects belong to admin."},
		{"policy_id", "Omitted, it is the Manager id."},
		{"allocations in Manager mode", "Promotion leaves the Manager's allocation as it is: it cannot carry the tag policyPath."},
		{"IPPOOL", "Networks of the pool that are not cut from a block become static subnets with ids of ours."},
		{"IPBLOCK_SUBNET", "The pool is named by any linked id, or is the one with the same network."},
		{"IPPOOL_ALLOCATION", "The pool is named by any linked id, or is the only one that holds the address; the Policy id defaults to the address."},
		{"TIER0", "On an edge cluster it gets the locale service default; uplinks become its interfaces."},
		{"TIER0_LOGICAL_ROUTER_CONFIG", "Its uplinks must be Policy first. BGP, neighbors, redistribution and static routes are taken over; BGP off with neighbors fails."},
		{"TIER1_LOGICAL_ROUTER_PORT", "Link ports on both sides and the switch's ends of down-links get policyPath without an entry of their own; metadata must name the segment of each down-link and the id of each static route."},
		{"LOGICAL_PORT", "Ports attached to a router need not travel with the other ports of their switch. Binding maps exist only if metadata name them."},
		{"NAT", "linked_ids must name the router, on a Tier-0 with the key TIER0; rules with nat_pass get firewall_match BYPASS too."},
		{"IP_SET", "Becomes a group with an IPAddressExpression in domain default."},
		{"NS_GROUP", "Criteria and members are joined by OR; members must be Policy first."},
		{"DFW_SECTION", "Rules become children of the policy; without linked ids their sequence is their order. The rules' Manager objects stay as they are."},
		{"LB types", "Fields that are no references keep their names."},
		{"LB_VIRTUAL_SERVER, LB_SERVICE", "Either order (option StrictOrder: services first); whoever comes second ties the knot."},
		{"METADATA_PROXY, DHCP_SERVER", "Refused as unsupported types: NCP has none."},
	}
}
