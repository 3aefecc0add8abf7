package policy

import (
	"maps"
	"math/bits"
	"net/netip"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// The address of an allocation, and the network of a subnet that is cut out of a block, come from the intent if it names
// them, and else from its realization: they are no part of the intent then, and clients read them from the realized entity
// (nsxlib, terraform-provider-nsxt).

// sectionRealized is where the state holds what realization chose: an address or a network, by the path of its intent.
const sectionRealized = "realized-addresses"

const (
	typeAllocation  = "IpAddressAllocation"
	typeBlockSubnet = "IpAddressPoolBlockSubnet"
)

// Addresses know who has which address and network, within one transaction.
type Addresses struct {
	tx *store.Tx
	// chosen is what sectionRealized holds.
	chosen map[string]string
	// pools are those that were looked at.
	pools map[string]*addressPool
}

// NewAddresses reads what realization chose.
func NewAddresses(tx *store.Tx) (*Addresses, error) {
	a := &Addresses{tx: tx, chosen: map[string]string{}, pools: map[string]*addressPool{}}
	_, err := tx.Section(sectionRealized, &a.chosen)
	return a, err
}

// allocate gives an address or a network to the written intents that have none. What no pool or block has room for stays
// without.
func (s *API) allocate(tx *store.Tx, changes []change) error {
	var subnets, allocations []*store.Object
	for _, c := range changes {
		o, found := intent(tx, c.path)
		switch {
		case c.verb != writeObject || !found:
		case o.ResourceType == typeBlockSubnet:
			subnets = append(subnets, o)
		case o.ResourceType == typeAllocation:
			allocations = append(allocations, o)
		}
	}
	if len(subnets)+len(allocations) == 0 {
		return nil
	}
	a, err := NewAddresses(tx)
	if err != nil {
		return err
	}
	before := maps.Clone(a.chosen)
	a.forget()
	for _, o := range append(subnets, allocations...) { // addresses may come out of the subnets
		a.give(o)
	}
	if maps.Equal(before, a.chosen) {
		return nil
	}
	return tx.SetSection(sectionRealized, a.chosen)
}

// forget drops what was chosen for intents that are gone.
func (a *Addresses) forget() {
	for path := range a.chosen {
		if _, found := a.tx.Policy().Get(path); !found {
			delete(a.chosen, path)
		}
	}
}

// give chooses for one intent, unless it has something already. A new intent does not inherit from one that was deleted.
func (a *Addresses) give(o *store.Object) {
	if o.Revision == 0 {
		delete(a.chosen, o.Key)
	}
	if a.of(o) != "" {
		return
	}
	value := ""
	if o.ResourceType == typeBlockSubnet {
		value = a.freeNetwork(o)
	} else {
		value = a.pool(strings.TrimSuffix(o.Collection(), "/ip-allocations")).first()
	}
	if value != "" {
		a.chosen[o.Key] = value
	}
}

// of is the address of an allocation or the network of a subnet; "" if it has none.
func (a *Addresses) of(o *store.Object) string {
	switch o.ResourceType {
	case typeAllocation:
		if address := store.TextAt(o, "allocation_ip"); address != "" {
			return address
		}
	case typeBlockSubnet:
		if network := a.namedNetwork(o); network != "" {
			return network
		}
	case "IpAddressPoolStaticSubnet":
		return store.TextAt(o, "cidr")
	}
	return a.chosen[o.Key]
}

// namedNetwork is the network of a subnet whose place is known without a choice: by its start_ip, or by the Manager's subnet
// that it was promoted from.
func (a *Addresses) namedNetwork(subnet *store.Object) string {
	if was, promoted := a.tx.Manager().Get("pools/ip-subnets/" + subnet.UniqueID); promoted {
		return store.TextAt(was, "cidr")
	}
	start, err := netip.ParseAddr(store.TextAt(subnet, "start_ip"))
	if err != nil {
		return ""
	}
	if length, ok := prefixLength(subnet, start.BitLen()); ok {
		return netip.PrefixFrom(start, length).String()
	}
	return ""
}

// prefixLength is how long the prefix of a subnet is whose size is a number of addresses.
func prefixLength(subnet *store.Object, bitLen int) (int, bool) {
	body, err := subnet.Fields()
	if err != nil {
		return 0, false
	}
	size, ok := store.WholeNumber(body["size"])
	if !ok || size < 1 || bits.OnesCount64(uint64(size)) != 1 {
		return 0, false
	}
	length := bitLen - bits.TrailingZeros64(uint64(size))
	return length, length >= 0
}

// freeNetwork is the first network of the wanted size that is free in the subnet's block; "" if there is none.
func (a *Addresses) freeNetwork(subnet *store.Object) string {
	path := store.TextAt(subnet, "ip_block_path")
	block, found := a.tx.Policy().Get(path)
	if !found {
		return ""
	}
	whole, err := netip.ParsePrefix(store.TextAt(block, "cidr"))
	if err != nil {
		return ""
	}
	length, ok := prefixLength(subnet, whole.Addr().BitLen())
	if !ok {
		return ""
	}
	if free := firstFree(whole.Masked(), length, a.networksOf(block)); free.IsValid() {
		return free.String()
	}
	return ""
}

// networksOf are the networks that were cut out of a block, those that are not promoted included.
func (a *Addresses) networksOf(block *store.Object) []netip.Prefix {
	var texts []string
	for _, o := range a.tx.Policy().ByType(typeBlockSubnet) {
		if store.QuickText(o, "ip_block_path") == block.Key {
			texts = append(texts, a.of(o))
		}
	}
	for _, o := range a.tx.Manager().List("pools/ip-subnets") {
		if store.QuickText(o, "block_id") == block.UniqueID {
			texts = append(texts, store.QuickText(o, "cidr"))
		}
	}
	var networks []netip.Prefix
	for _, text := range texts {
		if network, err := netip.ParsePrefix(text); err == nil {
			networks = append(networks, network)
		}
	}
	return networks
}

// firstFree is the first network of a length in another one that overlaps with none of those taken.
func firstFree(whole netip.Prefix, length int, taken []netip.Prefix) netip.Prefix {
	at := slices.IndexFunc(taken, whole.Overlaps)
	switch {
	case length < whole.Bits() || (at >= 0 && taken[at].Bits() <= whole.Bits()):
		return netip.Prefix{}
	case at < 0:
		return netip.PrefixFrom(whole.Addr(), length)
	case length == whole.Bits():
		return netip.Prefix{}
	}
	raw := whole.Addr().AsSlice()
	raw[whole.Bits()/8] |= 1 << (7 - whole.Bits()%8)
	middle, _ := netip.AddrFromSlice(raw)
	if free := firstFree(netip.PrefixFrom(whole.Addr(), whole.Bits()+1), length, taken); free.IsValid() {
		return free
	}
	return firstFree(netip.PrefixFrom(middle, whole.Bits()+1), length, taken)
}

// addressPool is the addresses of an IP pool.
type addressPool struct {
	ranges []addressRange
	taken  map[netip.Addr]bool
}

// addressRange goes from one address to another, both included.
type addressRange struct{ from, to netip.Addr }

func (a *Addresses) pool(path string) *addressPool {
	if p, known := a.pools[path]; known {
		return p
	}
	p := &addressPool{taken: map[netip.Addr]bool{}}
	for _, subnet := range a.tx.Policy().List(path + "/ip-subnets") {
		p.add(subnet, a.of(subnet))
	}
	for _, o := range a.tx.Policy().List(path + "/ip-allocations") {
		p.take(a.of(o))
	}
	if o, found := a.tx.Policy().Get(path); found {
		for _, old := range a.tx.Manager().List("pools/ip-pools/" + o.UniqueID + "/allocations") {
			p.take(old.ID)
		}
	}
	a.pools[path] = p
	return p
}

func (p *addressPool) take(address string) {
	if parsed, err := netip.ParseAddr(address); err == nil {
		p.taken[parsed] = true
	}
}

// add adds the addresses of a subnet but for its gateway: a static one names both, and of one that was cut out of a block the
// first address is the gateway's, if it wants one, and neither the network's nor the broadcast's is given out (ASSUMED).
func (p *addressPool) add(subnet *store.Object, cidr string) {
	body, err := subnet.Fields()
	if err != nil {
		return
	}
	if subnet.ResourceType != typeBlockSubnet {
		p.take(store.Text(body["gateway_ip"]))
		for _, limits := range store.ObjectsIn(body["allocation_ranges"]) {
			from, badFrom := netip.ParseAddr(store.Text(limits["start"]))
			to, badTo := netip.ParseAddr(store.Text(limits["end"]))
			if badFrom == nil && badTo == nil {
				p.ranges = append(p.ranges, addressRange{from, to})
			}
		}
		return
	}
	network, err := netip.ParsePrefix(cidr)
	if err != nil {
		return
	}
	first := network.Masked().Addr().Next()
	if store.Text(body["auto_assign_gateway"]) != "false" {
		first = first.Next()
	}
	p.ranges = append(p.ranges, addressRange{first, beforeLast(network)})
}

// beforeLast is the last address of a network that is not the broadcast's.
func beforeLast(network netip.Prefix) netip.Addr {
	raw := network.Masked().Addr().AsSlice()
	for bit := network.Bits(); bit < len(raw)*8; bit++ {
		raw[bit/8] |= 1 << (7 - bit%8)
	}
	address, _ := netip.AddrFromSlice(raw)
	return address.Prev()
}

// first takes the lowest free address; "" if there is none.
func (p *addressPool) first() string {
	for _, r := range p.ranges {
		for at := r.from; at.IsValid() && at.Compare(r.to) <= 0; at = at.Next() {
			if !p.taken[at] {
				p.taken[at] = true
				return at.String()
			}
		}
	}
	return ""
}
