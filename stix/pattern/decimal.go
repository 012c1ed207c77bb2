package pattern

import (
	"cmp"
	"strconv"
	"strings"
)

// decimal is a decimal number of any length, exact: 0.digits * 10^exponent. Its
// digits neither begin nor end with a zero; there are none for zero.
type decimal struct {
	negative bool
	digits   string
	exponent int
}

// maxExponent bounds exponents, so that they can't overflow. A number beyond it is
// larger, or nearer to zero, than any that a pattern can hold.
const maxExponent = 1 << 40

// parseDecimal reads a number of JSON or of the pattern language.
func parseDecimal(s string) (decimal, bool) {
	var d decimal
	if s != "" && (s[0] == '-' || s[0] == '+') {
		d.negative = s[0] == '-'
		s = s[1:]
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.ParseInt(s[i+1:], 10, 64)
		if err != nil && e == 0 {
			return decimal{}, false
		}
		d.exponent = int(max(min(e, maxExponent), -maxExponent))
		s = s[:i]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if whole+fraction == "" || strings.Trim(whole, "0123456789") != "" || strings.Trim(fraction, "0123456789") != "" {
		return decimal{}, false
	}
	whole = strings.TrimLeft(whole, "0")
	d.exponent += len(whole)
	digits := whole + fraction
	if whole == "" {
		digits = strings.TrimLeft(fraction, "0")
		d.exponent -= len(fraction) - len(digits)
	}
	d.digits = strings.TrimRight(digits, "0")
	if d.digits == "" {
		return decimal{}, true
	}
	return d, true
}

// compare is -1, 0 or 1 as d is less than, equal to or greater than e.
func (d decimal) compare(e decimal) int {
	if d.negative != e.negative {
		if d.negative {
			return -1
		}
		return 1
	}
	c := d.compareSize(e)
	if d.negative {
		return -c
	}
	return c
}

func (d decimal) compareSize(e decimal) int {
	switch {
	case d.digits == "" || e.digits == "":
		return cmp.Compare(len(d.digits), len(e.digits))
	case d.exponent != e.exponent:
		return cmp.Compare(d.exponent, e.exponent)
	}
	return strings.Compare(d.digits, e.digits)
}
