package manager

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"slices"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// trustKinds are certificates and principal identities.
func trustKinds() []Kind {
	return []Kind{
		{
			collection: certificateCollection,
			types:      []string{"certificate_self_signed", "certificate_signed", "certificate_ca", "Certificate"},
			stays:      true, noPost: true, noPut: true, reads: []string{"details"}, show: showDetails,
			filters:     map[string]filter{"type": certificateType(), "node_id": without()},
			filterNotes: ownCertificates,
		},
		{
			collection: crlCollection, types: []string{"Crl"}, stays: true, noPost: true,
			reads: []string{"details"}, show: showRevoked,
			filters: map[string]filter{"type": without(), "node_id": without()}, filterNotes: ownCertificates,
		},
		{
			collection: principalCollection, types: []string{"PrincipalIdentity"}, stays: true, noPost: true,
			noPut: true, removed: dismissPrincipal,
		},
	}
}

// trustRoutes import certificates and revocation lists, and register principal identities (NSX Go SDK).
func (s *API) trustRoutes() []api.Route {
	return []api.Route{
		{Method: http.MethodPost, Pattern: api.ManagerPrefix + certificateCollection, Action: "import", Extent: api.Full,
			Notes: []string{api.Assumed + "a certificate is called certificate_self_signed, certificate_ca or " +
				"certificate_signed by what it is; why: the SDK has the three types"},
			Handle: s.importCertificate},
		{Method: http.MethodPost, Pattern: api.ManagerPrefix + crlCollection, Action: "import", Extent: api.Partial, Notes: []string{"X.509 lists only"},
			Handle: s.importCRL},
		{Method: http.MethodGet, Pattern: api.ManagerPrefix + certificateCollection + "/{id}", Action: "validate", Extent: api.Partial,
			Query: []string{"usage"}, Notes: []string{"the dates, by the simulator's clock, and the extended key usage only"}, Handle: s.validateCertificate},
		{Method: http.MethodPost, Pattern: api.ManagerPrefix + principalCollection, Extent: api.Full, Handle: s.registerPrincipal},
		{Method: http.MethodPost, Pattern: api.ManagerPrefix + principalCollection, Action: "update_certificate", Extent: api.Full, Handle: s.updatePrincipal},
		{Method: http.MethodPost, Pattern: api.ManagerPrefix + principalCollection + "/with-certificate", Extent: api.Partial,
			Notes: []string{"only the roles of the simulator's users are known"}, Handle: s.registerPrincipal},
	}
}

// importCertificate stores a certificate. The private key is looked at and forgotten: NSX never gives it back.
func (s *API) importCertificate(_ context.Context, r *api.Request) (*api.Response, error) {
	sent, err := schema.ReadBody(r, "TrustObjectData")
	if err != nil {
		return nil, err
	}
	fields, err := certificateFields(store.Text(sent["pem_encoded"]))
	if err != nil {
		return nil, err
	}
	key := store.Text(sent["private_key"])
	if block, _ := pem.Decode([]byte(key)); key != "" && block == nil {
		return nil, api.InvalidField("private_key", "it is not PEM")
	}
	fields["has_private_key"] = key != ""
	if purpose := store.Text(sent["purpose"]); purpose != "" {
		fields["purpose"] = purpose
	}
	return s.imported(r, certificateCollection, sent, fields)
}

func (s *API) importCRL(_ context.Context, r *api.Request) (*api.Response, error) {
	sent, err := schema.ReadBody(r, "CrlObjectData")
	if err != nil {
		return nil, err
	}
	if _, err := policy.ReadRevoked(store.Text(sent["pem_encoded"])); err != nil {
		return nil, err
	}
	return s.imported(r, crlCollection, sent, map[string]any{"resource_type": "Crl", "pem_encoded": sent["pem_encoded"]})
}

