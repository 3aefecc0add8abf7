package sdk_test

import (
	"net/http"
	"slices"
	"strings"

	"github.com/vmware/vsphere-automation-sdk-go/runtime/bindings"
	manager "github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/model"
)

// What the SDK's generator made wrong is made good here, each with its reason. The simulator knows nothing of it.

// plain takes out a segment that the generator put behind "services/" in every Manager path: NSX has
// /api/v1/node/services/migration-coordinator, as published scripts call it, and not .../services/nsxt-mp/migration-coordinator.
func plain(path string) string { return strings.Replace(path, "/services/nsxt-mp", "/services", 1) }

// voidStatus are the statuses of success without an answer. The generator promises 204 for all of them, but NSX's
// documentation says 200 for those calls, and the SDK takes either.
func voidStatus(promised int) []int {
	if promised == http.StatusNoContent {
		return []int{http.StatusOK, http.StatusNoContent}
	}
	return []int{promised}
}

// spelling gives the names that NSX has for types whose Go names differ (the constants __TYPE_IDENTIFIER of the SDK).
var spelling = map[string]string{"ChildQosProfile": "ChildQoSProfile"}

// untold gives the models of fields that the SDK takes for values of several types, although they never name theirs.
var untold = map[string]func() bindings.BindingType{
	"com.vmware.nsx.model.capacity_usage_response/meta_info": manager.CapacityUsageMetaInfoBindingType,
}

// exception names fields that NSX answers and that the SDK's version of a model does not list.
type exception struct {
	Model  string
	Fields []string
	Reason string
}

// exceptions are all of these.
var exceptions = []exception{
	{"com.vmware.nsx.model.api_error", []string{"httpStatus"}, "errors of a real NSX have it, as VMware's knowledge base shows"},
	{"com.vmware.nsx_policy.model.api_error", []string{"httpStatus"}, "(the same)"},
	{"com.vmware.nsx.model.nat_rule", []string{"nat_pass"}, "NSX 3 had it, and NCP's rules carry it; the SDK follows NSX 4"},
	{"com.vmware.nsx.model.firewall_rule",
		[]string{"_create_time", "_create_user", "_last_modified_time", "_last_modified_user", "_protection", "_system_owned"},
		"a difference of nsxsim: it keeps them for all objects alike, and migrate-mp2p asks the search for a rule's author (ASSUMED to be known)"},
}

// unlisted tells whether a field is one of the exceptions.
func unlisted(model, field string) bool {
	return slices.ContainsFunc(exceptions, func(e exception) bool { return e.Model == model && slices.Contains(e.Fields, field) })
}
