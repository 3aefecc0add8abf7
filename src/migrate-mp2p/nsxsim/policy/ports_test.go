package policy_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
)

var _ = DescribeTable("the SegmentPort of a Manager port has", func(port, fields map[string]any) {
	fields["resource_type"] = "SegmentPort"
	Expect(policy.PortFields(port)).To(Equal(fields))
},
	Entry("its state, but no name, tags or switch",
		map[string]any{"id": "p", "display_name": "n", "tags": []any{}, "logical_switch_id": "s", "admin_state": "UP", "init_state": "UNBLOCKED_VLAN"},
		map[string]any{"admin_state": "UP", "init_state": "UNBLOCKED_VLAN"}),
	Entry("a plain attachment's id",
		map[string]any{"attachment": map[string]any{"id": "vif", "attachment_type": "VIF"}},
		map[string]any{"attachment": map[string]any{"id": "vif"}}),
	Entry("the attachment of a container with its parent, VLAN and application",
		map[string]any{"attachment": map[string]any{"id": "vif", "attachment_type": "VIF", "context": map[string]any{
			"resource_type": "VifAttachmentContext", "vif_type": "CHILD", "parent_vif_id": "vm", "traffic_tag": 7, "app_id": "pod", "allocate_addresses": "Both"}}},
		map[string]any{"attachment": map[string]any{
			"id": "vif", "type": "CHILD", "context_id": "vm", "traffic_tag": 7, "app_id": "pod", "allocate_addresses": "BOTH"}}),
	Entry("its addresses",
		map[string]any{"address_bindings": []any{map[string]any{"ip_address": "10.0.0.7", "mac_address": "02:50:56:00:00:01", "vlan": 5}}},
		map[string]any{"address_bindings": []any{map[string]any{"ip_address": "10.0.0.7", "mac_address": "02:50:56:00:00:01", "vlan_id": 5}}}),
)
