package sdk_test

import (
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/search"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra"
	policysearch "github.com/vmware/vsphere-automation-sdk-go/services/nsxt/search"
)

// page is small enough for lists of a small foundation to have several.
const page = int64(20)

var _ = Describe("paging", Ordered, func() {
	var s *session
	BeforeAll(func() { s = login(startNSX()) })

	It("finds with the cursor of a search, which is a number, what the list has", func() {
		whole, err := nsx.NewLogicalPortsClient(s).List(nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil)
		s.strictly(whole, err)
		listed := map[string]bool{}
		for _, port := range whole.Results {
			listed[*port.Id] = true
		}
		found := map[string]bool{}
		var cursor *string
		for pages := 0; ; pages++ {
			answer, err := search.NewQueryClient(s).List("resource_type:LogicalPort", cursor, nil, new(page), nil, new("id"))
			s.strictly(answer, err)
			Expect(answer.ResultCount).To(HaveValue(BeEquivalentTo(len(listed))))
			for _, port := range answer.Results {
				found[textOf(port, "", "id")] = true
			}
			cursor = answer.Cursor
			at, err := strconv.Atoi(*cursor)
			Expect(err).NotTo(HaveOccurred())
			Expect(at).To(Equal(len(found)))
			if at == len(listed) {
				Expect(pages).To(BeNumerically(">", 2))
				break
			}
		}
		Expect(found).To(Equal(listed))
	})

	It("follows the cursor of a list until there is none", func() {
		found := map[string]bool{}
		var count int64
		for cursor := (*string)(nil); ; {
			answer, err := nsx.NewLogicalPortsClient(s).List(nil, nil, nil, nil, cursor, nil, nil, nil, new(page), nil, nil, nil, nil, nil, nil)
			s.strictly(answer, err)
			if cursor == nil {
				count = *answer.ResultCount
			}
			for _, port := range answer.Results {
				found[*port.Id] = true
			}
			if cursor = answer.Cursor; cursor == nil {
				break
			}
		}
		Expect(found).To(HaveLen(int(count)))
		Expect(count).To(BeNumerically(">", 3*page))
	})

	It("finds objects of every type of the Manager API", func() {
		for _, kind := range searchable {
			answer, err := search.NewQueryClient(s).List("resource_type:"+kind, nil, nil, nil, nil, nil)
			s.strictly(answer, err)
			Expect(answer.Results).NotTo(BeEmpty(), kind)
		}
	})

	It("finds by tags, with escaped characters and wildcards", func() {
		for _, query := range []string{
			`resource_type:LogicalSwitch AND tags.scope:ncp\/cluster AND tags.tag:tas1`,
			`resource_type:(LogicalSwitch OR LogicalRouter) AND tags.scope:"ncp/cluster"`,
			`resource_type:LogicalSwitch AND NOT tags.scope:none AND display_name:*`,
		} {
			answer, err := search.NewQueryClient(s).List(query, nil, nil, nil, nil, nil)
			s.strictly(answer, err)
			Expect(answer.Results).NotTo(BeEmpty(), query)
		}
		_, err := search.NewQueryClient(s).List("resource_type:(", nil, nil, nil, nil, nil)
		s.refused(err, 400)
	})

	It("works in the Policy API, too", func() {
		object := policyGroupBody(world{})
		_, err := invoke(s, policyCollections.find("groups").client, "Patch", []string{"default", chosenID}, object)
		s.accepted(err)
		answer, err := policysearch.NewQueryClient(s).List("resource_type:Group AND id:"+chosenID, nil, nil, nil, nil, nil)
		s.strictly(answer, err)
		Expect(answer.Results).To(HaveLen(1))
		list, err := infra.NewDomainsClient(s).List(nil, nil, nil, nil, nil, nil)
		s.strictly(list, err)
	})
})

// searchable are types of which the foundation has objects, and which the search answers as they are. Of firewall
// rules the search knows more than the SDK's model: who made them (ASSUMED, as in migrate-mp2p).
var searchable = []string{
	"LogicalSwitch", "LogicalPort", "LogicalRouter", "LogicalRouterDownLinkPort", "NatRule", "IpBlock", "IpBlockSubnet", "IpPool",
	"NSGroup", "IPSet", "FirewallSection", "SpoofGuardSwitchingProfile", "LbService", "LbVirtualServer", "LbPool", "LbRule", "LbHttpMonitor",
	"LbHttpProfile", "LbCookiePersistenceProfile", "LbClientSslProfile", "Crl", "TransportZone", "EdgeCluster",
}
