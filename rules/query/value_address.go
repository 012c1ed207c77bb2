package query

import (
	"net/netip"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// mappedBlock is where Elasticsearch keeps IPv4 addresses among IPv6 ones, so
// that a block around it would match them.
var mappedBlock = netip.MustParsePrefix("::ffff:0:0/96")

// addressHolds is the meaning of a comparison with a field of addresses.
func addressHolds(cmp *pattern.Comparison, op pattern.Op) holds {
	switch op {
	case pattern.Equal, pattern.In:
		return addressEquals(cmp)
	case pattern.IsSubset, pattern.IsSuperset:
		p, ok := network(cmp.Value.Text)
		if !ok || cmp.Value.Kind != pattern.String {
			return mismatched("the literal is neither an address nor a block of addresses")
		}
		if op == pattern.IsSuperset && !p.IsSingleIP() {
			return impossible("an address in an event is no superset of a block")
		}
		return inBlocks([]netip.Prefix{p})
	case pattern.Like, pattern.Matches, pattern.Less, pattern.LessOrEqual, pattern.Greater, pattern.GreaterOrEqual:
		return addressText(cmp, op)
	case pattern.NotEqual, pattern.Exists:
	}
	return mismatched("unknown operator")
}

// addressEquals is = and IN. A block is matched by its addresses, as authors
// mean it, although strictly no event holds the block's own text; its negation
// says just that, so as not to leave out an event.
func addressEquals(cmp *pattern.Comparison) holds {
	var nets, single []netip.Prefix
	for _, l := range literals(cmp) {
		p, ok := network(l.Text)
		if !ok || l.Kind != pattern.String {
			continue
		}
		nets = append(nets, p)
		if p.IsSingleIP() {
			single = append(single, p)
		}
	}
	if len(nets) == 0 {
		return impossible("the field holds addresses, and the literal is none")
	}
	h := inBlocks(nets)
	if len(single) < len(nets) {
		h.strict = noValue
		if len(single) > 0 {
			h.strict = inBlocks(single).test
		}
	}
	return h
}

// noValue is equality with none of no values: its negation is that any value is there.
var noValue = &test{op: testOneOf}

// inBlocks is the test for an address in one of the blocks.
func inBlocks(nets []netip.Prefix) holds {
	t := &test{op: testOneOf}
	for _, p := range nets {
		if p.IsSingleIP() {
			t.values = append(t.values, textValue(p.Addr().String()))
			continue
		}
		if p.Addr().Is6() && p.Overlaps(mappedBlock) {
			t.blocks = appendAround(t.blocks, p)
			continue
		}
		t.blocks = append(t.blocks, textValue(p.String()))
	}
	return holds{test: t}
}

// appendAround appends the blocks that make up p without the IPv4 addresses:
// on the way from p down to them, each time the half that they are not in.
func appendAround(blocks []value, p netip.Prefix) []value {
	inner := mappedBlock.Addr().As16()
	for n := p.Bits() + 1; n <= mappedBlock.Bits(); n++ {
		half := inner
		half[(n-1)/8] ^= 1 << (7 - (n-1)%8)
		blocks = append(blocks, textValue(netip.PrefixFrom(netip.AddrFrom16(half), n).Masked().String()))
	}
	return blocks
}
