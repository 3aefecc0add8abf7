package rendering_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/director"
)

const (
	jobFolder      = "../../../jobs/migrate-mp2p"
	tkgiDeployment = "service-instance_0a1b2c3d-0000-4000-8000-0123456789ab"
)

// render renders the job for the bootstrap instance and returns its files by their path in the job's folder.
func render(properties []byte, deployment string) (map[string]string, error) {
	return renderFor(director.Instance{
		Deployment: deployment, Group: "migrate-mp2p", ID: "5f0c7a52-6f0e-4a52-9d6b-0f3f3f6c1c1a", Bootstrap: true,
	}, properties)
}

// renderFor is render for a certain instance.
func renderFor(instance director.Instance, properties []byte) (map[string]string, error) {
	job, err := director.JobFromFolder(jobFolder)
	Expect(err).NotTo(HaveOccurred())
	folder, err := director.Render(job, properties, instance)
	if err != nil {
		return nil, err
	}
	defer func() { Expect(os.RemoveAll(folder)).To(Succeed()) }()
	return readFolder(folder), nil
}

func readFolder(folder string) map[string]string {
	files := map[string]string{}
	Expect(filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, folder+"/")] = string(content)
		return err
	})).To(Succeed())
	return files
}

func read(path string) []byte {
	content, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	return content
}

var _ = DescribeTable("every template gives the expected file [R23]",
	func(name, deployment string) {
		files, err := render(read(filepath.Join("testdata", name, "properties.yml")), deployment)
		Expect(err).NotTo(HaveOccurred())
		expected := filepath.Join("testdata", name, "expected")
		if *update {
			Expect(os.RemoveAll(expected)).To(Succeed())
			for path, content := range files {
				Expect(os.MkdirAll(filepath.Dir(filepath.Join(expected, path)), 0o755)).To(Succeed())
				Expect(os.WriteFile(filepath.Join(expected, path), []byte(content), 0o644)).To(Succeed())
			}
		}
		Expect(files).To(Equal(readFolder(expected)))
	},
	Entry("for a TAS foundation", "tas", "migrate-mp2p-pas-1"),
	Entry("for a TKGI cluster", "tkgi", tkgiDeployment),
	Entry("with every property set", "everything", "migrate-mp2p"),
)

var _ = Describe("Secrets", func() {
	DescribeTable("stand in config/ only, and never in what is executed [R23] [I7]",
		func(name, deployment string) {
			files, err := render(read(filepath.Join("testdata", name, "properties.yml")), deployment)
			Expect(err).NotTo(HaveOccurred())
			holders := []string{}
			for path, content := range files {
				if strings.Contains(content, "top") && strings.Contains(content, "secret") {
					holders = append(holders, filepath.Dir(path))
				}
			}
			Expect(holders).To(And(Not(BeEmpty()), HaveEach("config")))
			Expect(files["bin/run"]).To(Equal(string(read(filepath.Join(jobFolder, "templates/run.sh")))))
		},
		Entry("a password", "tas", "migrate-mp2p-pas-1"),
		Entry("keys and tokens", "tkgi", tkgiDeployment),
	)

	It("keep every character of a password", func() {
		files, err := render(read("testdata/tas/properties.yml"), "migrate-mp2p-pas-1")
		Expect(err).NotTo(HaveOccurred())
		var config struct{ NSX struct{ Password string } }
		Expect(json.Unmarshal([]byte(files["config/config.json"]), &config)).To(Succeed())
		Expect(config.NSX.Password).To(Equal(`top"secret'\ <%= 1 %> ${HOME} ü`))
	})
})

