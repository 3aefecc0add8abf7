package sdk_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/vmware/vsphere-automation-sdk-go/runtime/data"
	nsxpolicy "github.com/vmware/vsphere-automation-sdk-go/services/nsxt"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/domains"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/realized_state"
	policy "github.com/vmware/vsphere-automation-sdk-go/services/nsxt/model"
)

var _ = Describe("the whole Policy tree", Ordered, func() {
	var s *session
	BeforeAll(func() { s = login(startNSX()) })

	segment := func(id string, deleted bool) *data.StructValue {
		body := segmentBody(world{policyCollections, s}).(policy.Segment)
		body.Id, body.ResourceType, body.ConnectivityPath = &id, new("Segment"), nil
		return value(&policy.ChildSegment{
			ResourceType: policy.ChildSegment__TYPE_IDENTIFIER, Id: &id, Segment: &body, MarkedForDelete: &deleted,
		})
	}

	It("takes several objects at different places in one body", func() {
		group := policyGroupBody(world{}).(policy.Group)
		group.Id, group.ResourceType = new(chosenID), new("Group")
		s.accepted(nsxpolicy.NewInfraClient(s).Patch(policy.Infra{
			ResourceType: new("Infra"), Children: []*data.StructValue{
				segment("one", false), segment("two", false),
				value(&policy.ChildResourceReference{
					ResourceType: policy.ChildResourceReference__TYPE_IDENTIFIER, Id: new("default"), TargetType: new("Domain"),
					Children: []*data.StructValue{value(&policy.ChildGroup{
						ResourceType: "ChildGroup", Id: new(chosenID), Group: &group,
					})},
				}),
			},
		}, nil))
		one, err := infra.NewSegmentsClient(s).Get("one")
		s.strictly(one, err)
		found, err := domains.NewGroupsClient(s).Get("default", chosenID)
		s.strictly(found, err)
	})

	It("takes nothing of a body of which one object is refused", func() {
		err := nsxpolicy.NewInfraClient(s).Patch(policy.Infra{ResourceType: new("Infra"), Children: []*data.StructValue{
			segment("three", false),
			value(&policy.ChildResourceReference{
				ResourceType: policy.ChildResourceReference__TYPE_IDENTIFIER, Id: new("none"), TargetType: new("Tier1"),
				Children: []*data.StructValue{segment("four", false)},
			}),
		}}, nil)
		s.refused(err, http.StatusBadRequest)
		_, err = infra.NewSegmentsClient(s).Get("three")
		s.refused(err, http.StatusNotFound)
	})

	It("gives objects of a type inside their ancestors", func() {
		root, err := nsxpolicy.NewInfraClient(s).Get(nil, nil, new("Segment"))
		s.strictly(root, err)
		Expect(root.Children).NotTo(BeEmpty())
	})

	It("tells whether objects are realized", func() {
		status, err := realized_state.NewStatusClient(s).Get("/infra/segments/one", nil, nil)
		s.strictly(status, err)
		Expect(status.ConsolidatedStatus.ConsolidatedStatus).To(HaveValue(Equal(policy.ConsolidatedStatus_CONSOLIDATED_STATUS_SUCCESS)))
	})

	It("tells what objects are realized as", func() {
		entities, err := realized_state.NewRealizedEntitiesClient(s).List("/infra/segments/one", nil)
		s.strictly(entities, err)
		Expect(entities.Results).NotTo(BeEmpty())
	})

	It("deletes objects that are marked for it", func() {
		s.accepted(nsxpolicy.NewInfraClient(s).Patch(policy.Infra{ResourceType: new("Infra"), Children: []*data.StructValue{segment("two", true)}}, nil))
		_, err := infra.NewSegmentsClient(s).Get("two")
		s.refused(err, http.StatusNotFound)
	})

	It("takes certificates, which come in one form and are read in another", func() {
		text := certificate("stranger")
		made, err := infra.NewCertificatesClient(s).Update(chosenID, policy.TlsTrustData{DisplayName: name(), PemEncoded: &text})
		s.strictly(made, err)
		Expect(made.PemEncoded).To(HaveValue(Equal(text)))
		s.accepted(infra.NewCertificatesClient(s).Delete(chosenID))
	})
})
