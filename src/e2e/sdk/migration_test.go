package sdk_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/firewall"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/firewall/sections"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/loadbalancer"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/migration"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/migration/mp_policy_promotion"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/migration/mp_to_policy"
	manager "github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/model"
	mppolicy "github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/mppolicy/migration"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/node/services"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/node/services/migration_coordinator"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/domains"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/segments"
)

// workflow is the path of the calls that the SDK does not have: they begin and end a migration.
const workflow = "/api/v1/migration/mp-to-policy/workflow?action="

// owner is the user that is to own what is migrated.
const owner = "stranger"

var _ = Describe("a migration by the SDK alone", Ordered, func() {
	var s *session
	var small smallWorld

	BeforeAll(func() {
		s = login(start(empty()))
		small = makeSmallWorld(s)
	})

	It("starts the coordinator", func() {
		service := services.NewMigrationCoordinatorClient(s)
		properties, err := service.Get()
		s.strictly(properties, err)
		status := migration_coordinator.NewStatusClient(s)
		before, err := status.Get()
		s.strictly(before, err)
		Expect(before.RuntimeState).To(HaveValue(Equal("stopped")))
		_, err = migration.NewStatusSummaryClient(s).Get(nil)
		Expect(err).To(HaveOccurred(), "the status of a coordinator that is stopped")

		started, err := service.Start()
		s.strictly(started, err)
		Eventually(func() (string, error) {
			now, err := status.Get()
			s.strictly(now, err)
			return *now.RuntimeState, nil
		}).WithTimeout(patience).Should(Equal("running"))
	})

	It("says what could be migrated, and that nothing was", func() {
		summary, err := migration.NewStatusSummaryClient(s).Get(nil)
		s.strictly(summary, err)
		Expect(summary.OverallMigrationStatus).To(HaveValue(Equal(manager.MigrationStatus_OVERALL_MIGRATION_STATUS_NOT_STARTED)))
		yes := true
		stats, err := mp_to_policy.NewStatsClient(s).Get(nil, &yes)
		s.strictly(stats, err)
		Expect(stats.MigrationStats).NotTo(BeEmpty())
		ids, err := mppolicy.NewObjectIdsClient(s).List("LOGICAL_SWITCH", nil, nil, nil, nil, nil, nil)
		s.strictly(ids, err)
		Expect(ids.Results).To(ConsistOf(HaveField("ResourceIds", ConsistOf(HaveField("ManagerId", HaveValue(Equal(small.aSwitch)))))))
		group, err := migration.NewMigrationUnitGroupsClient(s).Get("MP_TO_POLICY_MIGRATION", new(true))
		s.strictly(group, err)
		Expect(group.Enabled).To(HaveValue(BeTrue()))
		groups, err := migration.NewMigrationUnitGroupsClient(s).List(nil, nil, nil, nil, nil, nil, nil, nil)
		s.strictly(groups, err)
		units, err := migration.NewMigrationUnitsClient(s).List(nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil)
		s.strictly(units, err)
		whole, err := migration.NewSummaryClient(s).Get()
		s.strictly(whole, err)
		setup, err := migration.NewSetupClient(s).Get()
		s.strictly(setup, err)
	})

	It("refuses a batch with an object that does not exist, with feedback", func() {
		Expect(s.plainly(http.MethodPost, workflow+"INITIATE", nil).StatusCode).To(Equal(http.StatusOK))
		send(s, batch("NS_GROUP", entry("unknown")))
		s.accepted(migration.NewPlanClient(s).Start())
		Expect(wait(s, "MP_TO_POLICY_PRECHECK")).To(Equal(manager.ComponentMigrationStatus_STATUS_FAILED))
		feedback, err := mp_to_policy.NewFeedbackClient(s).List(nil, nil, nil, nil, nil, nil, nil, nil, nil)
		s.strictly(feedback, err)
		Expect(feedback.Results).To(ContainElement(HaveField("MpId", HaveValue(Equal("unknown")))))
		s.accepted(migration.NewPlanClient(s).Abort())
	})

	It("migrates batch by batch", func() {
		state, err := mp_policy_promotion.NewStateClient(s).Get()
		s.strictly(state, err)
		Expect(state.MpPolicyPromotion).To(HaveValue(Equal(manager.MPPolicyPromotionState_MP_POLICY_PROMOTION_PROMOTION_IN_PROGRESS)))
		for _, one := range small.batches() {
			send(s, one)
			plan := migration.NewPlanClient(s)
			s.accepted(plan.Start())
			Expect(wait(s, "MP_TO_POLICY_PRECHECK")).To(Equal(manager.ComponentMigrationStatus_STATUS_SUCCESS), "pre-check of %s", *one.Type_)
			s.accepted(plan.Continue_(nil))
			Expect(wait(s, "MP_TO_POLICY_MIGRATION")).To(Equal(manager.ComponentMigrationStatus_STATUS_SUCCESS), "migration of %s", *one.Type_)

			resources, err := migration.NewMigratedResourcesClient(s).List(*one.Type_, nil, nil, nil, nil, nil, nil)
			s.strictly(resources, err)
			Expect(resources.Results).To(HaveLen(len(one.ResourceIds)))
		}
		stats, err := mp_to_policy.NewStatsClient(s).Get(nil, nil)
		s.strictly(stats, err)
		Expect(s.plainly(http.MethodPost, workflow+"DONE", nil).StatusCode).To(Equal(http.StatusOK))

		state, err = mp_policy_promotion.NewStateClient(s).Get()
		s.strictly(state, err)
		Expect(state.MpPolicyPromotion).To(HaveValue(Equal(manager.MPPolicyPromotionState_MP_POLICY_PROMOTION_PROMOTION_NOT_IN_PROGRESS)))
		history, err := mp_policy_promotion.NewHistoryClient(s).Get()
		s.strictly(history, err)
		Expect(history.Results).To(ContainElement(HaveField("Status", HaveValue(Equal("PARTIAL_SUCCESS")))), "one batch was refused")
	})

	It("finds everything in Policy", func() {
		segment, err := infra.NewSegmentsClient(s).Get(small.aSwitch)
		s.strictly(segment, err)
		Expect(segment.ConnectivityPath).To(HaveValue(Equal("/infra/tier-1s/" + small.router)))
		Expect(segment.CreateUser).To(HaveValue(Equal(owner)))
		ports, err := segments.NewPortsClient(s).List(small.aSwitch, nil, nil, nil, nil, nil, nil)
		s.strictly(ports, err)
		Expect(ports.Results).To(HaveLen(2))
		tier1, err := infra.NewTier1sClient(s).Get(small.router)
		s.strictly(tier1, err)
		group, err := domains.NewGroupsClient(s).Get("default", small.group)
		s.strictly(group, err)
		policy, err := domains.NewSecurityPoliciesClient(s).Get("default", small.section)
		s.strictly(policy, err)
		Expect(policy.Rules).To(HaveLen(1))
		server, err := infra.NewLbVirtualServersClient(s).Get(small.virtualServer)
		s.strictly(server, err)
		Expect(server.LbServicePath).To(HaveValue(Equal("/infra/lb-services/" + small.lbService)))
	})

	It("finds the Manager objects in the hands of Policy", func() {
		object, err := nsx.NewLogicalSwitchesClient(s).Get(small.aSwitch)
		s.strictly(object, err)
		Expect(object.Tags).To(ContainElement(And(
			HaveField("Scope", HaveValue(Equal("policyPath"))), HaveField("Tag", HaveValue(Equal("/infra/segments/"+small.aSwitch))))))
		object.DisplayName = new(otherName)
		_, err = nsx.NewLogicalSwitchesClient(s).Update(small.aSwitch, object)
		s.refused(err, http.StatusBadRequest)
	})

	It("stops the coordinator", func() {
		stopped, err := services.NewMigrationCoordinatorClient(s).Stop()
		s.strictly(stopped, err)
		restarted, err := services.NewMigrationCoordinatorClient(s).Restart()
		s.strictly(restarted, err)
	})
})

