package config

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// readPassword reads nsx.password_file into nsx.password; one line end at its end is not part of it.
func (c *Config) readPassword(p *problems) {
	file := c.NSX.PasswordFile
	if file == "" {
		return
	}
	if c.NSX.Password != "" {
		p.add("nsx.password_file", "is %q while nsx.password is set, too: give one of them", file)
		return
	}
	data, err := readBounded(file)
	if err != nil {
		p.add("nsx.password_file", "cannot read %q: %v", file, err)
		return
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if password == "" {
		p.add("nsx.password_file", "%q is empty: write the password into it", file)
	}
	c.NSX.Password = Secret(password)
}

// check reports everything that is wrong with the values, one by one and taken together.
func (c *Config) check(p *problems) {
	c.checkNCP(p)
	c.checkManagers(p)
	c.checkLogin(p)
	c.checkManners(p)
	c.checkMigration(p)
	c.checkKubernetes(p)
	required(p, "records.directory", c.Records.Directory, "give the folder of the migration records")
	required(p, "log.directory", c.Log.Directory, "give the folder of log, plan and report")
	oneOf(p, "log.level", c.Log.Level, "debug", "info", "warning", "error")
}

func (c *Config) checkNCP(p *problems) {
	oneOf(p, "ncp.platform", c.NCP.Platform, "tas", "tkgi", "kubernetes")
	cure := "give the value of the ncp/cluster tag, which is the cluster's name in NCP's configuration"
	switch c.NCP.Platform {
	case "tas":
		cure = "give the value of the ncp/cluster tag, which is the foundation's name"
	case "tkgi":
		cure = "give the value of the ncp/cluster tag, which is pks-<uuid of the cluster>"
	}
	required(p, "ncp.cluster", c.NCP.Cluster, cure)
}

func (c *Config) checkManagers(p *problems) {
	if len(c.NSX.Managers) == 0 {
		p.add("nsx.managers", "is missing: give the address of at least one NSX Manager")
	}
	seen := map[string]bool{}
	for i, m := range c.NSX.Managers {
		key := "nsx.managers[" + strconv.Itoa(i) + "]"
		if text := badAddress(m.Address); text != "" {
			p.add(key+".address", "is %q: %s", m.Address, text)
		}
		if seen[m.Address] && m.Address != "" {
			p.add(key+".address", "is %q, which stands in the list already: remove one", m.Address)
		}
		seen[m.Address] = true
		if bytes, err := hex.DecodeString(strings.ReplaceAll(m.Thumbprint, ":", "")); m.Thumbprint != "" && (err != nil || len(bytes) != 32) {
			p.add(key+".thumbprint", "is %q: a SHA-256 thumbprint has 64 hexadecimal digits, with or without colons", m.Thumbprint)
		}
	}
}

// badAddress says what is wrong with host[:port].
func badAddress(address string) string {
	host := address
	if strings.ContainsAny(address, "/ \t@?#%\\") {
		return "write host or host:port, without https:// and without a path"
	}
	if h, port, err := net.SplitHostPort(address); err == nil {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return "the port must be a number from 1 to 65535"
		}
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if host == "" {
		return "write host or host:port"
	}
	if strings.Contains(host, ":") && net.ParseIP(host) == nil {
		return "write host or host:port, and an IPv6 address with a port as [address]:port"
	}
	return ""
}

func (c *Config) checkLogin(p *problems) {
	n := c.NSX
	password := n.Password != "" || n.PasswordFile != ""
	switch {
	case (n.Username != "" || password) && (n.ClientCertificate != "" || n.ClientKey != ""):
		p.add("nsx.client_certificate", "is set beside nsx.username or nsx.password: log in by password or by client certificate, not both")
	case n.Username != "" && !password:
		p.add("nsx.password", "is missing: it belongs to nsx.username; or use nsx.password_file")
	case n.Username == "" && password:
		p.add("nsx.username", "is missing: it belongs to nsx.password")
	case n.ClientCertificate == "" && n.ClientKey == "" && n.Username == "":
		p.add("nsx.username", "is missing: give nsx.username and nsx.password, or nsx.client_certificate and nsx.client_key")
	}
	keyPair(p, "nsx.client_certificate", n.ClientCertificate, "nsx.client_key", n.ClientKey)
	authorities(p, "nsx.ca_certificate", n.CACertificate)
	if n.Proxy != "" {
		u, err := url.Parse(n.Proxy)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			// The value may hold a password.
			p.add("nsx.proxy", "is not a URL like http://proxy.example.com:3128")
		}
	}
}

