package coordinator

import "nsx-mp2p/migrate-mp2p/nsxsim/api"

// assumptions are what the promotion of each type assumes. The coverage page shows
// them with the endpoint that takes batches; what other endpoints assume stands in
// their own notes. Each is one place in the code, easily changed when a live NSX
// disagrees.
func assumptions() []string {
	rows := []struct{ what, why string }{
		{
			"unknown keys give 400; mode and skip_failed_resources are unknown before NSX 3.2",
			"the schema allows no other properties, and vmware-nsx, of NSX 3.1, never sends these two",
		},
		{
			"a batch is refused unless the plan is NOT_STARTED or SUCCESS and no component runs",
			"vmware-nsx sees later batches refused otherwise",
		},
		{
			"a batch is promoted as a whole or not at all, unless skip_failed_resources or an option of the simulator say " +
				"otherwise; override is ignored",
			"clients treat a failed batch as a whole; what override does there is UNKNOWN",
		},
		{
			"batch limits are not enforced unless an option says so; then they are those that vmware-nsx keeps to",
			"they were retuned over time, as tested sizes are and hard checks are not",
		},
		{
			"without setup_details the Policy objects belong to admin, without policy_id their id is the Manager id",
			"the schema names a default set-up, and most clients send the Manager id",
		},
		{
			"policy_id: a batch with an id that no Policy object can be created under fails the pre-check, which names it; " +
				"an option takes it, and then no path reaches the object",
			"policy_id is a plain text in the schema, so that the POST takes it; clients have both seen such ids work and " +
				"an object whose paths are all refused",
		},
		{
			"realization is UNINITIALIZED until DONE, IN_PROGRESS during it, SUCCESS after it, but for what an option " +
				"leaves in ERROR or late; DONE succeeds all the same",
			"vmware-nsx relies on DONE to cause the realization, and what hosts make of an intent is not the coordinator's " +
				"work",
		},
		{
			"a rollback gives Manager objects their owner back, and shows as their last change, made by nsx_policy",
			"NCP works on after a rollback, so it must own its objects again",
		},
		{
			"ports that were made on a switch since it was promoted are ordinary ones after its rollback",
			"NSX made their Policy objects by itself",
		},
		{
			"IPPOOL: networks that are not cut from a block become static subnets",
			"Policy has these two kinds of subnets only",
		},
		{
			"IPBLOCK_SUBNET: its pool is named by any linked id, or is the one with the same network; where there is " +
				"neither, a pool is made with the subnet's id",
			"the keys are UNKNOWN, and a Policy subnet needs its pool",
		},
		{
			"IPPOOL_ALLOCATION: its pool is named by any linked id, or is the only one that holds the address; the " +
				"Manager's allocation stays as it is, since it cannot carry tags",
			"the keys are UNKNOWN, and addresses may repeat between pools",
		},
		{
			"TIER0: on an edge cluster it gets the locale service default, and uplinks become interfaces of that",
			"Policy has edge clusters and interfaces below locale services only",
		},
		{
			"TIER0_LOGICAL_ROUTER_CONFIG: the uplinks must be Policy first; BGP, neighbors, whether routes are " +
				"redistributed and static routes are taken over, but no rules, filters and maps of routes; BGP off with " +
				"neighbors fails",
			"these are what the name routing config covers; vmware-nsx saw the failure",
		},
		{
			"TIER1_LOGICAL_ROUTER_PORT: link ports on both sides and the switch's ends of down-links get policyPath " +
				"without an entry of their own; metadata must name the segment of each down-link and the id of each static " +
				"route",
			"no client sends link ports, and vmware-nsx sends both",
		},
		{
			"LOGICAL_PORT: ports attached to a router need not travel with the others of their switch; binding maps exist " +
				"only if metadata name them",
			"vmware-nsx migrates router ports with their routers and sends the maps' ids",
		},
		{
			"NAT: linked_ids must name the router, a Tier-0 with the key TIER0; rules with nat_pass get firewall_match " +
				"BYPASS too",
			"vmware-nsx sends TIER1; nat_pass, on by default, lets translated traffic pass",
		},
		{
			"IP_SET: becomes a group with addresses in domain default",
			"Policy has no IP sets",
		},
		{
			"NS_GROUP: criteria and members are joined by OR; members must be Policy first",
			"a Manager group holds what fits any of them",
		},
		{
			"DFW_SECTION: without linked ids the sequence of a rule is its order; the rules' Manager objects stay as they " +
				"are",
			"rules have no tags, so that nothing can mark them",
		},
		{
			"DFW_SECTION: a rule that names a service of NSX's own names its Policy twin; one that names any other service " +
				"fails, as no type promotes services",
			"known clients write services into the rule",
		},
		{
			"LB types: fields that are no references keep their names",
			"the SDK's two models share most names",
		},
		{
			"LB_MONITOR: an HTTPS monitor's certificates become a binding without a server SSL profile; its ciphers and " +
				"protocols are left behind",
			"Policy has them in profiles only, and no type promotes these",
		},
		{
			"LB_VIRTUAL_SERVER: its server SSL profile must be one of NSX's own",
			"no type promotes such profiles",
		},
		{
			"LB_VIRTUAL_SERVER and LB_SERVICE go in either order unless an option says services first; whoever comes " +
				"second ties the knot",
			"vmware-nsx sends servers first, NSX's enumeration says services first",
		},
		{
			"LOGICAL_SWITCH: its profiles leave binding maps named default on the segment; a DHCP server and metadata " +
				"proxies attached to it must be Policy first; a static binding without metadata keeps its id",
			"vmware-nsx sends servers and proxies first and removes such maps afterwards",
		},
		{
			"switching profiles of the system's own are promoted in all versions, under the id that the client names and " +
				"beside those that Policy has of itself; other objects of the system's fail the pre-check",
			"vmware-nsx sends them, as they are missing in Policy, to NSX 3.1 and 3.2",
		},
		{
			"metadata and linked_ids with keys that the type does not know fail the pre-check; for types of which nobody " +
				"knows the keys any pass; policy_path is ignored",
			"silence would hide a client's mistake; no known client sends a policy_path",
		},
		{
			"DHCP relay, VPN, layer 2 gateways and, before NSX 3.1, sections of 1500 rules fail the pre-check",
			"vmware-nsx refuses to send them, since NSX failed",
		},
		{
			"GENERIC: refused while a workflow is open; the run is such a workflow itself; a type keeps what was promoted " +
				"when one of its objects fails; without skip_failed_resources the plan pauses then, continue tries again and " +
				"skip goes on with the next type",
			"the SAP driver polls, continues after PAUSED and ends with DONE",
		},
		{
			"GENERIC: segments get the name of their switch unless it is taken, ports and switching profiles default:<id>, " +
				"all others their id; sections keep their order, rules their ids",
			"the SAP driver finds ports, profiles and segments so",
		},
		{
			"GENERIC: a router's firewall sections become gateway policies of category LocalGatewayRules; default sections " +
				"are left alone",
			"NSX's guide lists edge firewalls as supported, and Policy has its own default rules",
		},
		{
			"GENERIC: before NSX 4.2.1 a reference to what was Policy before the run fails in component 1",
			"NSX's guide says that mixed modes are not supported before",
		},
	}
	texts := make([]string, 0, len(rows))
	for _, row := range rows {
		texts = append(texts, api.Assumed+row.what+"; why: "+row.why)
	}
	return texts
}