// send sends one batch.
func send(s *session, one manager.MPResource) {
	GinkgoHelper()
	s.accepted(migration.NewMpToPolicyClient(s).Create(manager.MpMigrationData{
		MigrationData: []manager.MPResource{one}, SetupDetails: &manager.SetupDetails{PrincipalIdentity: new(owner)},
	}))
}

// wait waits until the plan stands still, and returns the status of a component.
func wait(s *session, component string) (status string) {
	GinkgoHelper()
	Eventually(func() string {
		summary, err := migration.NewStatusSummaryClient(s).Get(nil)
		s.strictly(summary, err)
		for _, one := range summary.ComponentStatus {
			if *one.ComponentType == component {
				status = *one.Status
			}
		}
		return *summary.OverallMigrationStatus
	}).WithTimeout(patience).Should(BeElementOf(manager.MigrationStatus_OVERALL_MIGRATION_STATUS_PAUSED, manager.MigrationStatus_OVERALL_MIGRATION_STATUS_SUCCESS))
	return status
}

// batch lists objects of one type of the migration API.
func batch(kind string, entries ...manager.MPResourceDetails) manager.MPResource {
	return manager.MPResource{Type_: &kind, ResourceIds: entries}
}

// entry names an object that keeps its id, with metadata as keys and values in turn.
func entry(id string, metadata ...string) manager.MPResourceDetails {
	details := manager.MPResourceDetails{ManagerId: &id, PolicyId: &id}
	for i := 0; i < len(metadata); i += 2 {
		details.Metadata = append(details.Metadata, manager.MPResourceMetadata{Key: &metadata[i], Value: &metadata[i+1]})
	}
	return details
}

