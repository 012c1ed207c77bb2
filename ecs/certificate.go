package ecs

import (
	"strconv"
	"strings"
)

// withoutSeparators takes out what stands between hexadecimal digits.
var withoutSeparators = strings.NewReplacer(":", "", "-", "", ".", "", " ", "")

// serialNumber returns a certificate's serial number as ECS wants it: hexadecimal, upper case,
// no separators; "" if it cannot be one.
func serialNumber(s string) string {
	s = strings.ToLower(withoutSeparators.Replace(s))
	s = strings.TrimPrefix(s, "0x")
	if !isHex(s) || len(s) > 256 {
		return ""
	}
	return strings.ToUpper(s)
}

// attributes is the attributes of distinguished names that ECS has fields for, by the names and
// object identifiers that they are written with, in upper case.
var attributes = map[string]func(*DistinguishedName) *[]string{
	"CN": (*DistinguishedName).commonName, "COMMONNAME": (*DistinguishedName).commonName, "2.5.4.3": (*DistinguishedName).commonName,
	"C": (*DistinguishedName).country, "COUNTRY": (*DistinguishedName).country, "COUNTRYNAME": (*DistinguishedName).country, "2.5.4.6": (*DistinguishedName).country,
	"L": (*DistinguishedName).locality, "LOCALITYNAME": (*DistinguishedName).locality, "2.5.4.7": (*DistinguishedName).locality,
	"ST": (*DistinguishedName).state, "S": (*DistinguishedName).state, "SP": (*DistinguishedName).state, "STATEORPROVINCENAME": (*DistinguishedName).state, "2.5.4.8": (*DistinguishedName).state,
	"O": (*DistinguishedName).organization, "ORGANIZATIONNAME": (*DistinguishedName).organization, "2.5.4.10": (*DistinguishedName).organization,
	"OU": (*DistinguishedName).unit, "ORGANIZATIONALUNITNAME": (*DistinguishedName).unit, "2.5.4.11": (*DistinguishedName).unit,
}

func (d *DistinguishedName) commonName() *[]string   { return &d.CommonName }
func (d *DistinguishedName) country() *[]string      { return &d.Country }
func (d *DistinguishedName) locality() *[]string     { return &d.Locality }
func (d *DistinguishedName) state() *[]string        { return &d.State }
func (d *DistinguishedName) organization() *[]string { return &d.Organization }
func (d *DistinguishedName) unit() *[]string         { return &d.Unit }

// distinguishedName adds a name to a document: the whole, and its attributes, in RFC 4514's or
// OpenSSL's notation: "CN=a, O=b" or "/O=b/CN=a".
func (b *builder) distinguishedName(d *DistinguishedName, s string) {
	s = strings.TrimSpace(s)
	b.add(&d.Name, s)
	for _, part := range splitName(s) {
		key, value, _ := strings.Cut(part, "=")
		key = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(key)), "OID.")
		if list := attributes[key]; list != nil {
			b.add(list(d), strings.Trim(strings.TrimSpace(value), `"`))
		}
	}
}

// splitName cuts a distinguished name at the separators that are neither escaped nor in
// quotes, and have an attribute behind them: in "O=Acme, Inc., C=GB" the first is part of a name.
func splitName(dn string) []string {
	separators := ",;+"
	if strings.HasPrefix(dn, "/") {
		dn, separators = dn[1:], "/"
	}
	var out []string
	var part strings.Builder
	quoted := false
	for i := 0; i < len(dn); i++ {
		switch c := dn[i]; {
		case c == '\\' && i+2 < len(dn) && isHex(strings.ToLower(dn[i+1:i+3])):
			n, _ := strconv.ParseUint(dn[i+1:i+3], 16, 8)
			part.WriteByte(byte(n))
			i += 2
		case c == '\\' && i+1 < len(dn):
			i++
			part.WriteByte(dn[i])
		case c == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(separators, c) >= 0 && beginsAttribute(dn[i+1:]):
			out = append(out, part.String())
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	return append(out, part.String())
}

// beginsAttribute reports whether a text begins with the name of an attribute and its =.
func beginsAttribute(s string) bool {
	s = strings.TrimLeft(s, " ")
	for i := range len(s) {
		switch c := s[i]; {
		case c == '=':
			return i > 0
		case c == ' ' || c == '.' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z':
		default:
			return false
		}
	}
	return false
}

// alternativeNames is the names of a subjectAltName as STIX has it, one text: "DNS:a, DNS:b".
func alternativeNames(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		if kind, name, found := strings.Cut(part, ":"); found && !strings.Contains(kind, ".") && !strings.Contains(name, ":") {
			part = name
		}
		out = append(out, strings.TrimSpace(part))
	}
	return unique(out)
}