// imported stores what was imported and answers with a list of it.
func (s *API) imported(r *api.Request, collection string, sent, fields map[string]any) (*api.Response, error) {
	for _, name := range []string{"id", "display_name", "description", "tags"} {
		if value, set := sent[name]; set {
			fields[name] = value
		}
	}
	var stored *store.Object
	err := s.store.Update(func(tx *store.Tx) (err error) {
		stored, err = s.create(tx, s.kinds[collection], collection, fields, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{"results": []any{stored.Body}, "result_count": 1})
}

// certificateTypes are the resource types of certificates.
var certificateTypes = map[policy.Standing]string{
	policy.Signed: "certificate_signed", policy.SelfSigned: "certificate_self_signed", policy.Authority: "certificate_ca",
}

// certificateFields describes a chain of certificates as NSX stores it.
func certificateFields(encoded string) (map[string]any, error) {
	chain, err := policy.ReadChain(encoded)
	if err != nil {
		return nil, err
	}
	leaf := chain[0]
	sum := sha256.Sum256(leaf.Raw)
	return map[string]any{
		"resource_type": certificateTypes[policy.StandingOf(leaf)], "pem_encoded": encoded, "used_by": []any{},
		"leaf_certificate_sha_256_thumbprint": hex.EncodeToString(sum[:]),
	}, nil
}

// showDetails adds what is written in the certificates when the client asks for it (NSX Go SDK).
func showDetails(_ *API, _ *store.Tx, r *api.Request, _ *store.Object, body map[string]any) error {
	wanted, bad := api.Boolean("details", r.Query.Get("details"))
	if bad != nil {
		return bad
	}
	if !wanted {
		return nil
	}
	chain, err := policy.ReadChain(store.Text(body["pem_encoded"]))
	if err != nil {
		return err
	}
	var details []any
	for _, c := range chain {
		sum := sha256.Sum256(c.Raw)
		details = append(details, map[string]any{
			"subject": c.Subject.String(), "subject_cn": c.Subject.CommonName, "issuer": c.Issuer.String(), "issuer_cn": c.Issuer.CommonName,
			"not_before": c.NotBefore.UnixMilli(), "not_after": c.NotAfter.UnixMilli(), "serial_number": c.SerialNumber.String(),
			"is_ca": c.IsCA, "version": fmt.Sprint(c.Version), "public_key_algo": c.PublicKeyAlgorithm.String(),
			"signature_algorithm": c.SignatureAlgorithm.String(), "sha256_thumbprint": hex.EncodeToString(sum[:]),
		})
	}
	body["details"] = details
	return nil
}

// ownCertificates is about filters for what the nodes show by themselves.
var ownCertificates = []string{"the nodes' own certificates are not listed: node_id, and a type of theirs, give an empty list"}

// showRevoked adds what a revocation list says when the client asks for it (NSX Go SDK).
func showRevoked(_ *API, _ *store.Tx, r *api.Request, _ *store.Object, body map[string]any) error {
	wanted, bad := api.Boolean("details", r.Query.Get("details"))
	if bad != nil {
		return bad
	}
	if !wanted {
		return nil
	}
	list, err := policy.ReadRevoked(store.Text(body["pem_encoded"]))
	if err != nil {
		return err
	}
	entries := []any{}
	for _, entry := range list.RevokedCertificateEntries {
		entries = append(entries, map[string]any{
			"serial_number": entry.SerialNumber.String(), "revocation_date": entry.RevocationTime.Format(time.RFC3339),
		})
	}
	body["details"] = map[string]any{
		"issuer": list.Issuer.String(), "next_update": list.NextUpdate.Format(time.RFC3339), "version": "2", "crl_entries": entries,
	}
	return nil
}

// certificateType passes certificates of a kind (NSX Go SDK: the list's type parameter).
func certificateType() filter {
	return filter{prepare: func(_ *store.Tx, value string) (test, error) {
		kinds := map[string]string{
			"self_signed_certificate": "certificate_self_signed", "signed_certificate": "certificate_signed",
			"ca_certificate": "certificate_ca", "cluster_api_certificate": "", "api_certificate": "",
		}
		wanted, known := kinds[value]
		if !known {
			return nil, api.InvalidField("type", "%q is no kind of certificate", value)
		}
		return func(o *store.Object, _ map[string]any) bool { return o.ResourceType == wanted }, nil
	}}
}

// registerPrincipal lists a principal identity and lets in who shows its certificate. The body brings the certificate,
// or names one that was imported.
func (s *API) registerPrincipal(_ context.Context, r *api.Request) (*api.Response, error) {
	fields, err := schema.ReadBody(r, "PrincipalIdentityWithCertificate")
	if err != nil {
		return nil, err
	}
	name, role := store.Text(fields["name"]), api.Role(store.Text(fields["role"]))
	switch {
	case name == "" || s.accounts.Local(name):
		return nil, api.InvalidField("name", "it is empty or that of a local user")
	case !slices.Contains(api.Roles, role):
		return nil, api.InvalidField("role", "%q is not known", role)
	}
	encoded := store.Text(fields["certificate_pem"])
	delete(fields, "certificate_pem")
	var stored *store.Object
	var leaf *x509.Certificate
	err = s.store.Update(func(tx *store.Tx) error {
		if encoded != "" {
			certificate, err := certificateFields(encoded)
			if err != nil {
				return err
			}
			certificate["display_name"] = name
			certificate["has_private_key"] = false
			o, err := s.create(tx, s.kinds[certificateCollection], certificateCollection, certificate, r)
			if err != nil {
				return err
			}
			fields["certificate_id"] = o.ID
		}
		var err error
		if leaf, err = storedCertificate(tx, store.Text(fields["certificate_id"])); err != nil {
			return err
		}
		stored, err = s.create(tx, s.kinds[principalCollection], principalCollection, fields, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.accounts.AddPrincipal(leaf, api.Identity{Name: name, Role: role})
	return &api.Response{Status: http.StatusCreated, Body: stored.Body}, nil
}

// updatePrincipal gives a principal identity another certificate that was imported.
func (s *API) updatePrincipal(_ context.Context, r *api.Request) (*api.Response, error) {
	sent, err := schema.ReadBody(r, "UpdatePrincipalIdentityCertificateRequest")
	if err != nil {
		return nil, err
	}
	var leaf *x509.Certificate
	var identity api.Identity
	answer, err := s.changeObject(r, principalCollection+"/"+store.Text(sent["principal_identity_id"]), func(tx *store.Tx, fields map[string]any) (err error) {
		fields["certificate_id"] = sent["certificate_id"]
		identity = api.Identity{Name: store.Text(fields["name"]), Role: api.Role(store.Text(fields["role"]))}
		leaf, err = storedCertificate(tx, store.Text(sent["certificate_id"]))
		return err
	})
	if err != nil {
		return nil, err
	}
	s.accounts.RemovePrincipal(identity.Name)
	s.accounts.AddPrincipal(leaf, identity)
	return answer, nil
}

// validateCertificate tells whether a certificate is in force.
func (s *API) validateCertificate(_ context.Context, r *api.Request) (*api.Response, error) {
	if err := api.OneValue(r.Query, "usage", "SERVER", "CLIENT"); err != nil {
		return nil, err
	}
	var leaf *x509.Certificate
	err := s.store.View(func(tx *store.Tx) (err error) {
		leaf, err = storedCertificate(tx, r.Params["id"])
		return err
	})
	if err != nil {
		return nil, err
	}
	now := s.clock.Now()
	if now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		return api.OK(map[string]any{"status": "REJECTED", "error_message": "The certificate is not in force."})
	}
	if !fitFor(leaf, r.Query.Get("usage")) {
		return api.OK(map[string]any{"status": "REJECTED", "error_message": "The certificate is for another usage."})
	}
	return api.OK(map[string]any{"status": "OK"})
}

// fitFor tells whether a certificate may be used so. One that says nothing of its usage fits any.
func fitFor(leaf *x509.Certificate, usage string) bool {
	wanted, named := map[string]x509.ExtKeyUsage{"SERVER": x509.ExtKeyUsageServerAuth, "CLIENT": x509.ExtKeyUsageClientAuth}[usage]
	return !named || len(leaf.ExtKeyUsage) == 0 || slices.Contains(leaf.ExtKeyUsage, wanted) || slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// storedCertificate reads the leaf of an imported certificate.
func storedCertificate(tx *store.Tx, id string) (*x509.Certificate, error) {
	o, found := tx.Manager().Get(certificateCollection + "/" + id)
	if !found {
		return nil, api.NotFound(id)
	}
	block, _ := pem.Decode([]byte(store.TextAt(o, "pem_encoded")))
	if block == nil {
		return nil, api.InvalidField("certificate_id", "certificate %s is not PEM", id)
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, api.InvalidField("certificate_id", "certificate %s cannot be read: %s", id, err)
	}
	return leaf, nil
}

// admitStored lets the principal identities of the state in again after a restart of the simulator. Those that
// NewPrincipal made have no certificate in the state.
func (s *API) admitStored() error {
	return s.store.View(func(tx *store.Tx) error {
		for _, o := range tx.Manager().List(principalCollection) {
			id := store.TextAt(o, "certificate_id")
			if id == "" {
				continue
			}
			leaf, err := storedCertificate(tx, id)
			if err != nil {
				return fmt.Errorf("admitting principal identity %s: %w", o.ID, err)
			}
			s.accounts.AddPrincipal(leaf, api.Identity{Name: store.TextAt(o, "name"), Role: api.Role(store.TextAt(o, "role"))})
		}
		return nil
	})
}

// dismissPrincipal lets a principal identity in no more.
func dismissPrincipal(d *removal) error {
	d.s.accounts.RemovePrincipal(store.TextAt(d.target, "name"))
	return nil
}
