package manager

// dhcpKinds are DHCP and metadata proxies.
func dhcpKinds() []Kind {
	return []Kind{
		{collection: "dhcp/server-profiles", types: []string{"DhcpProfile"}},
		{collection: "dhcp/servers", types: []string{"LogicalDhcpServer"}, parent: true},
		{collection: "dhcp/servers/{server}/static-bindings", types: []string{"DhcpStaticBinding"}},
		{collection: "dhcp/relay-profiles", types: []string{"DhcpRelayProfile"}},
		{collection: "dhcp/relays", types: []string{"DhcpRelayService"}},
		{collection: "md-proxies", types: []string{"MetadataProxy"}},
	}
}
