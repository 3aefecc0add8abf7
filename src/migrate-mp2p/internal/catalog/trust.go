package catalog

import "nsx-mp2p/migrate-mp2p/internal/mp"

// trust: certificates and revocation lists (vmware-nsx).
func trust() []Entry {
	return []Entry{
		{
			Type: mp.Certificate, SpecKey: "certificates",
			ManagerTypes: []string{"Certificate", "certificate_self_signed", "certificate_signed", "certificate_ca"},
			List:         "/api/v1/trust-management/certificates",
			Limit:        1500, Named: true,
			PolicyType: "TlsCertificate", PolicyPath: "/infra/certificates/{policy_id}",
		},
		{
			Type: mp.CRL, SpecKey: "crls",
			ManagerTypes: []string{"Crl", "CRL"}, List: "/api/v1/trust-management/crls",
			Limit: 1000, Named: true,
			PolicyType: "TlsCrl", PolicyPath: "/infra/crls/{policy_id}",
			Assumed: []string{"limit", "no metadata, no linked ids"},
		},
	}
}
