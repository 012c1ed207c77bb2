package query

import "github.com/opencti-elastic/opencti-elastic/stix/pattern"

// addressText is LIKE, MATCHES and the order operators on addresses.
func addressText(*pattern.Comparison, pattern.Op) holds {
	return mismatched("the field holds addresses, not text; compare them with =, IN, ISSUBSET or ISSUPERSET")
}
