package catalog

// loadBalancer: everything of the load balancer (vmware-nsx). Its rules travel inside their virtual server.
func loadBalancer() []Entry {
	return []Entry{
		{
			Type: LBMonitor, SpecKey: "lb_monitors",
			ManagerTypes: []string{"LbHttpMonitor", "LbHttpsMonitor", "LbIcmpMonitor", "LbTcpMonitor", "LbUdpMonitor", "LbPassiveMonitor"},
			List:         "/api/v1/loadbalancer/monitors",
			Limit:        1500, Named: true, After: []Type{Certificate, CRL},
			PolicyType: "LBMonitorProfile", PolicyPath: "/infra/lb-monitor-profiles/{policy_id}",
		},
		{
			Type: LBPool, SpecKey: "lb_pools",
			ManagerTypes: []string{"LbPool"}, List: "/api/v1/loadbalancer/pools",
			Limit: 1500, Named: true, After: []Type{LBMonitor, NSGroup},
			PolicyType: "LBPool", PolicyPath: "/infra/lb-pools/{policy_id}",
			Refers: []Field{
				{Path: "active_monitor_ids", To: []Type{LBMonitor}},
				{Path: "passive_monitor_id", To: []Type{LBMonitor}},
				{Path: "member_group.grouping_object.target_id", Kind: "target_type", To: []Type{NSGroup}},
			},
		},
		{
			Type: LBApplicationProfile, SpecKey: "lb_application_profiles",
			ManagerTypes: []string{"LbHttpProfile", "LbFastTcpProfile", "LbFastUdpProfile"}, List: "/api/v1/loadbalancer/application-profiles",
			Limit: 2000, Named: true,
			PolicyType: "LBAppProfile", PolicyPath: "/infra/lb-app-profiles/{policy_id}",
		},
		{
			Type: LBPersistenceProfile, SpecKey: "lb_persistence_profiles",
			ManagerTypes: []string{"LbCookiePersistenceProfile", "LbSourceIpPersistenceProfile", "LbGenericPersistenceProfile"},
			List:         "/api/v1/loadbalancer/persistence-profiles",
			Limit:        2000, Named: true,
			PolicyType: "LBPersistenceProfile", PolicyPath: "/infra/lb-persistence-profiles/{policy_id}",
		},
		{
			Type: LBClientSSLProfile, SpecKey: "lb_client_ssl_profiles",
			ManagerTypes: []string{"LbClientSslProfile"}, List: "/api/v1/loadbalancer/client-ssl-profiles",
			Limit: 1000, Named: true, After: []Type{Certificate, CRL},
			PolicyType: "LBClientSslProfile", PolicyPath: "/infra/lb-client-ssl-profiles/{policy_id}",
			Assumed: []string{"limit", "no metadata, no linked ids"},
		},
		{
			Type: LBVirtualServer, SpecKey: "lb_virtual_servers",
			ManagerTypes: []string{"LbVirtualServer"}, List: "/api/v1/loadbalancer/virtual-servers",
			Parts: []string{"LbRule"}, PartList: "/api/v1/loadbalancer/rules",
			Limit: 2000, Named: true,
			After:      []Type{IPPoolAllocation, Certificate, CRL, LBPool, LBApplicationProfile, LBPersistenceProfile, LBClientSSLProfile},
			PolicyType: "LBVirtualServer", PolicyPath: "/infra/lb-virtual-servers/{policy_id}",
			Refers: []Field{
				{Path: "pool_id", To: []Type{LBPool}},
				{Path: "sorry_pool_id", To: []Type{LBPool}},
				{Path: "application_profile_id", To: []Type{LBApplicationProfile}},
				{Path: "persistence_profile_id", To: []Type{LBPersistenceProfile}},
				{Path: "client_ssl_profile_binding.ssl_profile_id", To: []Type{LBClientSSLProfile}},
				{Path: "client_ssl_profile_binding.default_certificate_id", To: []Type{Certificate}},
				{Path: "client_ssl_profile_binding.sni_certificate_ids", To: []Type{Certificate}},
				{Path: "client_ssl_profile_binding.client_auth_ca_ids", To: []Type{Certificate}},
				{Path: "client_ssl_profile_binding.client_auth_crl_ids", To: []Type{CRL}},
			},
			PartRefers: []Field{{Path: "actions.pool_id", To: []Type{LBPool}}},
		},
		{
			Type: LBService, SpecKey: "lb_services",
			ManagerTypes: []string{"LbService"}, List: "/api/v1/loadbalancer/services",
			Limit: 2000, Named: true, After: []Type{Tier1, LBVirtualServer},
			PolicyType: "LBService", PolicyPath: "/infra/lb-services/{policy_id}",
			Refers: []Field{
				{Path: "virtual_server_ids", To: []Type{LBVirtualServer}},
				{Path: "attachment.target_id", Kind: "target_type", To: []Type{Tier1}},
			},
			Assumed: []string{"virtual servers go before their service, as the production client does, not after it as NSX's enumeration lists them"},
		},
	}
}
