package policy

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"net/http"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// A certificate is sent as TlsTrustData and read as TlsCertificate, which lacks the private key (NSX Go SDK). The key is looked
// at and forgotten, as by the Manager's import. Bodies that were read may be sent back.
const (
	typeCertificate = "TlsCertificate"
	typeTrustData   = "TlsTrustData"
	typeCRL         = "TlsCrl"
)

const (
	trustNote = "the body is TlsTrustData; its private_key is never shown again, only whether there is one (NSX Go SDK)"
	keyNote   = api.Assumed + "the private key of a certificate that stays is kept unless the body brings another one, and " +
		"its type is told as the Manager's is; why: bodies that were read have no key"
	modifyNote = api.Assumed + "a PATCH changes a certificate that exists, although the NSX Go SDK says that it does " +
		"not modify one; why: what NSX answers then is not public, and in a hierarchical body there is no other way to its tags"
)

// trustRoutes import revocation lists (NSX Go SDK).
func (s *API) trustRoutes() []api.Route {
	return []api.Route{{
		Method: http.MethodPost, Pattern: api.PolicyPrefix + "/infra/crls/{crl}", Action: "import", Extent: api.Partial,
		Notes: []string{"X.509 lists only, and one in each body",
			api.Assumed + "an import replaces the list that is there; why: its body needs no _revision"},
		Handle: s.importCRL,
	}}
}

func (s *API) importCRL(_ context.Context, r *api.Request) (*api.Response, error) {
	made, err := s.writeOne(r, manners{}, true)
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{"results": []any{made.Body}, "result_count": 1})
}

// secrets are the fields of TlsTrustData that TlsCertificate lacks.
var secrets = []string{"key_algo", "passphrase", "private_key"}

// shapeTrust turns what was sent for a certificate or a revocation list into what is stored; before is nil for a new one.
func shapeTrust(c change, fields, before map[string]any, merges bool) error {
	switch c.kind.Child {
	case typeCertificate:
		return shapeCertificate(c, fields, before, merges)
	case typeCRL:
		return shapeCRL(fields, before)
	}
	return nil
}

func shapeCertificate(c change, fields, before map[string]any, merges bool) error {
	key := store.Text(fields["private_key"])
	if sentAsTrustData(fields) {
		if err := checkTrustData(c, fields, before, merges); err != nil {
			return err
		}
		for _, secret := range secrets {
			delete(fields, secret)
		}
		fields["resource_type"] = typeCertificate
	}
	encoded, sent := fields["pem_encoded"].(string)
	kept := before != nil && (encoded == store.Text(before["pem_encoded"]) || (merges && !sent))
	switch {
	case key != "":
		fields["has_private_key"] = true
	case kept:
		fields["has_private_key"] = store.Text(before["has_private_key"]) == "true"
	default:
		fields["has_private_key"] = false
	}
	if kept || encoded == "" {
		keep(fields, before, "tls_certificate_type")
		return nil
	}
	chain, err := ReadChain(encoded)
	if err != nil {
		return err
	}
	fields["tls_certificate_type"] = certificateTypes[StandingOf(chain[0])]
	return nil
}

// keep copies a field from the stored body unless the new one has it.
func keep(fields, before map[string]any, name string) {
	if value, had := before[name]; had && fields[name] == nil {
		fields[name] = value
	}
}

// sentAsTrustData tells in which of the two forms a certificate was sent. Bodies need not name their type.
func sentAsTrustData(fields map[string]any) bool {
	switch store.Text(fields["resource_type"]) {
	case typeTrustData:
		return true
	case "":
		for _, secret := range secrets {
			if _, given := fields[secret]; given {
				return true
			}
		}
	}
	return false
}

// checkTrustData refuses what is no TlsTrustData, and private keys that are none.
func checkTrustData(c change, fields, before map[string]any, merges bool) error {
	whole := maps.Clone(fields)
	if merges {
		keep(whole, before, "pem_encoded")
	}
	if err := checkPolicySchema(typeTrustData, c.path, whole); err != nil {
		return err
	}
	key := store.Text(fields["private_key"])
	if block, _ := pem.Decode([]byte(key)); key != "" && block == nil {
		return api.InvalidField("private_key", "it is not PEM")
	}
	return nil
}

// shapeCRL tells the type of a revocation list by what it has, unless the body names it (NSX Go SDK).
func shapeCRL(fields, before map[string]any) error {
	encoded := store.Text(fields["pem_encoded"])
	if fields["crl_type"] == nil {
		switch {
		case encoded != "":
			fields["crl_type"] = "X509"
		case store.Text(fields["one_crl"]) != "":
			fields["crl_type"] = "OneCRL"
		}
	}
	if encoded == "" || encoded == store.Text(before["pem_encoded"]) {
		return nil
	}
	_, err := ReadRevoked(encoded)
	return err
}

// Standing is what a certificate is among others.
type Standing int

// The standings: signed by another one, by itself, or an authority that is signed by another one (ASSUMED, since the SDK has
// these three).
const (
	Signed Standing = iota
	SelfSigned
	Authority
)

var certificateTypes = map[Standing]string{
	Signed: "CERTIFICATE_SIGNED", SelfSigned: "CERTIFICATE_SELF_SIGNED", Authority: "CERTIFICATE_CA",
}

// StandingOf tells the standing of the first certificate of a chain.
func StandingOf(leaf *x509.Certificate) Standing {
	signedBySelf := leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil
	switch {
	case bytes.Equal(leaf.RawIssuer, leaf.RawSubject) && signedBySelf:
		return SelfSigned
	case leaf.IsCA:
		return Authority
	}
	return Signed
}

// ReadChain reads a chain of certificates, the first of which is the leaf.
func ReadChain(encoded string) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for rest := []byte(encoded); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, api.InvalidField("pem_encoded", "it is no certificate: %s", err)
		}
		chain = append(chain, certificate)
	}
	if len(chain) == 0 {
		return nil, api.InvalidField("pem_encoded", "it is not PEM")
	}
	return chain, nil
}

// ReadRevoked reads a revocation list.
func ReadRevoked(encoded string) (*x509.RevocationList, error) {
	block, _ := pem.Decode([]byte(encoded))
	if block == nil {
		return nil, api.InvalidField("pem_encoded", "it is not PEM")
	}
	list, err := x509.ParseRevocationList(block.Bytes)
	if err != nil {
		return nil, api.InvalidField("pem_encoded", "it is no revocation list: %s", err)
	}
	return list, nil
}
