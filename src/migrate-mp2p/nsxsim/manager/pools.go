package manager

import (
	"encoding/binary"
	"math/bits"
	"net/netip"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// poolsKinds are IP blocks, subnets and pools.
func poolsKinds() []Kind {
	return []Kind{
		{collection: "pools/ip-blocks", types: []string{"IpBlock"}, complete: completeBlock},
		{
			collection: subnetCollection, types: []string{"IpBlockSubnet"}, parent: true, noPut: true,
			filters: map[string]filter{"block_id": field("block_id")}, complete: completeSubnet,
			removing: removePool,
		},
		{
			collection: poolCollection, types: []string{"IpPool"}, parent: true, complete: completePool,
			show: showPool, force: "force", removing: removePool,
		},
		{collection: "pools/ip-pools/{pool}/allocations", types: []string{""}, readOnly: true},
	}
}

// addressRange goes from one address to another, both included.
type addressRange struct{ from, to netip.Addr }

// rangesIn are the ranges of a decoded allocation_ranges, but for those that are none.
func rangesIn(value any) []addressRange {
	var ranges []addressRange
	for _, limits := range store.ObjectsIn(value) {
		from, badFrom := netip.ParseAddr(store.Text(limits["start"]))
		to, badTo := netip.ParseAddr(store.Text(limits["end"]))
		if badFrom == nil && badTo == nil && !to.Less(from) {
			ranges = append(ranges, addressRange{from, to})
		}
	}
	return ranges
}

// size is the number of addresses, as far as their last eight bytes tell.
func (r addressRange) size() uint64 {
	return lowBits(r.to) - lowBits(r.from) + 1
}

func lowBits(a netip.Addr) uint64 {
	raw := a.As16()
	return binary.BigEndian.Uint64(raw[8:])
}

// completePool checks that the ranges of a pool lie in its networks.
func completePool(w *write) error {
	delete(w.fields, "pool_usage")
	if w.fields["ip_release_delay"] == nil {
		w.fields["ip_release_delay"] = defaultReleaseDelay.Milliseconds()
	}
	for _, subnet := range store.ObjectsIn(w.fields["subnets"]) {
		network, err := netip.ParsePrefix(store.Text(subnet["cidr"]))
		if err != nil {
			return api.InvalidField("cidr", "%q is not a network", store.Text(subnet["cidr"]))
		}
		for _, limits := range store.ObjectsIn(subnet["allocation_ranges"]) {
			list := rangesIn([]any{limits})
			if len(list) == 0 || !network.Contains(list[0].from) || !network.Contains(list[0].to) {
				return api.InvalidField("allocation_ranges", "%s-%s is no range of %s", store.Text(limits["start"]), store.Text(limits["end"]), network)
			}
		}
	}
	return nil
}

// showPool adds pool_usage.
func showPool(s *API, tx *store.Tx, _ *api.Request, o *store.Object, body map[string]any) error {
	p, err := s.openPool(tx, o)
	if err != nil {
		return err
	}
	body["pool_usage"] = p.usage()
	return nil
}

// removePool refuses to remove a pool, or a subnet of a block, while somebody has an address of it.
func removePool(d *removal) error {
	if taken := len(d.tx.Manager().List(d.target.Key + "/allocations")); taken > 0 && !d.force {
		return errInUse(d.target, "%d of its addresses are allocated", taken)
	}
	return nil
}

// completeBlock checks a block's network.
func completeBlock(w *write) error {
	if _, err := netip.ParsePrefix(store.Text(w.fields["cidr"])); err != nil {
		return api.InvalidField("cidr", "%q is not a network", store.Text(w.fields["cidr"]))
	}
	return nil
}

// completeSubnet cuts a subnet out of its block: the one that the body names by start_ip, or the first free one.
func completeSubnet(w *write) error {
	size, ok := store.WholeNumber(w.fields["size"])
	if !ok || size < 1 || size > 1<<31 || bits.OnesCount64(uint64(size)) != 1 {
		return api.InvalidField("size", "%s is not a power of two", store.Text(w.fields["size"]))
	}
	// The references were checked: the block is there. One whose network cannot be read has no free subnet.
	block, _ := w.tx.Manager().Get("pools/ip-blocks/" + store.Text(w.fields["block_id"]))
	whole, _ := netip.ParsePrefix(store.TextAt(block, "cidr"))
	length := whole.Addr().BitLen() - bits.TrailingZeros64(uint64(size))
	taken, err := subnetsOf(w.tx, block.ID)
	if err != nil {
		return err
	}
	network, free := freeSubnet(whole, length, store.Text(w.fields["start_ip"]), taken)
	if !free {
		return api.BadRequest(5110, api.ModuleCommon, "The IP block %s has no free subnet of %d addresses there.", block.ID, size)
	}
	w.fields["cidr"] = network.String()
	w.fields["allocation_ranges"] = []any{map[string]any{"start": network.Addr().String(), "end": last(network).String()}}
	return nil
}

// subnetsOf are the networks that were cut out of a block.
func subnetsOf(tx *store.Tx, block string) ([]netip.Prefix, error) {
	ids, err := idsWith(tx, subnetCollection, "block_id", block)
	if err != nil {
		return nil, err
	}
	var networks []netip.Prefix
	for id := range ids {
		o, _ := tx.Manager().Get(subnetCollection + "/" + id)
		if network, err := netip.ParsePrefix(store.TextAt(o, "cidr")); err == nil {
			networks = append(networks, network)
		}
	}
	return networks, nil
}

// freeSubnet finds a network of a length inside of whole that overlaps none of taken; start, if set, must be its first
// address.
func freeSubnet(whole netip.Prefix, length int, start string, taken []netip.Prefix) (netip.Prefix, bool) {
	at := whole.Masked().Addr()
	if start != "" {
		wanted, err := netip.ParseAddr(start)
		if err != nil {
			return netip.Prefix{}, false
		}
		at = wanted
	}
	for at.IsValid() && whole.Contains(at) {
		candidate := netip.PrefixFrom(at, length)
		behind := netip.Addr{}
		for _, other := range taken {
			if other.Overlaps(candidate) {
				behind = later(last(other), last(candidate))
				break
			}
		}
		if !behind.IsValid() {
			return candidate, candidate.Masked().Addr() == at && whole.Contains(last(candidate))
		}
		if start != "" {
			break
		}
		// Behind the larger of the two, where another one of that length may begin.
		at = behind.Next()
	}
	return netip.Prefix{}, false
}

func later(a, b netip.Addr) netip.Addr {
	if a.Less(b) {
		return b
	}
	return a
}

// last is the last address of a network.
func last(network netip.Prefix) netip.Addr {
	raw := network.Masked().Addr().AsSlice()
	for bit := network.Bits(); bit < len(raw)*8; bit++ {
		raw[bit/8] |= 1 << (7 - bit%8)
	}
	address, _ := netip.AddrFromSlice(raw)
	return address
}
