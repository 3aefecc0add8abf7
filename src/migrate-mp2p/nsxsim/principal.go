package nsxsim

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Principal is a principal identity: a client that shows a certificate.
type Principal struct {
	Name string   `json:"name"`
	Role api.Role `json:"role"`
	// Certificate and Key are PEM.
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
}

// NewPrincipal issues a client certificate for a new principal identity and lets it in.
func (s *Server) NewPrincipal(name string, role api.Role) (Principal, error) {
	if name == "" || s.front.Accounts().Local(name) {
		return Principal{}, fmt.Errorf("adding principal identity %q: the name is empty or that of a local user", name)
	}
	certificate, key, err := s.front.Authority().Issue(name)
	if err != nil {
		return Principal{}, fmt.Errorf("adding principal identity %q: %w", name, err)
	}
	if err := s.admit(name, role, certificate); err != nil {
		return Principal{}, fmt.Errorf("adding principal identity %q: %w", name, err)
	}
	return Principal{Name: name, Role: role, Certificate: string(certificate), Key: string(key)}, nil
}

// admit registers a certificate, and lists the identity in the Manager API.
func (s *Server) admit(name string, role api.Role, certificate []byte) error {
	block, _ := pem.Decode(certificate)
	if block == nil {
		return errors.New("the certificate is not PEM")
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return fmt.Errorf("reading the certificate: %w", err)
	}
	s.front.Accounts().AddPrincipal(parsed, api.Identity{Name: name, Role: role})
	return s.store.Update(func(tx *store.Tx) error {
		id := tx.NewID()
		_, err := tx.Manager().PutFields("trust-management/principal-identities/"+id, map[string]any{
			"id": id, "resource_type": "PrincipalIdentity", "display_name": name, "name": name, "node_id": name,
			"role": role, "is_protected": true, "_revision": 0,
		})
		return err
	})
}
