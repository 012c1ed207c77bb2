package query

import (
	"net/netip"
	"strings"
)

// Transform is how the values of event fields are written, and so how a
// literal must be written before it is compared with them.
type Transform string

// The transforms.
const (
	AsIs       Transform = ""             // as the literal is
	ToIP       Transform = "ip"           // addresses
	IPOrDomain Transform = "ip-or-domain" // an address goes to the ip fields only, every other text to the others only
	Lower      Transform = "lower"        // lower case
	Upper      Transform = "upper"        // upper case
	MAC        Transform = "mac"          // 00-00-5E-00-53-23
	Serial     Transform = "serial"       // upper case hex without separators
	Registry   Transform = "registry"     // hive's abbreviation, key, and value's name where there is one
)

func (t Transform) known() bool {
	switch t {
	case AsIs, ToIP, IPOrDomain, Lower, Upper, MAC, Serial, Registry:
		return true
	}
	return false
}

// folds tells whether letter case doesn't matter, since all event values have one case.
func (t Transform) folds() bool {
	return t == Lower || t == Upper || t == MAC || t == Serial
}

// apply writes a whole literal as event values are written.
func (t Transform) apply(s string) string {
	switch t {
	case MAC:
		return macText(s)
	case Registry:
		if long, short := hiveOf(s); long > 0 {
			return short + s[long:]
		}
		return s
	case AsIs, ToIP, IPOrDomain, Lower, Upper, Serial:
	}
	return t.part(s)
}

// part writes a part of a literal as event values are written.
func (t Transform) part(s string) string {
	switch t {
	case Lower:
		return strings.ToLower(s)
	case Upper:
		return strings.ToUpper(s)
	case MAC:
		return strings.ReplaceAll(strings.ToUpper(s), ":", "-")
	case Serial:
		return strings.ToUpper(strings.NewReplacer(":", "", "-", "", " ", "").Replace(s))
	case AsIs, ToIP, IPOrDomain, Registry:
	}
	return s
}

// macText writes an address of six bytes, however it is separated, as ECS does.
func macText(s string) string {
	hex := strings.NewReplacer(":", "", "-", "", ".", "").Replace(s)
	if len(hex) != 12 || strings.Trim(hex, "0123456789abcdefABCDEF") != "" {
		return MAC.part(s)
	}
	hex = strings.ToUpper(hex)
	b := make([]byte, 0, 17)
	for i := 0; i < 12; i += 2 {
		if i > 0 {
			b = append(b, '-')
		}
		b = append(b, hex[i], hex[i+1])
	}
	return string(b)
}

// hives is the long names of the registry's hives and their abbreviations.
var hives = [...]struct{ long, short string }{
	{"HKEY_LOCAL_MACHINE", "HKLM"},
	{"HKEY_CURRENT_USER", "HKCU"},
	{"HKEY_CLASSES_ROOT", "HKCR"},
	{"HKEY_USERS", "HKU"},
	{"HKEY_CURRENT_CONFIG", "HKCC"},
}

// hiveOf returns the length of the hive's long name that a key starts with, and its abbreviation.
func hiveOf(key string) (length int, short string) {
	for _, h := range hives {
		n := len(h.long)
		if len(key) >= n && strings.EqualFold(key[:n], h.long) && (len(key) == n || key[n] == '\\') {
			return n, h.short
		}
	}
	return 0, ""
}

// network reads an address or a block; an IPv4 address written as IPv6 is the IPv4 address.
func network(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		if a := p.Addr(); a.Is4In6() {
			if p.Bits() < 96 {
				return p.Masked(), true
			}
			return netip.PrefixFrom(a.Unmap(), p.Bits()-96).Masked(), true
		}
		return p.Masked(), true
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), true
}
