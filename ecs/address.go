package ecs

import (
	"net/netip"
	"strings"
)

// parseAddress reads an address or a block of addresses. Exactly one of the two
// results is set, in canonical form: a block as long as the address is that
// address. Both are empty for anything else: Elasticsearch refuses a whole document for a
// single bad value in a field of type ip or ip_range.
func parseAddress(s string) (address, block string) {
	s = refang(s)
	if strings.IndexByte(s, '/') < 0 {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return "", ""
		}
		return addressText(a, s), ""
	}
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return "", ""
	case p.IsSingleIP():
		return p.Addr().String(), ""
	case p.Addr().Is4In6():
		// An IPv4-mapped block is one of IPv4 for Elasticsearch.
		if p.Bits() < 96 {
			return "", ""
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return "", p.Masked().String()
}

// addressText is a's canonical text: s itself where it is that, as for nearly every IPv4 address.
func addressText(a netip.Addr, s string) string {
	if a.Is4() {
		return s
	}
	return a.String()
}

// isAddress reports whether s is an address, without a block and brackets.
func isAddress(s string) bool {
	// Most names are told from addresses by their end: the last part of one is not a number.
	if n := len(s); n == 0 || s[n-1] > '9' && strings.IndexByte(s, ':') < 0 {
		return false
	}
	_, err := netip.ParseAddr(s)
	return err == nil
}
