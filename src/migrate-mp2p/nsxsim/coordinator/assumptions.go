package coordinator

// assumptions are what the promotion of each type assumes. The coverage page shows
// them with the endpoint that takes batches; what other endpoints assume stands in
// their own notes. Each is one place in the code, easily changed when a live NSX
// disagrees.
func assumptions() []string {
	return []string{
		"ASSUMED: unknown keys give 400",
		"ASSUMED: a batch is refused unless the plan is NOT_STARTED or SUCCESS and no component runs",
		"ASSUMED: a batch is promoted as a whole or not at all, unless skip_failed_resources or an option of the simulator say otherwise; override is ignored",
		"ASSUMED: batch limits are not enforced unless an option says so; then they are those that vmware-nsx keeps to",
		"ASSUMED: without setup_details the Policy objects belong to admin, without policy_id their id is the Manager id",
		"ASSUMED: realization is UNINITIALIZED until DONE, IN_PROGRESS during it, SUCCESS after it",
		"ASSUMED: a rollback gives Manager objects their owner back, and shows as their last change, made by nsx_policy",
		"ASSUMED: IPPOOL: networks that are not cut from a block become static subnets",
		"ASSUMED: IPBLOCK_SUBNET: its pool is named by any linked id, or is the one with the same network",
		"ASSUMED: IPPOOL_ALLOCATION: its pool is named by any linked id, or is the only one that holds the address; the Manager's allocation stays as it is, since it cannot carry tags",
		"ASSUMED: TIER0: on an edge cluster it gets the locale service default, and uplinks become interfaces of that",
		"ASSUMED: TIER0_LOGICAL_ROUTER_CONFIG: the uplinks must be Policy first; BGP, neighbors, redistribution and static routes are taken over; BGP off with neighbors fails",
		"ASSUMED: TIER1_LOGICAL_ROUTER_PORT: link ports on both sides and the switch's ends of down-links get policyPath without an entry of their own; metadata must name the segment of each down-link and the id of each static route",
		"ASSUMED: LOGICAL_PORT: ports attached to a router need not travel with the others of their switch; binding maps exist only if metadata name them",
		"ASSUMED: NAT: linked_ids must name the router, a Tier-0 with the key TIER0; rules with nat_pass get firewall_match BYPASS too",
		"ASSUMED: IP_SET: becomes a group with addresses in domain default",
		"ASSUMED: NS_GROUP: criteria and members are joined by OR; members must be Policy first",
		"ASSUMED: DFW_SECTION: without linked ids the sequence of a rule is its order; the rules' Manager objects stay as they are",
		"ASSUMED: LB types: fields that are no references keep their names",
		"ASSUMED: LB_VIRTUAL_SERVER and LB_SERVICE go in either order unless an option says services first; whoever comes second ties the knot",
		"METADATA_PROXY and DHCP_SERVER are refused as unsupported types: NCP has none",
	}
}
