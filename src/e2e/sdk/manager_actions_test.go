package sdk_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/aaa"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/aaa/registration_token"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/firewall"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/firewall/rules"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/firewall/sections"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/loadbalancer"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/logical_routers/routing"
	manager "github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/model"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/pools"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/pools/ip_pools"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/trust_management"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/trust_management/principal_identities"
)

var _ = Describe("actions of the Manager API", Ordered, ContinueOnFailure, func() {
	var s *session
	var w world
	BeforeAll(func() {
		s = login(startNSX())
		w = world{managerCollections, s}
	})

	It("allocates an address and releases it", func() {
		client := pools.NewIpPoolsClient(s)
		pool, err := client.Create(poolBody(w).(manager.IpPool))
		s.strictly(pool, err)
		address, err := client.Allocateorrelease(*pool.Id, manager.AllocationIpAddress{}, pools.IpPools_ALLOCATEORRELEASE_ACTION_ALLOCATE)
		s.strictly(address, err)
		Expect(address.AllocationId).To(HaveValue(Equal("198.51.100.10")))
		list, err := ip_pools.NewAllocationsClient(s).List(*pool.Id)
		s.strictly(list, err)
		Expect(list.Results).To(ConsistOf(HaveField("AllocationId", Equal(address.AllocationId))))
		_, err = client.Allocateorrelease(*pool.Id, manager.AllocationIpAddress{AllocationId: address.AllocationId}, pools.IpPools_ALLOCATEORRELEASE_ACTION_RELEASE)
		Expect(err).NotTo(HaveOccurred())
		Expect(s.last.answer).To(BeEmpty(), "NSX answers a release with nothing, whatever the SDK says")
	})

	It("creates a section with its rules, locks it and replaces its rules", func() {
		client := firewall.NewSectionsClient(s)
		rule := ruleBody(w).(manager.FirewallRule)
		list, err := client.Createwithrules(manager.FirewallSectionRuleList{
			DisplayName: name(), SectionType: new(manager.FirewallSection_SECTION_TYPE_LAYER3), Stateful: new(true), Rules: []manager.FirewallRule{rule, rule},
		}, nil, nil)
		s.strictly(list, err)
		Expect(list.Rules).To(HaveLen(2))
		more, err := sections.NewRulesClient(s).Createmultiple(*list.Id, manager.FirewallRuleList{Rules: []manager.FirewallRule{rule}}, nil, nil)
		s.strictly(more, err)
		list, err = client.Listwithrules(*list.Id)
		s.strictly(list, err)
		Expect(list.Rules).To(HaveLen(3))
		locked, err := client.Lock(*list.Id, manager.FirewallSectionLock{SectionRevision: list.Revision})
		s.strictly(locked, err)
		Expect(locked.Locked).To(HaveValue(BeTrue()))
		unlocked, err := client.Unlock(*list.Id, manager.FirewallSectionLock{SectionRevision: locked.Revision})
		s.strictly(unlocked, err)
		list.Revision, list.Rules = unlocked.Revision, list.Rules[:1]
		list, err = client.Updatewithrules(*list.Id, list)
		s.strictly(list, err)
		Expect(list.Rules).To(HaveLen(1))
		s.accepted(client.Delete(*list.Id, new(true)))
	})

	It("excludes a group from the firewall and takes it back", func() {
		client := firewall.NewExcludelistClient(s)
		group := w.id("NS groups")
		member, err := client.Addmember(*reference(group, "NSGroup"))
		s.strictly(member, err)
		found, err := client.Checkifexists(*group, nil, nil)
		s.strictly(found, err)
		list, err := client.Get()
		s.strictly(list, err)
		Expect(list.Members).To(ContainElement(HaveField("TargetId", Equal(group))))
		removed, err := client.Removemember(*group, nil, nil)
		s.strictly(removed, err)
	})

	It("changes what a router advertises, and refuses the change of somebody who was late", func() {
		client := routing.NewAdvertisementClient(s)
		_, place := managerCollections.create(s, managerCollections.find("logical routers"))
		router := place[0]
		config, err := client.Get(router)
		s.strictly(config, err)
		config.Enabled = new(!*config.Enabled)
		changed, err := client.Update(router, config)
		s.strictly(changed, err)
		Expect(changed.Enabled).To(Equal(config.Enabled))
		_, err = client.Update(router, config)
		s.refused(err, http.StatusPreconditionFailed)
	})

	It("switches the firewall of a router off and on", func() {
		client := firewall.NewStatusClient(s)
		router := *w.id("logical routers")
		off, err := client.Disablefirewall("logical_routers", router)
		s.strictly(off, err)
		status, err := client.Get0("logical_routers", router)
		s.strictly(status, err)
		Expect(status.TargetStatus).To(HaveValue(Equal(manager.TargetResourceStatus_TARGET_STATUS_DISABLED)))
		on, err := client.Enablefirewall("logical_routers", router)
		s.strictly(on, err)
		Expect(on.TargetStatus).To(HaveValue(Equal(manager.TargetResourceStatus_TARGET_STATUS_ENABLED)))
		s.accepted(nsx.NewLogicalRoutersClient(s).Reprocess(router))
	})

	It("reads the state of a rule", func() {
		client := sections.NewRulesClient(s)
		rule, err := client.Create(*w.id("firewall sections"), ruleBody(w).(manager.FirewallRule), nil, nil)
		s.strictly(rule, err)
		state, err := rules.NewStateClient(s).Get(*rule.Id, nil, nil)
		s.strictly(state, err)
		Expect(state.RevisionDesired).To(Equal(rule.Revision))
	})

	It("finds the groups of an object", func() {
		list, err := nsx.NewAssociationsClient(s).List("NSGroup", *w.id("IP sets"), "IPSet", nil, new(true), nil, nil, nil, nil)
		s.strictly(list, err)
	})

	It("changes the addresses of an IP set and the members of a pool", func() {
		set, err := nsx.NewIpSetsClient(s).Create(ipSetBody(w).(manager.IPSet))
		s.strictly(set, err)
		address, err := nsx.NewIpSetsClient(s).Create0(*set.Id, manager.IPAddressElement{IpAddress: new("192.0.2.77")}, nsx.IpSets_CREATE_0_ACTION_ADD_IP)
		s.strictly(address, err)
		client := loadbalancer.NewPoolsClient(s)
		pool, err := client.Create(lbPoolBody(w).(manager.LbPool))
		s.strictly(pool, err)
		members := manager.PoolMemberSettingList{Members: []manager.PoolMemberSetting{{IpAddress: new("192.0.2.78"), Port: new("80")}}}
		changed, err := client.Create0(*pool.Id, members, loadbalancer.Pools_CREATE_0_ACTION_ADD_MEMBERS)
		s.strictly(changed, err)
		Expect(changed.Members).To(HaveLen(len(pool.Members) + 1))
	})

	It("gets, shows and gives back a registration token", func() {
		client := aaa.NewRegistrationTokenClient(s)
		token, err := client.Create()
		s.strictly(token, err)
		again, err := client.Get(*token.Token)
		s.strictly(again, err)
		Expect(again).To(Equal(token))
		again, err = registration_token.NewRetrieveClient(s).Create(manager.RegTokenQuery{Token: token.Token})
		s.strictly(again, err)
		s.accepted(registration_token.NewDeleteClient(s).Create(manager.RegTokenQuery{Token: token.Token}))
		s.refused(client.Delete(*token.Token), http.StatusNotFound)
		token, err = client.Create()
		s.strictly(token, err)
		s.accepted(client.Delete(*token.Token))
	})

	It("imports a certificate, and registers and forgets a principal identity", func() {
		text := certificate("stranger")
		imported, err := trust_management.NewCertificatesClient(s).Importcertificate(manager.TrustObjectData{DisplayName: name(), PemEncoded: &text})
		s.strictly(imported, err)
		Expect(imported.Results).To(HaveLen(1))
		identity, err := trust_management.NewPrincipalIdentitiesClient(s).Create(manager.PrincipalIdentity{
			Name: new("one"), NodeId: new("one"), IsProtected: new(true), CertificateId: imported.Results[0].Id,
			Role: new("enterprise_admin"), //nolint:staticcheck // deprecated in the SDK, but what clients of NSX 3 and 4 send
		})
		s.strictly(identity, err)
		text = certificate("another stranger")
		other, err := principal_identities.NewWithCertificateClient(s).Create(manager.PrincipalIdentityWithCertificate{
			Name: new("two"), NodeId: new("two"), IsProtected: new(true), CertificatePem: &text,
			Role: new("auditor"), //nolint:staticcheck // deprecated in the SDK, but what clients of NSX 3 and 4 send
		})
		s.strictly(other, err)
		s.accepted(trust_management.NewPrincipalIdentitiesClient(s).Delete(*other.Id))
	})
})
