package sdk_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/vmware/vsphere-automation-sdk-go/runtime/bindings"
)

// The SDK has no types for enumerations: fields are texts, and the allowed values stand beside them as constants such as
// LogicalPort_ADMIN_STATE_UP = "UP". They are read from the SDK's sources.

// enumerations are the values of such constants, by the name of the model and then by the rest of the constant's name.
type enumerations map[string]map[string]string

// readEnumerations reads the constants of one of the SDK's packages.
func readEnumerations(module, folder string) (enumerations, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return nil, fmt.Errorf("finding the module %s: %w", module, err)
	}
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), folder, "ModelPackageTypes.go"))
	if err != nil {
		return nil, fmt.Errorf("reading the SDK's sources: %w", err)
	}
	found := enumerations{}
	for _, constant := range regexp.MustCompile(`(?m)^const (\w+?)_([A-Z0-9_]+) = "(.*)"$`).FindAllSubmatch(source, -1) {
		model := string(constant[1])
		if found[model] == nil {
			found[model] = map[string]string{}
		}
		found[model][string(constant[2])] = string(constant[3])
	}
	return found, nil
}

var (
	managerEnumerations = once("services/nsxt-mp", "nsx/model")
	policyEnumerations  = once("services/nsxt", "model")
)

// once reads the constants when they are first needed.
func once(module, folder string) func() enumerations {
	return sync.OnceValue(func() enumerations {
		GinkgoHelper()
		found, err := readEnumerations("github.com/vmware/vsphere-automation-sdk-go/"+module, folder)
		Expect(err).NotTo(HaveOccurred())
		return found
	})
}

// allowed are the values that a field of a model may have; nil when all are. A constant belongs to the field whose
// name is the longest that it begins with.
func (e enumerations) allowed(model bindings.StructType, field string) map[string]bool {
	var values map[string]bool
	for rest, value := range e[model.BindingStruct().Name()] {
		if begins(rest, field) && !longer(model, field, rest) {
			if values == nil {
				values = map[string]bool{}
			}
			values[value] = true
		}
	}
	return values
}

func begins(constant, field string) bool {
	return strings.HasPrefix(constant, strings.ToUpper(field)+"_")
}

// longer tells whether a constant belongs to another field, whose name begins with this one's.
func longer(model bindings.StructType, field, constant string) bool {
	for _, other := range model.FieldNames() {
		if len(other) > len(field) && begins(constant, other) {
			return true
		}
	}
	return false
}
