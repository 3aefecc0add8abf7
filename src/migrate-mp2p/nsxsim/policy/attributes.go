package policy

import (
	"fmt"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

const attributesNote = "extended_attributes: allocation_ip of an IpAddressAllocation and cidr of the subnet of a pool, " +
	"once they are realized (nsxlib, terraform-provider-nsxt); IpAddresses of a gateway's interface (terraform-provider-nsxt)"

const chosenNote = api.Assumed + "an intent that names none gets the first address of its pool, or network of its " +
	"block, that is free, even before it is REALIZED; where none is free, the entity has no such attribute; IpAddresses " +
	"have the length of their prefix; why: clients read the attribute as soon as the entity is REALIZED"

// attribute is one of the extended_attributes of a realized entity (NSX Go SDK, AttributeVal).
type attribute struct {
	DataType   string   `json:"data_type"`
	Key        string   `json:"key"`
	Multivalue bool     `json:"multivalue"`
	Values     []string `json:"values"`
}

// attributeReaders read from a realized intent what its entity shows, by the type of the intent: the key, and the values.
var attributeReaders = map[string]struct {
	key  string
	read func(*Addresses, *store.Object) []string
}{
	typeAllocation:              {"allocation_ip", addressed},
	typeBlockSubnet:             {"cidr", addressed},
	"IpAddressPoolStaticSubnet": {"cidr", addressed},
	"Tier0Interface":            {"IpAddresses", interfaceAddresses},
	"Tier1Interface":            {"IpAddresses", interfaceAddresses},
}

func addressed(a *Addresses, o *store.Object) []string {
	if value := a.of(o); value != "" {
		return []string{value}
	}
	return nil
}

func interfaceAddresses(_ *Addresses, o *store.Object) []string {
	body, err := o.Fields()
	if err != nil {
		return nil
	}
	var addresses []string
	for _, subnet := range store.ObjectsIn(body["subnets"]) {
		list, _ := subnet["ip_addresses"].([]any)
		for _, address := range list {
			addresses = append(addresses, fmt.Sprintf("%s/%s", store.Text(address), store.Text(subnet["prefix_len"])))
		}
	}
	return addresses
}

// attributes are the extended_attributes of an intent's entity: none before it is realized.
func (a *Addresses) attributes(intent *store.Object, how api.Realization) []attribute {
	reader, has := attributeReaders[intent.ResourceType]
	if !has || how.Status != "SUCCESS" {
		return []attribute{}
	}
	values := reader.read(a, intent)
	if len(values) == 0 {
		return []attribute{}
	}
	return []attribute{{DataType: "STRING", Key: reader.key, Multivalue: len(values) > 1, Values: values}}
}