func (c *Config) checkManners(p *problems) {
	if c.NSX.NodePrincipalIdentity != "" && c.NCP.Platform != "tkgi" {
		p.add("nsx.node_principal_identity", "is set, but only with ncp.platform tkgi does a network of nodes migrate: leave it out")
	}
	for _, code := range c.NSX.AbsentCodes {
		switch {
		case code <= 0:
			p.add("nsx.absent_codes", "holds %d: write error codes of NSX, whole numbers above 0", code)
		case code == 202 || code == 500090: // the service is not up, or the object was changed (vmware-nsxlib)
			p.add("nsx.absent_codes", "holds %d, which means something else: remove it", code)
		}
	}
	if c.NSX.RequestsPerSecond <= 0 {
		p.add("nsx.requests_per_second", "is %v: write a number above 0", c.NSX.RequestsPerSecond)
	}
	if c.NSX.Concurrency <= 0 {
		p.add("nsx.concurrency", "is %d: write a whole number above 0", c.NSX.Concurrency)
	}
	t := c.NSX.Timeouts
	for _, timeout := range []struct {
		key   string
		value Duration
	}{
		{"connect", t.Connect}, {"request", t.Request}, {"coordinator", t.Coordinator},
		{"batch", t.Batch}, {"finish", t.Finish}, {"index", t.Index},
	} {
		if timeout.value <= 0 {
			p.add("nsx.timeouts."+timeout.key, "is %s: write a duration above 0s", timeout.value)
		}
	}
}

func (c *Config) checkMigration(p *problems) {
	m := c.Migration
	oneOf(p, "migration.command", m.Command, Commands()...)
	oneOf(p, "migration.resources", m.Resources, "shared", "ncp", "all")
	oneOf(p, "migration.policy_ids", m.PolicyIDs, "uuid", "display-name")
	switch {
	case m.Strategy == "" && m.Command == CommandRun:
		p.add("migration.strategy", "is missing: run needs it; give all-down or one-by-one (in TAS only all-down)")
	case m.Strategy != "":
		oneOf(p, "migration.strategy", m.Strategy, "all-down", "one-by-one")
	}
	if c.NCP.Platform == "tas" && m.Strategy == "one-by-one" {
		p.add("migration.strategy", "is one-by-one: with ncp.platform tas only all-down is supported")
	}
	retrieves := m.Command == CommandRun || m.Command == CommandPlan || m.Command == CommandPrecheck
	inferred := m.Command == CommandPlan && m.WriteUserSpec
	if retrieves && m.Resources == "shared" && m.UserSpec == "" && !inferred {
		p.add("migration.user_spec", "is missing: migration.resources is shared, which migrates what the user spec lists")
	}
	if m.TKGIConfiguration != "" && c.NCP.Platform != PlatformTKGI {
		p.add("migration.tkgi_configuration", "is set, but ncp.platform is %s: leave it out", c.NCP.Platform)
	}
	for i, path := range m.WaiveUpdates {
		if !strings.HasPrefix(path, "/infra/") {
			p.add("migration.waive_updates["+strconv.Itoa(i)+"]", "is %q: write a Policy path, which begins with /infra/", path)
		}
	}
	for _, kind := range sortedKeys(m.Overrides) {
		if m.Overrides[kind].Limit < 0 {
			p.add("migration.overrides."+kind+".limit", "is %d: write a number above 0, or leave it out", m.Overrides[kind].Limit)
		}
	}
}

