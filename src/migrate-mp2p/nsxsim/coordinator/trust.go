package coordinator

// buildCertificate makes the certificate under its internal name, which is not the
// name that it had ("TKGI docs").
func buildCertificate(p *promotion, fields map[string]any) error {
	fields["resource_type"] = "TlsCertificate"
	fields["display_name"] = p.id()
	copyFields(fields, p.body, "pem_encoded", "has_private_key")
	return nil
}

func buildCRL(p *promotion, fields map[string]any) error {
	fields["resource_type"] = "TlsCrl"
	copyFields(fields, p.body, "pem_encoded")
	return nil
}
