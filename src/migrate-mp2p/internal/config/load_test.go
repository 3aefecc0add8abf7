package config_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/sirupsen/logrus"
	"gopkg.in/yaml.v3"

	"nsx-mp2p/migrate-mp2p/internal/config"
)

// maxFile is the documented limit.
const maxFile = 4 << 20

const password = "correct-horse-battery"

// minimal is the least that a TAS foundation needs.
func minimal() map[string]any {
	return map[string]any{
		"ncp":       map[string]any{"platform": "tas", "cluster": "pas-1"},
		"nsx":       map[string]any{"managers": []any{"nsx.example.com"}, "username": "migrator", "password": password},
		"migration": map[string]any{"strategy": "all-down"},
	}
}

// with sets a key such as nsx.timeouts.connect.
func with(settings map[string]any, key string, value any) map[string]any {
	groups := strings.Split(key, ".")
	at := settings
	for _, group := range groups[:len(groups)-1] {
		inner, ok := at[group].(map[string]any)
		if !ok {
			inner = map[string]any{}
			at[group] = inner
		}
		at = inner
	}
	at[groups[len(groups)-1]] = value
	return settings
}

// without removes a key of a group.
func without(settings map[string]any, group, key string) map[string]any {
	inner := maps.Clone(settings[group].(map[string]any))
	delete(inner, key)
	settings[group] = inner
	return settings
}

func load(settings map[string]any) (*config.Config, error) {
	encoded, err := json.Marshal(settings)
	Expect(err).NotTo(HaveOccurred())
	return config.Load(file("config.json", string(encoded)))
}

// problemsOf gives the problems of an error, one line each.
func problemsOf(err error) []string {
	var e *config.Error
	Expect(errors.As(err, &e)).To(BeTrue(), "%v", err)
	var all []string
	for _, p := range e.Problems {
		all = append(all, p.String())
	}
	return all
}