// checkKubernetes looks at files only for commands that ask for workloads: a rollback works without them.
func (c *Config) checkKubernetes(p *problems) {
	k := c.Kubernetes
	none := k == Default().Kubernetes
	if c.NCP.Platform == PlatformTAS {
		if !none {
			p.add("kubernetes", "is set, but ncp.platform tas has no Kubernetes API: leave it out")
		}
		return
	}
	if k.Timeout <= 0 {
		p.add("kubernetes.timeout", "is %s: write a duration above 0s", k.Timeout)
	}
	given := k.waysIn()
	other := append(slices.Clone(given), k.keys("api_server", k.APIServer, "ca_certificate", k.CACertificate)...)
	switch {
	case k.Kubeconfig != "" && len(other) > 0:
		p.add("kubernetes.kubeconfig", "is set beside %s: it replaces all keys that lead to the API server", other[0])
	case k.Kubeconfig != "":
	case k.APIServer == "" && len(other) > 0:
		p.add("kubernetes.api_server", "is missing: it belongs to %s", other[0])
	case len(given) > 1:
		p.add(given[0], "is set beside %s: give one of them", given[1])
	case k.APIServer != "" && len(given) == 0:
		p.add("kubernetes.token", "is missing: give kubernetes.token, kubernetes.token_file, or kubernetes.client_certificate and kubernetes.client_key")
	case k.APIServer == "" && c.NCP.Platform == PlatformTKGI && c.asksForWorkloads():
		p.add("kubernetes.kubeconfig", "is missing: ncp.platform tkgi needs the cluster's Kubernetes API; give it, or kubernetes.api_server and a login")
	}
	if u, err := url.Parse(k.APIServer); k.APIServer != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil) {
		p.add("kubernetes.api_server", "is not a URL like https://kubernetes.example.com:8443")
	}
	if !c.asksForWorkloads() {
		return
	}
	readable(p, "kubernetes.kubeconfig", k.Kubeconfig)
	readable(p, "kubernetes.token_file", k.TokenFile)
	authorities(p, "kubernetes.ca_certificate", k.CACertificate)
	keyPair(p, "kubernetes.client_certificate", k.ClientCertificate, "kubernetes.client_key", k.ClientKey)
}

// waysIn are the keys of the logins that are given, a certificate and its key as one.
func (k *Kubernetes) waysIn() []string {
	certificate := k.keys("client_certificate", k.ClientCertificate, "client_key", k.ClientKey)
	return append(k.keys("token", k.Token.Reveal(), "token_file", k.TokenFile), certificate[:min(1, len(certificate))]...)
}

// keys are those that have a value, of pairs of key and value.
func (k *Kubernetes) keys(pairs ...string) []string {
	var keys []string
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			keys = append(keys, "kubernetes."+pairs[i])
		}
	}
	return keys
}

// asksForWorkloads says whether the command may need to know what runs on the platform.
func (c *Config) asksForWorkloads() bool {
	switch c.Migration.Command {
	case CommandRun, CommandPlan, CommandPrecheck:
		return c.Migration.Resources != "shared"
	default:
		return false
	}
}

// readable reports a file that is empty or cannot be read.
func readable(p *problems, key, file string) {
	if file == "" {
		return
	}
	switch data, err := readBounded(file); {
	case err != nil:
		p.add(key, "cannot read %q: %v", file, err)
	case len(strings.TrimSpace(string(data))) == 0:
		p.add(key, "%q is empty", file)
	}
}

func required(p *problems, key, value, cure string) {
	if value == "" {
		p.add(key, "is missing: %s", cure)
	}
}

func oneOf(p *problems, key, value string, allowed ...string) {
	choices := strings.Join(allowed, ", ")
	switch {
	case value == "":
		p.add(key, "is missing: give one of %s", choices)
	case !slices.Contains(allowed, value):
		p.add(key, "is %q: it must be one of %s", value, choices)
	}
}

// authorities reports a file that holds no certificate.
func authorities(p *problems, key, file string) {
	if file == "" {
		return
	}
	data, err := readBounded(file)
	if err != nil {
		p.add(key, "cannot read %q: %v", file, err)
		return
	}
	certificates := 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			p.add(key, "certificate %d in %q cannot be read: %v", certificates+1, file, err)
			return
		}
		certificates++
	}
	if certificates == 0 {
		p.add(key, "%q holds no PEM certificate", file)
	}
}

// keyPair reports a client certificate or key that is missing, cannot be read or does not fit the other.
func keyPair(p *problems, certificateKey, certificateFile, keyKey, keyFile string) {
	if certificateFile == "" && keyFile == "" {
		return
	}
	required(p, certificateKey, certificateFile, "it belongs to "+keyKey)
	required(p, keyKey, keyFile, "it belongs to "+certificateKey)
	if certificateFile == "" || keyFile == "" {
		return
	}
	certificate, err := readBounded(certificateFile)
	if err != nil {
		p.add(certificateKey, "cannot read %q: %v", certificateFile, err)
	}
	key, keyErr := readBounded(keyFile)
	if keyErr != nil {
		p.add(keyKey, "cannot read %q: %v", keyFile, keyErr)
	}
	if err != nil || keyErr != nil {
		return
	}
	if _, err := tls.X509KeyPair(certificate, key); err != nil {
		p.add(certificateKey, "%q and %s %q do not make a client certificate: %v", certificateFile, keyKey, keyFile, err)
	}
}
