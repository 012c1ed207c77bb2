package ecs

import "strings"

// withoutSeparators takes out what stands between hexadecimal digits.
var withoutSeparators = strings.NewReplacer(":", "", "-", "", ".", "", " ", "")

// serialNumber gives a certificate's serial number as ECS wants it: hexadecimal, upper case,
// no separators; "" if it cannot be one.
func serialNumber(s string) string {
	s = strings.ToLower(withoutSeparators.Replace(s))
	s = strings.TrimPrefix(s, "0x")
	if !isHex(s) || len(s) > 256 {
		return ""
	}
	return strings.ToUpper(s)
}

// commonNames is the values of CN of a distinguished name, in RFC 4514's or
// OpenSSL's notation: "CN=a, O=b" or "/O=b/CN=a".
func commonNames(dn string) []string {
	var out []string
	for _, part := range splitName(dn) {
		key, value, found := strings.Cut(part, "=")
		if found && strings.EqualFold(strings.TrimSpace(key), "CN") {
			out = append(out, strings.Trim(strings.TrimSpace(value), `"`))
		}
	}
	return unique(out)
}

// splitName cuts a distinguished name at the separators that are neither escaped nor in quotes.
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
		case c == '\\' && i+1 < len(dn):
			i++
			part.WriteByte(dn[i])
		case c == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(separators, c) >= 0:
			out = append(out, part.String())
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	return append(out, part.String())
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
