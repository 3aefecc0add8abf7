package sdk_test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"text/template"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var update = flag.Bool("update", false, "write the list of calls and the page anew")

// What the suite is compared with: the calls that it makes, and what the page says of where the SDK and the simulator differ.
const (
	conformancePage = "../../migrate-mp2p/docs/simulator/sdk-conformance.md"
	callList        = "testdata/calls.txt"
)

// call is one operation of the SDK.
type call struct {
	// Service and Operation are the SDK's names.
	Service, Operation string
	// Method and Template are those of HTTP: GET, /api/v1/logical-switches/{lswitchId}.
	Method, Template string
}

func (c call) String() string {
	return fmt.Sprintf("%s %s (%s %s)", c.Service, c.Operation, c.Method, c.Template)
}

// calls collects what was called, and whether NSX ever did what was asked for.
type calls struct {
	mu   sync.Mutex
	done map[call]bool
}

// made are the calls of all specs.
var made = &calls{done: map[call]bool{}}

func (c *calls) add(one call, succeeded bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done[one] = c.done[one] || succeeded
}

// succeeded lists the calls that did what was asked for, in the order of services and operations.
func (c *calls) succeeded(service string) []call {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := slices.DeleteFunc(slices.Collect(maps.Keys(c.done)), func(one call) bool {
		return !c.done[one] || !strings.HasPrefix(one.Service, service+".")
	})
	slices.SortFunc(list, func(a, b call) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Template, b.Template))
	})
	return list
}

var _ = ReportAfterSuite("every listed call was made, and no other", func(report Report) {
	if !report.SuiteSucceeded || report.PreRunStats.SpecsThatWillRun < report.PreRunStats.TotalSpecs {
		return // not all calls were made
	}
	manager, policy := made.succeeded("com.vmware.nsx"), made.succeeded("com.vmware.nsx_policy")
	var list, page bytes.Buffer
	for _, c := range slices.Concat(manager, policy) {
		fmt.Fprintln(&list, c)
	}
	Expect(template.Must(template.New("page").Parse(pageTemplate)).Execute(&page, map[string]any{
		"Exceptions": exceptions, "Manager": len(manager), "Policy": len(policy),
	})).To(Succeed())
	for path, now := range map[string][]byte{callList: list.Bytes(), conformancePage: page.Bytes()} {
		if *update {
			Expect(os.WriteFile(path, now, 0o644)).To(Succeed())
		}
		written, err := os.ReadFile(path)
		Expect(err).NotTo(HaveOccurred())
		Expect(bytes.Equal(written, now)).To(BeTrue(), "%s is not what was called; write it with: go -C src/e2e test ./sdk -update", path)
	}
})

const pageTemplate = `# What VMware's SDK says of nsxsim

VMware's official Go SDK for NSX, generated from NSX's own specification, drives nsxsim in the suite src/e2e/sdk: versions
services/nsxt-mp v0.6.0, services/nsxt v0.12.0 and runtime v0.7.0. {{.Manager}} operations of the Manager API and {{.Policy}} of the Policy
API are called; [the list](../../../e2e/sdk/testdata/calls.txt) is compared with what was. Each was answered with the status that the
SDK promises, and the answer has no field that the SDK's models do not have, none that they require is missing, and all
are of the right kind. Calls that NSX must refuse are refused with errors that the SDK takes for its own.

The other way round, every request body that migrate-mp2p sends in a migration, in a rollback and for updates that had
failed fits the models MpMigrationData, Infra with its children, and Group.

| not in the SDK, and called by plain HTTP | source |
|---|---|
| POST /api/session/create | nsxlib |
| POST /api/v1/migration/mp-to-policy/workflow?action=INITIATE and DONE | vmware-nsx |
| POST /api/v1/migration/mp-to-policy/rollback, in the runs of migrate-mp2p | vmware-nsx |

Where the SDK itself is wrong, the suite makes up for it and the simulator does not: src/e2e/sdk/artefacts_test.go has the
list. These fields are answered although the SDK's models lack them:

| model | fields | why |
|---|---|---|
{{range .Exceptions}}| {{.Model}} | {{range $i, $field := .Fields}}{{if $i}}, {{end}}{{$field}}{{end}} | {{.Reason}} |
{{end}}
`