var _ = Describe("config.json", func() {
	It("gets the documented defaults [R23]", func() {
		c, err := load(minimal())
		Expect(err).NotTo(HaveOccurred())
		want := config.Default()
		want.NCP = config.NCP{Platform: "tas", Cluster: "pas-1"}
		want.NSX.Managers = []config.Manager{{Address: "nsx.example.com"}}
		want.NSX.Username, want.NSX.Password = "migrator", password
		want.Migration.Strategy = "all-down"
		Expect(c).To(Equal(want))
		Expect(c.Migration.Enabled).To(BeFalse(), "not armed unless told so")
		Expect(c.Records.RequireMount).To(BeTrue())
		Expect(c.NSX.Lease).To(BeTrue())
		Expect(time.Duration(c.NSX.Timeouts.Finish)).To(Equal(30 * time.Minute))
		Expect(c.NSX.Password.Reveal()).To(Equal(password))
	})

	It("says what every key holds", func() {
		settings := minimal()
		for key, value := range map[string]any{
			"nsx.managers": []any{"nsx-1:8443", map[string]any{
				"address": "10.0.0.2", "server_name": "nsx-2.example.com", "thumbprint": strings.Repeat("AB:", 31) + "AB",
			}},
			"nsx.timeouts.connect":          "1m30s",
			"nsx.requests_per_second":       12.5,
			"nsx.lease":                     false,
			"migration.enabled":             true,
			"migration.ignore_prechecks":    []any{"nsx-backup"},
			"migration.waive_updates":       []any{"/infra/segments/s"},
			"migration.overrides":           map[string]any{"LOGICAL_SWITCH": map[string]any{"limit": 50, "after": []any{"TIER1"}, "metadata": map[string]any{"a": "{id}"}}},
			"instance.bootstrap":            true,
			"migration.user_spec":           nil,
			"nsx.shared_principal_identity": nil,
		} {
			with(settings, key, value)
		}
		c, err := load(settings)
		Expect(err).NotTo(HaveOccurred())
		Expect(c.NSX.Managers).To(Equal([]config.Manager{
			{Address: "nsx-1:8443"}, {Address: "10.0.0.2", ServerName: "nsx-2.example.com", Thumbprint: strings.Repeat("AB:", 31) + "AB"},
		}))
		Expect(c.NSX.Timeouts.Connect).To(Equal(config.Duration(90 * time.Second)))
		Expect(c.NSX.RequestsPerSecond).To(Equal(12.5))
		Expect(c.NSX.Lease).To(BeFalse())
		Expect(c.Migration.Enabled).To(BeTrue())
		Expect(c.Migration.Overrides["LOGICAL_SWITCH"]).To(Equal(config.Override{Limit: 50, After: []string{"TIER1"}, Metadata: map[string]string{"a": "{id}"}}))
		Expect(c.Instance.Bootstrap).To(BeTrue())
		Expect(c.NSX.SharedPrincipalIdentity).To(Equal("admin"), "null means the default")
	})

	DescribeTable("is refused when something is wrong, naming key, value and cure [I10]",
		func(key string, value any, texts ...string) {
			_, err := load(with(minimal(), key, value))
			Expect(problemsOf(err)).To(HaveLen(1))
			for _, text := range append(texts, "config.json") {
				Expect(err).To(MatchError(ContainSubstring(text)))
			}
		},
		Entry("unknown group", "nxs.managers", []any{"a"}, "nxs: unknown key", "ncp, nsx, records"),
		Entry("unknown key", "migration.enable", true, "migration.enable: unknown key", "enabled"),
		Entry("unknown key, deeper", "nsx.timeouts.conect", "1s", "nsx.timeouts.conect: unknown key"),
		Entry("wrong type: text for a switch", "migration.enabled", "yes", "migration.enabled: is a text: write true or false"),
		Entry("wrong type: number for a text", "ncp.cluster", 7, "ncp.cluster: is a number", "write a text in quotes"),
		Entry("wrong type: list for an object", "nsx.timeouts", []any{}, "nsx.timeouts: is a list: write an object"),
		Entry("wrong type: object for a list", "migration.waive_updates", map[string]any{}, "migration.waive_updates: is an object: write a list"),
		Entry("wrong type: list for overrides", "migration.overrides", []any{}, "migration.overrides: is a list: write an object"),
		Entry("wrong type in a list", "migration.ignore_prechecks", []any{"a", true}, "migration.ignore_prechecks[1]: is true or false"),
		Entry("fraction for a whole number", "nsx.concurrency", 1.5, "nsx.concurrency: is a number that does not fit here: write a whole number"),
		Entry("text for a number", "nsx.requests_per_second", "many", "nsx.requests_per_second: is a text: write a number"),
		Entry("no duration", "nsx.timeouts.batch", "soon", `nsx.timeouts.batch: "soon" is not a duration`, "30s"),
		Entry("a number for a duration", "nsx.timeouts.batch", 30, "nsx.timeouts.batch: 30 is not a duration"),
		Entry("a duration of nothing", "nsx.timeouts.batch", "0s", "nsx.timeouts.batch: is 0s", "above 0s"),
		Entry("a code below 1", "nsx.absent_codes", []any{7, 0}, "nsx.absent_codes: holds 0", "above 0"),
		Entry("a code of another meaning", "nsx.absent_codes", []any{202}, "nsx.absent_codes: holds 202", "remove it"),
		Entry("no rate", "nsx.requests_per_second", -3, "nsx.requests_per_second: is -3", "above 0"),
		Entry("no concurrency", "nsx.concurrency", 0, "nsx.concurrency: is 0", "above 0"),
		Entry("platform", "ncp.platform", "openshift", `ncp.platform: is "openshift"`, "tas, tkgi, kubernetes"),
		Entry("no cluster", "ncp.cluster", "", "ncp.cluster: is missing", "foundation's name"),
		Entry("command", "migration.command", "go", `migration.command: is "go"`, "run, plan, precheck, rollback, status, verify"),
		Entry("resources", "migration.resources", "some", `migration.resources: is "some"`, "shared, ncp, all"),
		Entry("policy ids", "migration.policy_ids", "name", `migration.policy_ids: is "name"`, "uuid, display-name"),
		Entry("no strategy", "migration.strategy", "", "migration.strategy: is missing: run needs it", "all-down"),
		Entry("strategy", "migration.strategy", "some-down", `migration.strategy: is "some-down"`, "all-down, one-by-one"),
		Entry("identity of nodes that do not migrate", "nsx.node_principal_identity", "superuser", "nsx.node_principal_identity: is set", "leave it out"),
		Entry("TKGI's configuration elsewhere", "migration.tkgi_configuration", "/f", "migration.tkgi_configuration: is set, but ncp.platform is tas", "leave it out"),
		Entry("strategy of TAS [R6]", "migration.strategy", "one-by-one", "migration.strategy: is one-by-one", "only all-down"),
		Entry("shared without a spec", "migration.resources", "shared", "migration.user_spec: is missing"),
		Entry("waived path", "migration.waive_updates", []any{"/infra/a", "/api/v1/x"}, `migration.waive_updates[1]: is "/api/v1/x"`, "/infra/"),
		Entry("negative limit", "migration.overrides", map[string]any{"NAT": map[string]any{"limit": -1}}, "migration.overrides.NAT.limit: is -1"),
		Entry("log level", "log.level", "loud", `log.level: is "loud"`, "debug, info, warning, error"),
		Entry("no log folder", "log.directory", "", "log.directory: is missing"),
		Entry("no records folder", "records.directory", "", "records.directory: is missing"),
		Entry("no managers", "nsx.managers", []any{}, "nsx.managers: is missing"),
		Entry("a manager with scheme", "nsx.managers", []any{"https://nsx"}, `nsx.managers[0].address: is "https://nsx"`, "without https://"),
		Entry("a manager with a bad port", "nsx.managers", []any{"nsx:99999"}, "nsx.managers[0].address", "1 to 65535"),
		Entry("a manager with half a port", "nsx.managers", []any{"nsx:"}, "nsx.managers[0].address", "1 to 65535"),
		Entry("a manager without address", "nsx.managers", []any{map[string]any{"server_name": "x"}}, `nsx.managers[0].address: is ""`),
		Entry("a manager with an unknown key", "nsx.managers", []any{map[string]any{"adress": "x"}}, "nsx.managers[0]: a manager is", "server_name and thumbprint"),
		Entry("an IPv6 address without brackets", "nsx.managers", []any{"fd00::zz"}, "nsx.managers[0].address", "[address]:port"),
		Entry("the same manager twice", "nsx.managers", []any{"nsx", "nsx"}, "nsx.managers[1].address", "already"),
		Entry("thumbprint", "nsx.managers", []any{map[string]any{"address": "x", "thumbprint": "ab:cd"}}, "nsx.managers[0].thumbprint", "64 hexadecimal digits"),
		Entry("half a client certificate beside a password", "nsx.client_key", "/k", "nsx.client_certificate: is set beside nsx.username or nsx.password"),
		Entry("no file of authorities", "nsx.ca_certificate", "/does/not/exist", `nsx.ca_certificate: cannot read "/does/not/exist"`),
		Entry("Kubernetes in TAS", "kubernetes.api_server", "https://k", "kubernetes: is set, but ncp.platform tas"),
	)

	It("reports all problems at once [I10]", func() {
		_, err := load(map[string]any{
			"ncp": map[string]any{"platform": "TAS"},
			"nsx": map[string]any{"managers": []any{"https://a"}, "concurrency": "x", "nonsense": 1},
			"log": map[string]any{"level": "x"},
		})
		Expect(problemsOf(err)).To(ConsistOf(
			HavePrefix("ncp.platform:"), HavePrefix("ncp.cluster:"), HavePrefix("nsx.managers[0].address:"), HavePrefix("nsx.concurrency:"),
			HavePrefix("nsx.nonsense:"), HavePrefix("nsx.username:"), HavePrefix("migration.strategy:"), HavePrefix("log.level:"),
		))
		Expect(err).To(MatchError(ContainSubstring("8 problems")))
	})

	DescribeTable("is refused when the file is no configuration at all [I10]",
		func(content, text string) {
			_, err := config.Load(file("config.json", content))
			Expect(err).To(MatchError(And(ContainSubstring("config.json"), ContainSubstring(text))))
			Expect(err.Error()).NotTo(ContainSubstring(password))
		},
		Entry("empty", "", "the file is empty"),
		Entry("blank", " \n\t", "the file is empty"),
		Entry("cut off", "{\n\"nsx\": {\"password\": \""+password+"\"\n", "not JSON: the error is in line"),
		Entry("YAML", "nsx:\n  password: "+password, "not JSON: the error is in line 1"),
		Entry("trailing garbage", "{}\n\n{}", "not JSON: something follows the document's end in line 1"),
		Entry("a list", "[]", "is a list: write an object"),
		Entry("too large", strings.Repeat(" ", maxFile)+"{}", "larger than 4 MiB"),
	)

	It("is refused when it is absent, and so is a folder", func() {
		_, err := config.Load("/does/not/exist.json")
		Expect(err).To(MatchError("reading /does/not/exist.json: no such file or directory"))
		_, err = config.Load(GinkgoT().TempDir())
		Expect(err).To(MatchError(ContainSubstring("is a directory")))
	})

	It("is checked for the command that is really run", func() {
		settings := without(minimal(), "migration", "strategy")
		encoded, err := json.Marshal(settings)
		Expect(err).NotTo(HaveOccurred())
		path := file("config.json", string(encoded))
		_, err = config.Load(path)
		Expect(err).To(MatchError(ContainSubstring("migration.strategy")))
		c, err := config.LoadFor(path, config.CommandPlan, false)
		Expect(err).NotTo(HaveOccurred())
		Expect(c.Migration.Command).To(Equal(config.CommandPlan))
	})

	It("infers a user spec with command plan only, and needs none then [R3]", func() {
		settings := without(with(minimal(), "migration.resources", "shared"), "migration", "user_spec")
		written := func() string {
			encoded, err := json.Marshal(settings)
			Expect(err).NotTo(HaveOccurred())
			return file("config.json", string(encoded))
		}
		_, err := config.LoadFor(written(), config.CommandPlan, false)
		Expect(err).To(MatchError(ContainSubstring("migration.user_spec: is missing")))
		c, err := config.LoadFor(written(), config.CommandPlan, true)
		Expect(err).NotTo(HaveOccurred())
		Expect(c.Migration.WriteUserSpec).To(BeTrue())

		with(settings, "migration.write_user_spec", true)
		_, err = config.Load(written())
		Expect(err).To(MatchError(ContainSubstring("migration.write_user_spec: is true, and migration.command is run: only plan infers a user spec")))
		with(settings, "migration.command", "plan")
		c, err = config.Load(written())
		Expect(err).NotTo(HaveOccurred())
		Expect(c.Migration.WriteUserSpec).To(BeTrue())

		By("leaving another command alone that is called by hand, such as a rollback")
		c, err = config.LoadFor(written(), config.CommandRollback, false)
		Expect(err).NotTo(HaveOccurred())
		Expect(c.Migration.WriteUserSpec).To(BeFalse())
	})

	Describe("logging in", func() {
		It("takes the password from a file, without its line end", func() {
			c, err := load(with(without(minimal(), "nsx", "password"), "nsx.password_file", file("password", password+" \r\n")))
			Expect(err).NotTo(HaveOccurred())
			Expect(c.NSX.Password.Reveal()).To(Equal(password + " "))
		})

		DescribeTable("needs exactly one way, and that one whole [I10]",
			func(change func(map[string]any), text string) {
				settings := minimal()
				change(settings)
				_, err := load(settings)
				Expect(err).To(MatchError(ContainSubstring(text)))
				Expect(err.Error()).NotTo(ContainSubstring(password))
			},
			Entry("none", func(c map[string]any) { without(without(c, "nsx", "username"), "nsx", "password") }, "nsx.username: is missing: give nsx.username and nsx.password, or"),
			Entry("no user", func(c map[string]any) { without(c, "nsx", "username") }, "nsx.username: is missing: it belongs to nsx.password"),
			Entry("no password", func(c map[string]any) { without(c, "nsx", "password") }, "nsx.password: is missing"),
			Entry("password twice", func(c map[string]any) { with(c, "nsx.password_file", "/f") }, "nsx.password_file: is \"/f\" while nsx.password is set"),
			Entry("no password file", func(c map[string]any) { with(without(c, "nsx", "password"), "nsx.password_file", "/none") }, `nsx.password_file: cannot read "/none"`),
			Entry("empty password file", func(c map[string]any) {
				with(without(c, "nsx", "password"), "nsx.password_file", file("password", "\n"))
			}, "is empty: write the password into it"),
			Entry("proxy", func(c map[string]any) { with(c, "nsx.proxy", "u:"+password+"@proxy") }, "nsx.proxy: is not a URL"),
		)
	})

	Describe("PEM files", func() {
		var certificate, key string

		BeforeEach(func() {
			private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			Expect(err).NotTo(HaveOccurred())
			template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ncp"}}
			der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
			Expect(err).NotTo(HaveOccurred())
			encoded, err := x509.MarshalECPrivateKey(private)
			Expect(err).NotTo(HaveOccurred())
			certificate = file("c.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
			key = file("k.pem", string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded})))
		})

		It("are accepted instead of a password", func() {
			settings := without(without(minimal(), "nsx", "username"), "nsx", "password")
			with(with(with(settings, "nsx.client_certificate", certificate), "nsx.client_key", key), "nsx.ca_certificate", certificate)
			_, err := load(settings)
			Expect(err).NotTo(HaveOccurred())
		})

		It("are refused by key and file when they do not fit or hold something else [I10]", func() {
			settings := without(without(minimal(), "nsx", "username"), "nsx", "password")
			with(with(with(settings, "nsx.client_certificate", key), "nsx.client_key", "/none"), "nsx.ca_certificate", key)
			_, err := load(settings)
			Expect(problemsOf(err)).To(ConsistOf(
				And(HavePrefix("nsx.client_key: cannot read"), ContainSubstring("/none")),
				And(HavePrefix("nsx.ca_certificate:"), ContainSubstring(key), ContainSubstring("no PEM certificate")),
			))
			with(with(settings, "nsx.client_key", certificate), "nsx.ca_certificate", file("x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
			_, err = load(settings)
			Expect(problemsOf(err)).To(ConsistOf(
				And(HavePrefix("nsx.client_certificate:"), ContainSubstring("do not make a client certificate")),
				And(HavePrefix("nsx.ca_certificate:"), ContainSubstring("certificate 1 in")),
			))
		})
	})

	Describe("the way to Kubernetes", func() {
		tkgi := func() map[string]any { return with(minimal(), "ncp.platform", "tkgi") }

		It("is a token, a file with one, or a kubeconfig", func() {
			c, err := load(with(with(tkgi(), "kubernetes.api_server", "https://k:8443"), "kubernetes.token", password))
			Expect(err).NotTo(HaveOccurred())
			Expect(c.Kubernetes.Token.Reveal()).To(Equal(password))
			_, err = load(with(with(tkgi(), "kubernetes.api_server", "https://k:8443"), "kubernetes.token_file", file("token", "t")))
			Expect(err).NotTo(HaveOccurred())
			c, err = load(with(with(with(tkgi(), "kubernetes.kubeconfig", file("kubeconfig", "{}")), "kubernetes.check_pods", true), "kubernetes.timeout", "1m"))
			Expect(err).NotTo(HaveOccurred())
			Expect(c.Kubernetes.CheckPods).To(BeTrue())
			Expect(c.Kubernetes.Timeout).To(Equal(config.Duration(time.Minute)))
		})

		It("may be left out where a pod has one of its own, and where no workload is asked for", func() {
			_, err := load(with(minimal(), "ncp.platform", "kubernetes"))
			Expect(err).NotTo(HaveOccurred())
			_, err = load(with(with(tkgi(), "migration.resources", "shared"), "migration.user_spec", "/spec"))
			Expect(err).NotTo(HaveOccurred())
			for _, command := range []string{"rollback", "status", "verify"} {
				_, err = load(with(tkgi(), "migration.command", command))
				Expect(err).NotTo(HaveOccurred(), command)
			}
		})

		It("keeps no rollback from starting by files that are gone [I10]", func() {
			settings := with(with(tkgi(), "kubernetes.kubeconfig", "/none"), "migration.command", "rollback")
			_, err := load(settings)
			Expect(err).NotTo(HaveOccurred())
		})

		DescribeTable("is refused when it is incomplete or double [I10]",
			func(keys map[string]any, text string) {
				settings := tkgi()
				for key, value := range keys {
					with(settings, "kubernetes."+key, value)
				}
				_, err := load(settings)
				Expect(err).To(MatchError(ContainSubstring(text)))
				Expect(err.Error()).NotTo(ContainSubstring(password))
			},
			Entry(nil, map[string]any{"token": password}, "kubernetes.api_server: is missing"),
			Entry(nil, map[string]any{"api_server": "https://k"}, "kubernetes.token: is missing"),
			Entry(nil, map[string]any{"api_server": "k:8443", "token": password}, "kubernetes.api_server: is not a URL"),
			Entry(nil, map[string]any{"api_server": "https://k", "token": password, "client_key": "/k"}, "kubernetes.token: is set beside"),
			Entry(nil, map[string]any{}, "kubernetes.kubeconfig: is missing: ncp.platform tkgi needs"),
			Entry(nil, map[string]any{"timeout": "0s", "kubeconfig": "/none"}, "kubernetes.timeout: is 0s"),
			Entry(nil, map[string]any{"api_server": "https://k", "token": password, "token_file": "/t"}, "kubernetes.token: is set beside kubernetes.token_file"),
			Entry(nil, map[string]any{"api_server": "https://k", "token_file": "/none"}, `kubernetes.token_file: cannot read "/none"`),
			Entry(nil, map[string]any{"api_server": "https://k", "client_key": "/k", "client_certificate": ""}, "kubernetes.client_certificate: is missing"),
			Entry(nil, map[string]any{"kubeconfig": "/none"}, `kubernetes.kubeconfig: cannot read "/none"`),
			Entry(nil, map[string]any{"kubeconfig": "/none", "token": password}, "kubernetes.kubeconfig: is set beside"),
			Entry(nil, map[string]any{"api_server": "https://k", "token": password, "ca_certificate": "/none"}, "kubernetes.ca_certificate: cannot read"),
		)
	})
})

var _ = Describe("a secret", func() {
	It("cannot be seen in any format [I7]", func() {
		c := config.Default()
		c.NSX.Password, c.Kubernetes.Token = password, password
		var all bytes.Buffer
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&all, format, c.NSX.Password)
			fmt.Fprintf(&all, format, *c)
			fmt.Fprintf(&all, format, c.Kubernetes)
		}
		asJSON, err := json.Marshal(c)
		Expect(err).NotTo(HaveOccurred())
		asYAML, err := yaml.Marshal(c.NSX)
		Expect(err).NotTo(HaveOccurred())
		logger := logrus.New()
		logger.SetOutput(&all)
		logger.WithField("password", c.NSX.Password).Info(c.NSX.Password)
		everything := all.String() + string(asJSON) + string(asYAML)
		Expect(everything).To(ContainSubstring("***"))
		Expect(everything).NotTo(ContainSubstring(password))
		Expect(everything).NotTo(ContainSubstring(fmt.Sprintf("%x", password)))
	})
})
