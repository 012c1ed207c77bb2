package pattern

import (
	"net/netip"
	"strings"
)

// hashLengths is the algorithms of the standard's vocabulary, with the number of
// hexadecimal digits of a hash; 0 where its form is another.
var hashLengths = map[string]int{
	"MD5": 32, "MD6": 0, "RIPEMD-160": 40, "SHA-1": 40, "SHA-224": 56, "SHA-256": 64, "SHA-384": 96, "SHA-512": 128,
	"SHA3-224": 56, "SHA3-256": 64, "SHA3-384": 96, "SHA3-512": 128, "SSDEEP": 0, "TLSH": 0, "WHIRLPOOL": 128,
}

// literal looks at one literal of a comparison.
func (l *linter) literal(c *Comparison, v Literal) {
	if v.Kind == Timestamp {
		l.date(v.Start, v.Text)
	}
	if v.Kind != String {
		return
	}
	switch c.Op {
	case Matches:
		l.regexp(c, v)
		return
	case Like:
		l.like(v)
		return
	case IsSubset, IsSuperset:
		l.network(v)
		return
	case Equal, NotEqual, In:
	default:
		return
	}
	if algorithm, ok := hashAlgorithm(c.Path); ok {
		l.hash(algorithm, v)
	}
	l.address(c.Path, v)
	l.text(c.Path, v)
}

// hashAlgorithm is the name behind hashes.
func hashAlgorithm(p ObjectPath) (string, bool) {
	n := len(p.Steps)
	if n < 2 || p.Steps[n-2].Name != "hashes" || p.Steps[n-1].Kind != Property {
		return "", false
	}
	return p.Steps[n-1].Name, true
}

func (l *linter) hash(algorithm string, v Literal) {
	plain := strings.NewReplacer("-", "", "_", "").Replace
	standard := ""
	for name := range hashLengths {
		if plain(strings.ToUpper(algorithm)) == plain(name) {
			standard = name
		}
	}
	if standard == "" {
		l.warn(v.Start, WarnHash, "the standard knows no hash algorithm %s", quote(algorithm))
		return
	}
	if algorithm != standard && !(standard == "SSDEEP" && algorithm == "ssdeep") {
		l.warn(v.Start, WarnHash, "the standard's name of the algorithm is %s, not %s, and names are case-sensitive", standard, quote(algorithm))
	}
	want := hashLengths[standard]
	if want > 0 && (len(v.Text) != want || badHex(v.Text) >= 0) {
		l.warn(v.Start, WarnHash, "not a hash of %s, which has %d hexadecimal digits: %s", standard, want, quote(v.Text))
	}
}

// network looks at what ISSUBSET and ISSUPERSET compare with.
func (l *linter) network(v Literal) {
	if _, ok := parseNetwork(v.Text); !ok {
		l.warn(v.Start, WarnNetwork, "not an address or a CIDR block: %s", quote(v.Text))
		return
	}
	if p, err := netip.ParsePrefix(v.Text); err == nil && p != p.Masked() {
		l.warn(v.Start, WarnNetwork, "%s has bits behind its prefix: the block is %s", v.Text, p.Masked())
	}
}

// address looks at the value of an address.
func (l *linter) address(p ObjectPath, v Literal) {
	if (p.Object != "ipv4-addr" && p.Object != "ipv6-addr") || len(p.Steps) != 1 || p.Steps[0].Name != "value" {
		return
	}
	n, ok := parseNetwork(strings.TrimSpace(v.Text))
	switch {
	case !ok:
		l.warn(v.Start, WarnNetwork, "not an address: %s", quote(v.Text))
	case n.Addr().Is4() != (p.Object == "ipv4-addr"):
		l.warn(v.Start, WarnNetwork, "%s is not of type %s", quote(v.Text), p.Object)
	case !n.IsSingleIP():
		l.warn(v.Start, WarnNetwork, "= and IN compare with the block's own text: ISSUBSET '%s' matches the addresses in it", n)
	}
}

func (l *linter) like(v Literal) {
	switch {
	case strings.ContainsAny(v.Text, "*?") && !strings.ContainsAny(v.Text, "%_"):
		l.warn(v.Start, WarnWildcard, "the wildcards of LIKE are %% and _, not * and ?: %s", quote(v.Text))
	case !strings.ContainsAny(v.Text, "%_"):
		l.warn(v.Start, WarnWildcard, "LIKE without %% or _ is the same as =: %s", quote(v.Text))
	}
}

// text looks for texts that can't be meant as they stand.
func (l *linter) text(p ObjectPath, v Literal) {
	s := v.Text
	switch {
	case s == "":
		l.warn(v.Start, WarnValue, "the text is empty")
	case strings.TrimSpace(s) != s:
		l.warn(v.Start, WarnValue, "the text has white space at an end, which = compares too: %s", quote(s))
	case strings.HasPrefix(s, "hxxp"), strings.Contains(s, "[.]"), strings.Contains(s, "[dot]"), strings.Contains(s, "[:]"):
		l.warn(v.Start, WarnValue, "the value is defanged, and matches only defanged data: %s", quote(s))
	case strings.ContainsAny(s[:1], "*%") || strings.HasSuffix(s, "*"):
		l.warn(v.Start, WarnWildcard, "= and IN have no wildcards; LIKE has %% and _: %s", quote(s))
	case p.Object == "domain-name" && p.Property() == "value" && strings.ContainsAny(s, "/: "):
		l.warn(v.Start, WarnValue, "not a domain name: %s", quote(s))
	}
}
