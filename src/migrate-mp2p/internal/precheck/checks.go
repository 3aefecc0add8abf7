package precheck

// Checks is the table. The order is that of the report.
func Checks() []Check {
	return []Check{
		{
			Name: "nsx-version", Never: true,
			Question: "Does this NSX version have the migration API that we need?",
			Why:      "Older versions lack parts of it, NSX 9 has removed it.",
			Cure:     "Upgrade NSX to a version in the supported range first.",
			Check:    nsxVersion,
		},
		{
			Name:     "nsx-scale",
			Question: "Can Policy mode of this NSX version hold that many objects?",
			Why:      "Before NSX 4.1.1 Policy mode supports half of what Manager mode does.",
			Cure:     "Upgrade NSX to 4.1.1 or later first.",
			Check:    nsxScale,
		},
		{
			Name: "coordinator-idle", Never: true,
			Question: "Is the migration coordinator free?",
			Why:      "NSX carries out one migration at a time, and nobody else's is ever aborted.",
			Cure:     "Wait for the other migration, or have its operator finish it; then run again.",
			Check:    coordinatorIdle,
		},
		{
			Name: "half-way", Never: true,
			Question: "Are all other clusters and the shared objects wholly Manager or wholly Policy?",
			Why:      "A migration that was left half-way must be finished first: only one cluster may be migrated at a time.",
			Cure:     "Run the migration of that cluster or foundation again until it ends with 0 or 2.",
			Check:    halfWay,
		},
		{
			Name:     "migration-right",
			Question: "May our user migrate?",
			Why:      "Promotion and writing to objects of other owners need the role Enterprise Admin.",
			Cure:     "Give the user or principal identity in nsx.* the role enterprise_admin.",
			Check:    migrationRight,
		},
		{
			Name:     "single-product",
			Question: "Does only one product use this NSX?",
			Why:      "An NSX shared by TAS, TKGI, Kubernetes or OpenStack cannot be migrated.",
			Cure:     "If the objects are left-overs, delete them; otherwise ask VMware support.",
			Check:    singleProduct,
		},
		{
			Name:     "sections-in-between",
			Question: "Do NCP's firewall sections stand together?",
			Why:      "A section of the administrator between those of NCP would be evaluated elsewhere after the migration.",
			Cure: "Move these sections above the first or below the last section of NCP. " +
				"If a rollback put sections of NCP elsewhere, move those back instead.",
			Check: sectionsInBetween,
		},
		{
			Name:     "foreign-rules",
			Question: "Are all rules in NCP's firewall sections made by NCP?",
			Why:      "NCP in Policy mode does not know rules that somebody else put into its sections.",
			Cure:     "Move these rules into a section of their own, above or below those of NCP.",
			Check:    foreignRules,
		},
		{
			Name:     "gateway-firewall",
			Question: "Is the firewall of the Tier-0 gateways without rules of its own?",
			Why:      "Rules there may block the containers' traffic once NCP runs in Policy mode.",
			Cure:     "Let NCP make SNAT rules with NAT firewall match BYPASS, which migrated ones carry by themselves, or review these rules.",
			Check:    gatewayFirewall,
		},
		{
			Name:     "lb-rules",
			Question: "Has every load-balancer virtual server of NCP at most 255 rules?",
			Why:      "Policy mode does not take more.",
			Cure:     "While NCP still runs in Manager mode, spread the Ingress rules over several LoadBalancer CRDs.",
			Check:    lbRules,
		},
		{
			Name:     "late-ports",
			Question: "Were all ports of NCP made before their switch became Policy?",
			Why:      "NSX keeps a Policy port of its own for a later one and refuses to migrate it. NCP must have run in Manager mode after a migration.",
			Cure:     "With NCP stopped, delete these ports in NSX, and restart their containers once NCP runs in Policy mode.",
			Check:    latePorts,
		},
		{
			Name:     "orphans",
			Question: "Do all load-balancer rules, static routes and router ports of NCP belong to something that migrates?",
			Why:      "These are parts, which migrate only inside what they belong to; an orphan stays Manager for good, and NCP in Policy mode does not know it.",
			Cure: "While NCP still runs in Manager mode, let it remove them, or delete them in NSX; " +
				"if they belong to a router or virtual server of the administrator, list that in the user spec.",
			Check: orphans,
		},
		{
			Name:     "node-network",
			Question: "Does all that TKGI made for the nodes of the cluster move with it?",
			Why:      "On NSX the nodes' network belongs to the cluster; what stays Manager hinders TKGI in Policy mode, and a switch moves with all its ports or not at all.",
			Cure: "Give what belongs to the cluster the tags that it lacks, in NSX, or list it in the user spec; " +
				"take ports of other clusters off the nodes' switch; what does not belong to it may be ignored.",
			Check: nodeNetwork,
		},
		{
			Name:     "node-ports",
			Question: "Are all ports on the nodes' switches tagged?",
			Why:      "vSphere makes a second port for a machine by itself at times; as all ports of a switch must move together, such a one moves along.",
			Cure:     "Where a port belongs to no machine, delete it in NSX first; otherwise nothing needs to be done.",
			Check:    nodePorts,
		},
		{
			Name:     "ncp-stopped",
			Question: "Has NCP been quiet?",
			Why:      "Whatever NCP writes during a migration makes it fail.",
			Cure:     "Stop NCP in all clusters and foundations of this NSX, wait ten minutes, and take the NSX backup again.",
			Check:    ncpStopped,
		},
		{
			Name:     "backup",
			Question: "Is there an NSX backup that is newer than NCP's last change?",
			Why:      "With strategy all-down the backup is the last resort.",
			Cure:     "With NCP stopped everywhere, back NSX up; then run again.",
			Check:    backup,
		},
	}
}