// smallWorld are the ids of a few objects that belong together.
type smallWorld struct {
	router, aSwitch, gateway, port, routerPort string
	group, section                             string
	monitor, pool, profile, virtualServer      string
	lbService                                  string
}

// batches migrate the small world, in the order that references demand.
func (w smallWorld) batches() []manager.MPResource {
	ports := entry(w.router, w.routerPort, w.aSwitch, "localeServiceId", w.router+"-0")
	ports.PolicyId = nil
	return []manager.MPResource{
		batch("TIER1", entry(w.router)),
		batch("LOGICAL_SWITCH", entry(w.aSwitch)),
		batch("LOGICAL_PORT", entry(w.gateway), entry(w.port)),
		batch("TIER1_LOGICAL_ROUTER_PORT", ports),
		batch("NS_GROUP", entry(w.group)),
		batch("LB_MONITOR", entry(w.monitor)),
		batch("LB_POOL", entry(w.pool)),
		batch("LB_APPLICATION_PROFILE", entry(w.profile)),
		batch("LB_VIRTUAL_SERVER", entry(w.virtualServer)),
		batch("LB_SERVICE", entry(w.lbService)),
		batch("DFW_SECTION", entry(w.section, "category", "Application", "sequence", "1")),
	}
}

// makeSmallWorld makes a network, a firewall section for it and a load balancer, as any client of the Manager API would.
func makeSmallWorld(s *session) (small smallWorld) {
	GinkgoHelper()
	w := world{managerCollections, s}
	make := func(collection string, body any) string {
		GinkgoHelper()
		object, err := invoke(s, managerCollections.find(collection).client, "Create", nil, body)
		s.strictly(object, err)
		return textOf(object, "Id", "id")
	}
	small.router = make("logical routers", routerBody(w))
	small.aSwitch = make("logical switches", switchBody(w))
	port := manager.LogicalPort{AdminState: new(manager.LogicalPort_ADMIN_STATE_UP), LogicalSwitchId: &small.aSwitch, DisplayName: name()}
	small.gateway = make("logical ports", port)
	port.Attachment = &manager.LogicalPortAttachment{Id: new("interface of a VM"), AttachmentType: new(manager.LogicalPortAttachment_ATTACHMENT_TYPE_VIF)}
	small.port = make("logical ports", port)
	small.routerPort = make("logical router ports", value(&manager.LogicalRouterDownLinkPort{
		ResourceType: manager.LogicalRouterDownLinkPort__TYPE_IDENTIFIER, LogicalRouterId: &small.router,
		LinkedLogicalSwitchPortId: reference(&small.gateway, "LogicalPort"),
		Subnets:                   []manager.IPSubnet{{IpAddresses: []string{"198.51.100.1"}, PrefixLength: new(int64(24))}},
	}))
	small.group = make("NS groups", groupBody(w))

	object, err := firewall.NewSectionsClient(s).Create(sectionBody(w).(manager.FirewallSection), nil, nil)
	s.strictly(object, err)
	small.section = *object.Id
	rule, err := sections.NewRulesClient(s).Create(small.section, manager.FirewallRule{
		DisplayName: name(), Action: new(manager.FirewallRule_ACTION_ALLOW), Direction: new(manager.FirewallRule_DIRECTION_IN_OUT),
		Sources: []manager.ResourceReference{*reference(&small.group, "NSGroup")},
	}, nil, nil)
	s.strictly(rule, err)

	small.monitor = make("load balancer monitors", monitorBody(w))
	pool := lbPoolBody(w).(manager.LbPool)
	pool.ActiveMonitorIds = []string{small.monitor} //nolint:staticcheck // deprecated in the SDK, but what clients of NSX 3 and 4 send
	small.pool = make("load balancer pools", pool)
	small.profile = make("load balancer application profiles", applicationProfileBody(w))
	server := manager.LbVirtualServer{
		DisplayName: name(), IpAddress: new("192.0.2.20"), Ports: []string{"443"}, IpProtocol: new(manager.LbVirtualServer_IP_PROTOCOL_TCP),
		ApplicationProfileId: &small.profile, PoolId: &small.pool,
	}
	small.virtualServer = make("load balancer virtual servers", server)
	service, err := loadbalancer.NewServicesClient(s).Create(manager.LbService{
		DisplayName: name(), Size: new(manager.LbService_SIZE_SMALL), VirtualServerIds: []string{small.virtualServer},
		Attachment: reference(&small.router, "LogicalRouter"),
	})
	s.strictly(service, err)
	small.lbService = *service.Id
	return small
}
