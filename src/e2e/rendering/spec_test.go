package rendering_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"gopkg.in/yaml.v2"
)

// jobSpec is the whole of what a job's spec may hold here; unknown keys are refused.
type jobSpec struct {
	Name        string            `yaml:"name"`
	Description string            `yaml:"description"`
	Packages    []string          `yaml:"packages"`
	Templates   map[string]string `yaml:"templates"`
	Properties  map[string]struct {
		Description string      `yaml:"description"`
		Default     interface{} `yaml:"default"`
		Example     interface{} `yaml:"example"`
	} `yaml:"properties"`
}

var _ = Describe("The job's spec", func() {
	var spec jobSpec

	BeforeEach(func() {
		spec = jobSpec{}
		Expect(yaml.UnmarshalStrict(read(filepath.Join(jobFolder, "spec")), &spec)).To(Succeed())
	})

	It("describes every property, by its dotted name, outside a namespace of the job's own name [R23]", func() {
		for name, property := range spec.Properties {
			Expect(name).To(MatchRegexp(`^[a-z]+(\.[a-z_]+)+$`))
			Expect(name).NotTo(HavePrefix(spec.Name))
			Expect(property.Description).NotTo(BeEmpty(), name)
		}
	})

	It("lists every template, bin/run among them, and describes itself [R23]", func() {
		entries, err := os.ReadDir(filepath.Join(jobFolder, "templates"))
		Expect(err).NotTo(HaveOccurred())
		Expect(spec.Templates).To(HaveLen(len(entries)))
		for _, entry := range entries {
			Expect(spec.Templates).To(HaveKey(entry.Name()))
		}
		Expect(spec.Templates).To(HaveKeyWithValue("run.sh", "bin/run"))
		Expect(spec.Description).NotTo(BeEmpty())
	})

	It("has an entry for every key that the program reads, and no other [R23]", func() {
		names := []string{}
		for name := range spec.Properties {
			names = append(names, name)
		}
		keys := configKeys("../../migrate-mp2p/internal/config")
		known := []string{"instance.bootstrap", "instance.name", "instance.deployment"}
		Expect(keys).To(ContainElements(known), "BOSH's own knowledge, no properties")
		// The program knows a kubeconfig by its path only, whoever has written the file.
		names = slices.DeleteFunc(names, func(name string) bool { return name == "kubernetes.kubeconfig_file" })
		Expect(append(names, known...)).To(ConsistOf(keys))
	})

	It("has each property set in testdata/everything, but those that exclude one another", func() {
		var everything interface{}
		Expect(yaml.Unmarshal(read("testdata/everything/properties.yml"), &everything)).To(Succeed())
		for name := range spec.Properties {
			switch name {
			case "nsx.password", "nsx.client_certificate", "nsx.client_key",
				"kubernetes.token", "kubernetes.token_file", "kubernetes.kubeconfig", "kubernetes.kubeconfig_file":
				continue
			}
			value := everything
			for key := range strings.SplitSeq(name, ".") {
				value = value.(map[interface{}]interface{})[key]
			}
			Expect(value).NotTo(BeNil(), name)
		}
	})
})

// configKeys lists the dotted JSON keys of the program's configuration. It reads them from the source, since Go keeps
// another module's internal packages to itself.
func configKeys(folder string) []string {
	structs := map[string]*ast.StructType{}
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	Expect(err).NotTo(HaveOccurred())
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		Expect(err).NotTo(HaveOccurred())
		ast.Inspect(parsed, func(node ast.Node) bool {
			if spec, ok := node.(*ast.TypeSpec); ok {
				if fields, ok := spec.Type.(*ast.StructType); ok {
					structs[spec.Name.Name] = fields
				}
			}
			return true
		})
	}
	Expect(structs).To(HaveKey("Config"))
	var keys []string
	var walk func(prefix, name string)
	walk = func(prefix, name string) {
		for _, field := range structs[name].Fields.List {
			if field.Tag == nil {
				continue
			}
			key, _, _ := strings.Cut(reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json"), ",")
			if key == "" || key == "-" {
				continue
			}
			if typeName, ok := field.Type.(*ast.Ident); ok && structs[typeName.Name] != nil && !opaque[typeName.Name] {
				walk(prefix+key+".", typeName.Name)
				continue
			}
			keys = append(keys, prefix+key)
		}
	}
	walk("", "Config")
	return keys
}

// opaque structs are one value in JSON.
var opaque = map[string]bool{"Secret": true, "Duration": true}
