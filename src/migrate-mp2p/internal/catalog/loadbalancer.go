package catalog

import "nsx-mp2p/migrate-mp2p/internal/mp"

// loadBalancer: everything of the load balancer (vmware-nsx). Its rules travel inside their virtual server.
func loadBalancer() []Entry {
	return []Entry{
		{
			Type: mp.LBMonitor, SpecKey: "lb_monitors",
			ManagerTypes: []string{"LbHttpMonitor", "LbHttpsMonitor", "LbIcmpMonitor", "LbTcpMonitor", "LbUdpMonitor", "LbPassiveMonitor"},
			List:         "/api/v1/loadbalancer/monitors",
			Limit:        1500, Named: true, After: []mp.Type{mp.Certificate, mp.CRL},
			PolicyType: "LBMonitorProfile", PolicyPath: "/infra/lb-monitor-profiles/{policy_id}",
		},
		{
			Type: mp.LBPool, SpecKey: "lb_pools",
			ManagerTypes: []string{"LbPool"}, List: "/api/v1/loadbalancer/pools",
			Limit: 1500, Named: true, After: []mp.Type{mp.LBMonitor, mp.NSGroup},
			PolicyType: "LBPool", PolicyPath: "/infra/lb-pools/{policy_id}",
			Refers: []Field{
				{Path: "active_monitor_ids", To: []mp.Type{mp.LBMonitor}},
				{Path: "passive_monitor_id", To: []mp.Type{mp.LBMonitor}},
				{Path: "member_group.grouping_object.target_id", Kind: "target_type", To: []mp.Type{mp.NSGroup}},
			},
		},
		{
			Type: mp.LBApplicationProfile, SpecKey: "lb_application_profiles",
			ManagerTypes: []string{"LbHttpProfile", "LbFastTcpProfile", "LbFastUdpProfile"}, List: "/api/v1/loadbalancer/application-profiles",
			Limit: 2000, Named: true,
			PolicyType: "LBAppProfile", PolicyPath: "/infra/lb-app-profiles/{policy_id}",
		},
		{
			Type: mp.LBPersistenceProfile, SpecKey: "lb_persistence_profiles",
			ManagerTypes: []string{"LbCookiePersistenceProfile", "LbSourceIpPersistenceProfile", "LbGenericPersistenceProfile"},
			List:         "/api/v1/loadbalancer/persistence-profiles",
			Limit:        2000, Named: true,
			PolicyType: "LBPersistenceProfile", PolicyPath: "/infra/lb-persistence-profiles/{policy_id}",
		},
		{
			Type: mp.LBClientSSLProfile, SpecKey: "lb_client_ssl_profiles",
			ManagerTypes: []string{"LbClientSslProfile"}, List: "/api/v1/loadbalancer/client-ssl-profiles",
			Limit: 1000, Named: true, After: []mp.Type{mp.Certificate, mp.CRL},
			PolicyType: "LBClientSslProfile", PolicyPath: "/infra/lb-client-ssl-profiles/{policy_id}",
			Assumed: []string{"limit", "no metadata, no linked ids"},
		},
		{
			Type: mp.LBVirtualServer, SpecKey: "lb_virtual_servers",
			ManagerTypes: []string{"LbVirtualServer"}, List: "/api/v1/loadbalancer/virtual-servers",
			Parts: []string{"LbRule"}, PartList: "/api/v1/loadbalancer/rules",
			Limit: 2000, Named: true,
			After:      []mp.Type{mp.IPPoolAllocation, mp.Certificate, mp.CRL, mp.LBPool, mp.LBApplicationProfile, mp.LBPersistenceProfile, mp.LBClientSSLProfile},
			PolicyType: "LBVirtualServer", PolicyPath: "/infra/lb-virtual-servers/{policy_id}",
			Refers: []Field{
				{Path: "pool_id", To: []mp.Type{mp.LBPool}},
				{Path: "sorry_pool_id", To: []mp.Type{mp.LBPool}},
				{Path: "application_profile_id", To: []mp.Type{mp.LBApplicationProfile}},
				{Path: "persistence_profile_id", To: []mp.Type{mp.LBPersistenceProfile}},
				{Path: "client_ssl_profile_binding.ssl_profile_id", To: []mp.Type{mp.LBClientSSLProfile}},
				{Path: "client_ssl_profile_binding.default_certificate_id", To: []mp.Type{mp.Certificate}},
				{Path: "client_ssl_profile_binding.sni_certificate_ids", To: []mp.Type{mp.Certificate}},
				{Path: "client_ssl_profile_binding.client_auth_ca_ids", To: []mp.Type{mp.Certificate}},
				{Path: "client_ssl_profile_binding.client_auth_crl_ids", To: []mp.Type{mp.CRL}},
			},
			PartRefers: []Field{{Path: "actions.pool_id", To: []mp.Type{mp.LBPool}}},
		},
		{
			Type: mp.LBService, SpecKey: "lb_services",
			ManagerTypes: []string{"LbService"}, List: "/api/v1/loadbalancer/services",
			Limit: 2000, Named: true, After: []mp.Type{mp.Tier1, mp.LBVirtualServer},
			PolicyType: "LBService", PolicyPath: "/infra/lb-services/{policy_id}",
			Refers: []Field{
				{Path: "virtual_server_ids", To: []mp.Type{mp.LBVirtualServer}},
				{Path: "attachment.target_id", Kind: "target_type", To: []mp.Type{mp.Tier1}},
			},
			Assumed: []string{"virtual servers go before their service, as the production client does, not after it as NSX's enumeration lists them"},
		},
	}
}
