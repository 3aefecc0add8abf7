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

// render renders the job and returns its files by their path in the job's folder.
func render(properties []byte, deployment string) (map[string]string, error) {
	job, err := director.JobFromFolder(jobFolder)
	Expect(err).NotTo(HaveOccurred())
	folder, err := director.Render(job, properties, deployment)
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
		func(name string) {
			files, err := render(read(filepath.Join("testdata", name, "properties.yml")), tkgiDeployment)
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
		Entry("a password", "tas"),
		Entry("keys and tokens", "tkgi"),
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
	Entry("no cluster", `ncp.cluster=""`, "ncp.cluster is missing"),
	Entry("no cluster, and a deployment's name that is no TKGI cluster's", `ncp.platform="tkgi"; ncp.cluster=null`, "ncp.cluster is missing"),
	Entry("no manager", `nsx.managers=[]`, "nsx.managers is missing"),
	Entry("no login", `nsx.username=null; nsx.password=null`, "nsx.username is missing"),
	Entry("a user without a password", `nsx.password=" "`, "nsx.password: give either nsx.password or nsx.password_file"),
	Entry("two passwords", `nsx.password_file="/x"`, "nsx.password: give either nsx.password or nsx.password_file"),
	Entry("a password without a user", `nsx.username=null`, "nsx.username is missing"),
	Entry("password and client certificate", `nsx.client_certificate="c"; nsx.client_key="k"`, "nsx.username and nsx.client_certificate are both set"),
	Entry("a certificate without its key", `nsx.username=null; nsx.password=null; nsx.client_certificate="c"`, "nsx.client_key is missing"),
	Entry("a key without its certificate", `nsx.username=null; nsx.password=null; nsx.client_key="k"`, "nsx.client_certificate is missing"),
	Entry("no strategy", `migration.strategy=null`, "migration.strategy is missing: give one of all-down, one-by-one"),
	Entry("an unknown strategy", `migration.strategy="fast"`, `migration.strategy is "fast"`),
	Entry("an identity for nodes that do not migrate", `nsx.node_principal_identity="superuser"`, "nsx.node_principal_identity is set"),
	Entry("one foundation at a time in TAS", `migration.strategy="one-by-one"`, "migration.strategy is one-by-one"),
	Entry("an unknown command", `migration.command="migrate"`, `migration.command is "migrate"`),
	Entry("unknown resources", `migration.resources="some"`, `migration.resources is "some"`),
	Entry("shared resources without a user spec", `migration.resources="shared"`, "migration.user_spec is missing"),
	Entry("unknown policy ids", `migration.policy_ids="random"`, `migration.policy_ids is "random"`),
	Entry("an unknown log level", `log.level="loud"`, `log.level is "loud"`),
)
