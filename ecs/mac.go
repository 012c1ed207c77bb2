package ecs

import "strings"

// macText returns a MAC address as ECS writes it (RFC 7042): 00-00-5E-00-53-23; what
// is none is given as it is.
func macText(s string) string {
	digits := strings.ToUpper(withoutSeparators.Replace(s))
	if len(digits) != 12 && len(digits) != 16 || !isHex(strings.ToLower(digits)) {
		return s
	}
	out := make([]byte, 0, 23)
	for i := 0; i < len(digits); i += 2 {
		if i > 0 {
			out = append(out, '-')
		}
		out = append(out, digits[i], digits[i+1])
	}
	return string(out)
}