var _ = DescribeTable("an impossible combination fails the deployment and names the property [R23] [I10]",
	func(change, message string) {
		properties := map[string]string{
			"ncp.platform":       `"tas"`,
			"ncp.cluster":        `"pas-1"`,
			"nsx.managers":       `["nsx-1"]`,
			"nsx.username":       `"admin"`,
			"nsx.password":       `"x"`,
			"migration.strategy": `"all-down"`,
		}
		for line := range strings.SplitSeq(change, "; ") {
			name, value, _ := strings.Cut(line, "=")
			properties[name] = value
		}
		groups := map[string]map[string]json.RawMessage{}
		for name, value := range properties {
			group, key, _ := strings.Cut(name, ".")
			if groups[group] == nil {
				groups[group] = map[string]json.RawMessage{}
			}
			groups[group][key] = json.RawMessage(value)
		}
		text, err := json.Marshal(groups) // JSON is YAML, too
		Expect(err).NotTo(HaveOccurred())
		_, err = render(text, "migrate-mp2p-pas-1")
		Expect(err).To(MatchError(ContainSubstring(message)))
	},
	Entry("no platform", `ncp.platform=null`, "ncp.platform is missing: give one of tas, tkgi"),
	Entry("a platform that has a Job of its own", `ncp.platform="kubernetes"`, `ncp.platform is "kubernetes"`),
	Entry("no cluster", `ncp.cluster=""`, "ncp.cluster is missing: give the value of the ncp/cluster tag, which is the foundation name"),
	Entry("no cluster, and a deployment's name that is no TKGI cluster's", `ncp.platform="tkgi"; ncp.cluster=null; kubernetes.kubeconfig_file="/k"`,
		"ncp.cluster is missing: deployment migrate-mp2p-pas-1 is not called service-instance_<uuid>"),
	Entry("a Kubernetes API in TAS", `kubernetes.token="t"`, "kubernetes.token is set: with ncp.platform tas there is no Kubernetes API"),
	Entry("a kubeconfig in TAS", `kubernetes.kubeconfig_file="/k"`, "kubernetes.kubeconfig_file is set"),
	Entry("no Kubernetes API in TKGI", `ncp.platform="tkgi"`, "kubernetes.kubeconfig_file is missing: ncp.platform tkgi needs the Kubernetes API"),
	Entry("a kubeconfig beside a token", `ncp.platform="tkgi"; kubernetes.kubeconfig={"kind":"Config"}; kubernetes.token="t"`,
		"kubernetes.kubeconfig and kubernetes.token are both set"),
	Entry("two kubeconfigs", `ncp.platform="tkgi"; kubernetes.kubeconfig={"kind":"Config"}; kubernetes.kubeconfig_file="/k"`,
		"kubernetes.kubeconfig and kubernetes.kubeconfig_file are both set"),
	Entry("a relative kubeconfig", `ncp.platform="tkgi"; kubernetes.kubeconfig_file="k"`, "give an absolute path"),
	Entry("a token without an API server", `ncp.platform="tkgi"; kubernetes.token="t"`, "kubernetes.api_server is missing: it belongs to kubernetes.token"),
	Entry("an API server without a login", `ncp.platform="tkgi"; kubernetes.api_server="https://k"; kubernetes.ca_certificate="c"`, "kubernetes.token is missing"),
	Entry("two logins to the API server", `ncp.platform="tkgi"; kubernetes.api_server="https://k"; kubernetes.token="t"; kubernetes.client_key="k"`,
		"kubernetes.token and kubernetes.client_key are both set"),
	Entry("two tokens", `ncp.platform="tkgi"; kubernetes.api_server="https://k"; kubernetes.token="t"; kubernetes.token_file="/t"`,
		"kubernetes.token and kubernetes.token_file are both set"),
	Entry("pods in TAS", `kubernetes.check_pods=true`, "kubernetes.check_pods is true: with ncp.platform tas there is no Kubernetes API"),
	Entry("half a login to the API server", `ncp.platform="tkgi"; kubernetes.api_server="https://k"; kubernetes.client_key="k"`,
		"kubernetes.client_certificate is missing"),
	Entry("no manager", `nsx.managers=[]`, "nsx.managers is missing"),
	Entry("no login", `nsx.username=null; nsx.password=null`, "nsx.username is missing"),
	Entry("a user without a password", `nsx.password=" "`, "nsx.password: give either nsx.password or nsx.password_file"),
	Entry("two passwords", `nsx.password_file="/x"`, "nsx.password: give either nsx.password or nsx.password_file"),
	Entry("a password without a user", `nsx.username=null`, "nsx.username is missing"),
	Entry("password and client certificate", `nsx.client_certificate="c"; nsx.client_key="k"`, "nsx.username and nsx.client_certificate are both set"),
	Entry("a certificate without its key", `nsx.username=null; nsx.password=null; nsx.client_certificate="c"`, "nsx.client_key is missing"),
	Entry("a key without its certificate", `nsx.username=null; nsx.password=null; nsx.client_key="k"`, "nsx.client_certificate is missing"),
	Entry("a blank strategy", `migration.strategy=""`, "migration.strategy is missing: give one of all-down, one-by-one"),
	Entry("an unknown strategy", `migration.strategy="fast"`, `migration.strategy is "fast"`),
	Entry("an identity for nodes that do not migrate", `nsx.node_principal_identity="superuser"`, "nsx.node_principal_identity is set"),
	Entry("one foundation at a time in TAS", `migration.strategy="one-by-one"`, "migration.strategy is one-by-one"),
	Entry("an unknown command", `migration.command="migrate"`, `migration.command is "migrate"`),
	Entry("unknown resources", `migration.resources="some"`, `migration.resources is "some"`),
	Entry("shared resources without a user spec", `migration.resources="shared"`, "migration.user_spec is missing"),
	Entry("a user spec written by another command than plan", `migration.write_user_spec=true`, "migration.write_user_spec is true, and migration.command is run"),
	Entry("TKGI's configuration in TAS", `migration.tkgi_configuration={"t0_router_id":"t0"}`, "migration.tkgi_configuration is set, but ncp.platform is tas"),
	Entry("unknown policy ids", `migration.policy_ids="random"`, `migration.policy_ids is "random"`),
	Entry("an unknown log level", `log.level="loud"`, `log.level is "loud"`),
)

