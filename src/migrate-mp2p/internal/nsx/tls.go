package nsx

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

// trust makes the TLS settings that all managers share: authorities and client certificate.
func (o Options) trust() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CACertificate != "" {
		pem, err := os.ReadFile(o.CACertificate)
		if err != nil {
			return nil, fmt.Errorf("reading nsx.ca_certificate: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("reading nsx.ca_certificate: %s holds no PEM certificate", o.CACertificate)
		}
	}
	if o.ClientCertificate != "" {
		pair, err := tls.LoadX509KeyPair(o.ClientCertificate, o.ClientKey)
		if err != nil {
			return nil, fmt.Errorf("reading nsx.client_certificate and nsx.client_key: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// forManager adds what is special about one manager.
func forManager(shared *tls.Config, m Endpoint, insecure bool) *tls.Config {
	c := shared.Clone()
	c.ServerName = m.ServerName
	switch {
	case m.Thumbprint != "":
		// The thumbprint stands for the whole certificate, so neither name nor authority is looked at.
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(s tls.ConnectionState) error { return checkThumbprint(s, m.Thumbprint) }
	case insecure:
		c.InsecureSkipVerify = true
	}
	return c
}

// thumbprintError says which certificate came instead of the expected one.
type thumbprintError struct{ want, got string }

func (e *thumbprintError) Error() string {
	return fmt.Sprintf("the certificate's SHA-256 thumbprint is %s, expected is %s: check the manager's thumbprint in nsx.managers", e.got, e.want)
}

func checkThumbprint(s tls.ConnectionState, want string) error {
	sum := sha256.Sum256(s.PeerCertificates[0].Raw)
	got := hex.EncodeToString(sum[:])
	if plainThumbprint(want) != got {
		return &thumbprintError{want: plainThumbprint(want), got: got}
	}
	return nil
}

func plainThumbprint(s string) string { return strings.ToLower(strings.ReplaceAll(s, ":", "")) }

// trustProblem tells a TLS failure from any other and says what cures it.
func trustProblem(err error) (text string, found bool) {
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var thumbprint *thumbprintError
	var plain tls.RecordHeaderError
	var remote *net.OpError
	switch {
	case errors.As(err, &name):
		return fmt.Sprintf("the certificate is valid for %s, not for %q: use such a name in nsx.managers, or give its server_name or thumbprint",
			certificateNames(name.Certificate), name.Host), true
	case errors.As(err, &authority):
		issuer := "an unknown authority"
		if authority.Cert != nil {
			issuer = fmt.Sprintf("the unknown authority %q", authority.Cert.Issuer.String())
		}
		return "the certificate was issued by " + issuer + ": give its certificate in nsx.ca_certificate, or the manager's thumbprint", true
	case errors.As(err, &invalid):
		return fmt.Sprintf("the certificate is not valid: %v", invalid), true
	case errors.As(err, &thumbprint):
		return thumbprint.Error(), true
	case errors.As(err, &plain):
		return "it does not speak TLS: check address and port in nsx.managers", true
	case errors.As(err, &remote) && remote.Op == "remote error":
		return fmt.Sprintf("it ended the handshake: %v; check nsx.client_certificate", remote.Err), true
	default:
		var verification *tls.CertificateVerificationError
		if errors.As(err, &verification) {
			return fmt.Sprintf("the certificate cannot be verified: %v", verification.Err), true
		}
		return "", false
	}
}

func certificateNames(c *x509.Certificate) string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, net.IP(ip).String())
	}
	if len(names) == 0 {
		return "no name but the common name " + c.Subject.CommonName
	}
	return strings.Join(names, ", ")
}
