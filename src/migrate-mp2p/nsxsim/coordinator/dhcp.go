package coordinator

// buildDHCPServer makes a DHCP server config of a logical DHCP server and the profile
// that places it on edges; the profile itself is not migrated ("vmware-nsx").
func buildDHCPServer(p *promotion, fields map[string]any) error {
	fields["resource_type"] = "DhcpServerConfig"
	if server, ok := p.body["ipv4_dhcp_server"].(map[string]any); ok {
		fields["server_addresses"] = []any{server["dhcp_server_ip"]}
	}
	profile, _ := p.body["dhcp_profile_id"].(string)
	key := "dhcp/server-profiles/" + profile
	o, found := p.tx.Manager().Get(key)
	if !found {
		return missing(key)
	}
	fields["edge_cluster_path"] = policySite + "/edge-clusters/" + field(o.Body, "edge_cluster_id")
	return nil
}

// buildMetadataProxy makes a metadata proxy; the certificates that it trusts must be
// Policy already ("vmware-nsx").
func buildMetadataProxy(p *promotion, fields map[string]any) error {
	fields["resource_type"] = "MetadataProxyConfig"
	copyFields(fields, p.body, "secret", "crypto_protocols")
	if url, ok := p.body["metadata_server_url"]; ok {
		fields["server_address"] = url
	}
	if edges, _ := p.body["edge_cluster_id"].(string); edges != "" {
		fields["edge_cluster_path"] = policySite + "/edge-clusters/" + edges
	}
	certificates, err := p.pathsOf(certificateCollection, texts(p.body["metadata_server_ca_ids"]))
	if len(certificates) > 0 {
		fields["server_certificates"] = certificates
	}
	return err
}

// attachServices gives a segment the DHCP server and the metadata proxies that are
// attached to its switch, and the DHCP server's static bindings. A binding without
// metadata keeps its id (ASSUMED).
func (p *promotion) attachServices(fields map[string]any) error {
	for _, server := range p.lookups.attachedTo(p.source.ID, "DHCP_SERVICE") {
		path, err := p.pathOf(dhcpCollection, server)
		if err != nil {
			return err
		}
		fields["dhcp_config_path"] = path
	}
	proxies, err := p.pathsOf(metadataCollection, p.lookups.attachedTo(p.source.ID, "METADATA_PROXY"))
	if len(proxies) > 0 {
		fields["metadata_proxy_paths"] = proxies
	}
	return err
}

// staticBindings follow their segment.
func (p *promotion) staticBindings(segment string) error {
	for _, server := range p.lookups.attachedTo(p.source.ID, "DHCP_SERVICE") {
		for _, binding := range p.tx.Manager().List(dhcpCollection + "/" + server + "/static-bindings") {
			id, named := value(p.entry.Metadata, staticBindingKey+binding.ID)
			if !named {
				id = binding.ID
			}
			body, err := binding.Fields()
			if err != nil {
				return err
			}
			fields := map[string]any{"resource_type": "DhcpV4StaticBindingConfig"}
			copyFields(fields, body, "ip_address", "mac_address", "host_name", "lease_time")
			if gateway, ok := body["gateway_ip"]; ok {
				fields["gateway_address"] = gateway
			}
			path := segment + "/dhcp-static-binding-configs/" + id
			p.create(path, body, fields)
			p.adopt(binding.Key, path)
		}
	}
	return nil
}
