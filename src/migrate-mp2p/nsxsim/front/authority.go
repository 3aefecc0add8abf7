package front

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// Authority signs the server's certificate and those of principal identities.
type Authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
	pem         []byte
	now         time.Time
}

// PEM is the authority's certificate.
func (a *Authority) PEM() []byte { return a.pem }

// validity is how long certificates last on both sides of their making.
const validity = 10 * 365 * 24 * time.Hour

func newAuthority(now time.Time) (*Authority, error) {
	a := &Authority{now: now}
	template := a.template("nsxsim CA")
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the CA's key: %w", err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("making the CA's certificate: %w", err)
	}
	if a.certificate, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("reading the CA's certificate: %w", err)
	}
	a.key = key
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a, nil
}

func (a *Authority) template(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		serial = big.NewInt(a.now.UnixNano())
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    a.now.Add(-validity),
		NotAfter:     a.now.Add(validity),
	}
}

// Issue makes a client's certificate and its key in PEM.
func (a *Authority) Issue(name string) (certificate, key []byte, err error) {
	template := a.template(name)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return a.sign(template)
}

// sign makes a key and a certificate of this form, in PEM.
func (a *Authority) sign(template *x509.Certificate) (certificate, key []byte, err error) {
	name := template.Subject.CommonName
	template.KeyUsage = x509.KeyUsageDigitalSignature
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("making the key of %q: %w", name, err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, private.Public(), a.key)
	if err != nil {
		return nil, nil, fmt.Errorf("making the certificate of %q: %w", name, err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, fmt.Errorf("encoding the key of %q: %w", name, err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), nil
}

// otherHost is in nobody's certificate but the one with the wrong name.
const otherHost = "other-nsx.example.com"

// server makes the certificate of an address, a good one or one of the kinds that clients must refuse.
func (a *Authority) server(kind faults.Certificate, hosts []string) (*tls.Certificate, error) {
	signer := a
	template := a.template("nsxsim")
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	switch kind {
	case faults.OtherAuthority:
		other, err := newAuthority(a.now)
		if err != nil {
			return nil, err
		}
		signer = other
	case faults.WrongName:
		hosts = []string{otherHost}
	case faults.Expired:
		template.NotAfter = a.now.Add(-time.Hour)
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	certificate, key, err := signer.sign(template)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("reading the server's certificate: %w", err)
	}
	return &pair, nil
}

// serverTLS asks for client certificates without demanding them: principal identities show theirs. No session is
// resumed, so that each new connection shows the present certificate.
func serverTLS(present func() *tls.Certificate) *tls.Config {
	return &tls.Config{
		GetCertificate:         func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return present(), nil },
		ClientAuth:             tls.RequestClientCert,
		SessionTicketsDisabled: true,
		MinVersion:             tls.VersionTLS12,
	}
}
