// Package sdk_test lets VMware's own Go SDK for NSX judge nsxsim, the NSX of this project's tests: what the SDK calls must
// be answered, and the answers must be what the SDK's models say.
package sdk_test

import (
	_ "github.com/vmware/vsphere-automation-sdk-go/runtime/protocol/client"
	_ "github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/migration"
	_ "github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra"
)