var _ = Describe("A user spec that is yet to be inferred", func() {
	It("is not asked for when shared resources alone are planned [R3] [R23]", func() {
		files, err := render([]byte(`{ncp: {platform: tas, cluster: pas-1}, nsx: {managers: [nsx-1], username: admin, password: x},
			migration: {strategy: all-down, resources: shared, command: plan, write_user_spec: true}}`), "migrate-mp2p-pas-1")
		Expect(err).NotTo(HaveOccurred())
		Expect(files["config/config.json"]).To(And(ContainSubstring(`"write_user_spec": true`), Not(ContainSubstring(`"user_spec":`))))
	})
})

var _ = Describe("On the control plane of a TKGI cluster", func() {
	colocated := []byte("{ncp: {platform: tkgi}, nsx: {managers: [nsx-1], username: admin, password: x}, kubernetes: {kubeconfig_file: /var/vcap/k}}")

	It("each instance is named as the bosh CLI names it, and only the first is the bootstrap one [R23]", func() {
		for index, id := range []string{"8d3c1a", "0b77e2", "c4f19d"} {
			files, err := renderFor(director.Instance{Deployment: tkgiDeployment, Group: "master", ID: id, Index: index, Bootstrap: index == 0}, colocated)
			Expect(err).NotTo(HaveOccurred())
			var config struct {
				Instance struct {
					Bootstrap        bool
					Name, Deployment string
				}
				NCP        struct{ Cluster string }
				Migration  struct{ Strategy string }
				Kubernetes map[string]any
			}
			Expect(json.Unmarshal([]byte(files["config/config.json"]), &config)).To(Succeed())
			Expect(config.Instance.Bootstrap).To(Equal(index == 0))
			Expect(config.Instance.Name).To(Equal("master/" + id))
			Expect(config.Instance.Deployment).To(Equal(tkgiDeployment))
			Expect(config.NCP.Cluster).To(Equal("pks-0a1b2c3d-0000-4000-8000-0123456789ab"))
			Expect(config.Migration.Strategy).To(Equal("all-down"), "the strategy in which the NSX backup can be restored")
			Expect(config.Kubernetes).To(Equal(map[string]any{"kubeconfig": "/var/vcap/k", "check_pods": false, "timeout": "30s"}))
		}
	})

	It("a kubeconfig in a property becomes a file of its own, and the program gets its path [R23] [I7]", func() {
		files, err := render([]byte("{ncp: {platform: tkgi}, nsx: {managers: [nsx-1], username: admin, password: x}, kubernetes: {kubeconfig: {kind: Config, users: [topsecret]}}}"), tkgiDeployment)
		Expect(err).NotTo(HaveOccurred())
		Expect(files["config/kubeconfig.yaml"]).To(ContainSubstring("topsecret"))
		Expect(files["config/config.json"]).To(And(ContainSubstring("/var/vcap/jobs/migrate-mp2p/config/kubeconfig.yaml"), Not(ContainSubstring("topsecret"))))
	})

	DescribeTable("what belongs to somebody else's deployment is refused [R23] [I10]", func(properties, message string) {
		_, err := render([]byte(properties), tkgiDeployment)
		Expect(err).To(MatchError(ContainSubstring(message)))
	},
		Entry("another cluster", "{ncp: {platform: tkgi, cluster: pks-ffffffff-0000-4000-8000-0123456789ab}, nsx: {managers: [nsx-1], username: admin, password: x}, kubernetes: {kubeconfig_file: /k}}",
			"is that of cluster pks-0a1b2c3d-0000-4000-8000-0123456789ab: leave ncp.cluster out there"),
		Entry("a foundation", "{ncp: {platform: tas, cluster: pas-1}, nsx: {managers: [nsx-1], username: admin, password: x}}", "ncp.platform is tas, but deployment"),
	)
})
