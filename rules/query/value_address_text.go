package query

import (
	"net/netip"
	"regexp/syntax"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// addressText is LIKE and MATCHES on addresses, which no query has: the texts
// that are asked for are worked out to blocks of addresses, where they are few
// enough. An address is compared as Elasticsearch and RFC 5952 write it.
func addressText(cmp *pattern.Comparison, op pattern.Op) holds {
	const use = "; compare addresses with =, IN, ISSUBSET or ISSUPERSET"
	if op != pattern.Like && op != pattern.Matches {
		return mismatched("the order of addresses is not that of their texts" + use)
	}
	if reason := textFault(cmp.Value); reason != "" {
		return mismatched("the field holds addresses" + use)
	}
	whole, reason := addressExpression(cmp.Value.Text, op)
	if reason != "" {
		return mismatched(reason)
	}
	l, ok := newTextLanguage(whole)
	if !ok {
		return mismatched("the regular expression is too large to work out addresses" + use)
	}
	blocks4, ok4 := l.blocks4()
	blocks6, ok6 := l.blocks6()
	switch {
	case !ok4 || !ok6:
		return mismatched("the addresses that such a text stands for don't make a few blocks" + use)
	case l.everything:
		return holds{verdict: always}
	case len(blocks4)+len(blocks6) == 0:
		return impossible("no address is written like that")
	}
	return inBlocks(append(blocks4, blocks6...))
}

// addressExpression is the expression that an address must match whole.
func addressExpression(text string, op pattern.Op) (*syntax.Regexp, string) {
	if op == pattern.Like {
		var parts []*syntax.Regexp
		for _, p := range likeGlob(text) {
			switch p.kind {
			case globText:
				parts = append(parts, literalOf(p.text))
			case globOne:
				parts = append(parts, &syntax.Regexp{Op: syntax.OpAnyChar})
			case globRun:
				parts = append(parts, anyRun())
			}
		}
		return concat(parts...), ""
	}
	parsed, err := syntax.Parse(pcre(text), syntax.Perl)
	if err != nil {
		return nil, regexFault(err)
	}
	whole, err := (&rewriter{}).whole(parsed)
	if err != nil {
		return nil, err.Error()
	}
	return whole, ""
}

// maxBlocks is the most blocks that a text is worked out to.
const maxBlocks = 256

// span4 is a run of IPv4 addresses, or of their last bytes.
type span4 struct{ first, last uint64 }

// blocks4 works out the IPv4 addresses, byte by byte.
func (l *textLanguage) blocks4() ([]netip.Prefix, bool) {
	memo := map[string][]span4{}
	spans, ok := l.spans4(l.start, 0, memo)
	if !ok {
		return nil, false
	}
	var out []netip.Prefix
	for _, s := range spans {
		for s.first <= s.last {
			bits := 32
			for size := uint64(2); bits > 0 && s.first%size == 0 && s.first+size-1 <= s.last; size *= 2 {
				bits--
			}
			a := [4]byte{byte(s.first >> 24), byte(s.first >> 16), byte(s.first >> 8), byte(s.first)}
			if out = append(out, netip.PrefixFrom(netip.AddrFrom4(a), bits)); len(out) > maxBlocks {
				return nil, false
			}
			s.first += 1 << (32 - bits)
		}
	}
	return out, true
}

// spans4 works out what may follow from the byte at index k on.
func (l *textLanguage) spans4(state string, k int, memo map[string][]span4) ([]span4, bool) {
	size := uint64(1) << (8 * (4 - k))
	switch {
	case l.dead(state, "0123456789."):
		return nil, true
	case k == 4 && !l.accepts(state):
		return nil, true
	case k == 4 || l.universal(state, "0123456789."):
		return []span4{{0, size - 1}}, true
	}
	key := string(rune(k)) + state
	if spans, ok := memo[key]; ok {
		return spans, true
	}
	var out []span4
	part := size / 256
	for octet := range uint64(256) {
		text := decimal(octet)
		if k < 3 {
			text += "."
		}
		tail, ok := l.spans4(l.step(state, text), k+1, memo)
		if !ok {
			return nil, false
		}
		for _, s := range tail {
			s = span4{octet*part + s.first, octet*part + s.last}
			if n := len(out); n > 0 && out[n-1].last+1 == s.first {
				out[n-1].last = s.last
			} else if out = append(out, s); len(out) > maxBlocks {
				return nil, false
			}
		}
	}
	memo[key] = out
	return out, true
}

const digits6 = "0123456789abcdef:"

// blocks6 works out the IPv6 addresses, group by group: as far as all that
// follows is accepted, or nothing is.
func (l *textLanguage) blocks6() ([]netip.Prefix, bool) {
	if l.universal(l.start, digits6) {
		all4, ok := l.blocks4()
		l.everything = ok && len(all4) == 1 && all4[0].Bits() == 0
		return []netip.Prefix{netip.MustParsePrefix("::/0")}, true
	}
	w := &walk6{language: l}
	return w.out, w.groups(l.start, 0) && w.found()
}

// walk6 walks over the groups of IPv6 addresses.
type walk6 struct {
	language *textLanguage
	address  [16]byte
	out      []netip.Prefix
}

func (w *walk6) found() bool { return len(w.out) <= maxBlocks }

func (w *walk6) add(bits int) bool {
	w.out = append(w.out, netip.PrefixFrom(netip.AddrFrom16(w.address), bits).Masked())
	return w.found()
}

// groups handles the group at index k, behind groups that are not zero.
func (w *walk6) groups(state string, k int) bool {
	if w.language.dead(state, digits6) {
		return true
	}
	if k == 8 {
		return !w.language.accepts(state) || w.add(128)
	}
	if w.language.universal(state, digits6) {
		return w.add(16 * k)
	}
	return w.zero(state, k) && w.group(state, k, 0, 0)
}

// zero handles a group that is zero, which is written 0 or left out in a ::.
// Only where both come to the same is it known what the address is.
func (w *walk6) zero(state string, k int) bool {
	l := w.language
	colon, number := ":", "0:"
	if k == 0 {
		colon = "::"
	}
	if k == 7 {
		number = "0"
	}
	a, b := l.step(state, colon), l.step(state, number)
	if l.dead(a, digits6) && l.dead(b, digits6) {
		return true
	}
	if k == 7 || !l.universal(a, digits6) || !l.universal(b, digits6) {
		return false
	}
	w.address[2*k], w.address[2*k+1] = 0, 0
	ok := w.add(16 * (k + 1))
	return ok
}

// group handles a group that starts with the digits given and is not zero.
func (w *walk6) group(state string, k int, value uint64, length int) bool {
	l := w.language
	if length > 0 {
		w.address[2*k], w.address[2*k+1] = byte(value>>8), byte(value)
		next := state
		if k < 7 {
			next = l.step(state, ":")
		}
		if !w.groups(next, k+1) {
			return false
		}
		w.address[2*k], w.address[2*k+1] = 0, 0
		for i := 2 * k; i < 16; i++ {
			w.address[i] = 0
		}
	}
	if length == 4 || l.dead(state, digits6) {
		return true
	}
	for d := range uint64(16) {
		if d == 0 && length == 0 {
			continue
		}
		next := l.step(state, digits6[d:d+1])
		if !l.dead(next, digits6) && !w.group(next, k, value<<4|d, length+1) {
			return false
		}
	}
	return true
}

func decimal(n uint64) string {
	switch {
	case n < 10:
		return string(rune('0' + n))
	case n < 100:
		return string(rune('0'+n/10)) + string(rune('0'+n%10))
	}
	return string(rune('0'+n/100)) + decimal(n/10%10) + string(rune('0'+n%10))
}
