package model

import (
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// certificateYears is how long the world's certificates are valid; a century keeps
// worlds usable whatever clock a test has.
const certificateYears = 100

// keyPair is a certificate and its private key, both in PEM. NSX never shows the key,
// so that no object of the world holds it.
type keyPair struct{ certificate, key string }

// certificate adds a self-signed certificate whose private key NSX has.
func (b *builder) certificate(owner, name string, tags []Tag) string {
	id, _ := b.certificateWithKey(owner, name, tags)
	return id
}

// certificateWithKey does as certificate does and returns the key pair, too.
func (b *builder) certificateWithKey(owner, name string, tags []Tag) (id string, pair keyPair) {
	return b.selfSigned(owner, name, tags, fields{"resource_type": "certificate_self_signed", "has_private_key": true})
}

// authorityCertificate adds the certificate of an authority, of which NSX has no
// private key.
func (b *builder) authorityCertificate(owner, name string, tags []Tag) string {
	id, _ := b.selfSigned(owner, name, tags, fields{"resource_type": "certificate_ca", "has_private_key": false})
	return id
}

func (b *builder) selfSigned(owner, name string, tags []Tag, body fields) (id string, pair keyPair) {
	template, private := b.authority(name)
	der, err := x509.CreateCertificate(nil, template, template, private.Public(), private)
	if err != nil {
		b.fail(fmt.Errorf("making certificate %q: %w", name, err))
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		b.fail(fmt.Errorf("encoding the key of certificate %q: %w", name, err))
	}
	pair = keyPair{
		certificate: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		key:         string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
	}
	body["display_name"] = name
	body["tags"] = tags
	body["pem_encoded"] = pair.certificate
	body["purpose"] = "signing-ca"
	body["used_by"] = []fields{}
	return b.add("trust-management/certificates", owner, body), pair
}

// crl adds a certificate revocation list that revokes nothing.
func (b *builder) crl(owner, name string, tags []Tag) string {
	issuer, key := b.authority(name)
	der, err := x509.CreateRevocationList(nil, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: issuer.NotBefore, NextUpdate: issuer.NotAfter,
	}, issuer, key)
	if err != nil {
		b.fail(fmt.Errorf("making revocation list %q: %w", name, err))
	}
	return b.add("trust-management/crls", owner, fields{
		"resource_type": "Crl", "display_name": name, "tags": tags,
		"pem_encoded": string(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})),
	})
}

// authority makes the template of a self-signed certificate and its key. Ed25519
// signs without randomness, so the same seed gives the same certificate.
func (b *builder) authority(name string) (*x509.Certificate, ed25519.PrivateKey) {
	var seed [ed25519.SeedSize]byte
	for i := 0; i < len(seed); i += 8 {
		binary.BigEndian.PutUint64(seed[i:], b.random.Uint64())
	}
	from := time.UnixMilli(b.clock).UTC().Truncate(time.Hour)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(b.random.Int64()), Subject: pkix.Name{CommonName: name},
		NotBefore: from, NotAfter: from.AddDate(certificateYears, 0, 0),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature, IsCA: true, BasicConstraintsValid: true,
		SubjectKeyId: seed[:8],
	}
	return template, ed25519.NewKeyFromSeed(seed[:])
}
