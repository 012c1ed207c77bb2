package pattern

import (
	"math"
	"strconv"
	"strings"
)

// path reads an object path.
func (p *parser) path(path *ObjectPath) bool {
	if p.kind != tokName && p.kind != tokHyphenName {
		return p.unexpected("an object path such as ipv4-addr:value")
	}
	path.Object = p.text[p.start:p.end]
	p.advance()
	if !p.take(tokColon, ": and a property behind the object type") {
		return false
	}
	from := p.nodes.room()
	if !p.property() {
		return false
	}
	for {
		switch p.kind {
		case tokDot:
			p.advance()
			if !p.property() {
				return false
			}
		case tokLeftBracket:
			p.advance()
			if !p.index() {
				return false
			}
		default:
			path.Steps = p.nodes.cut(from)
			return true
		}
	}
}

func (p *parser) property() bool {
	s := Step{Kind: Property}
	switch p.kind {
	case tokName:
		s.Name = p.text[p.start:p.end]
	case tokText:
		s.Name = p.unescaped()
	default:
		return p.unexpected("a property name")
	}
	p.nodes.step(s)
	p.advance()
	return true
}

func (p *parser) index() bool {
	s := Step{Kind: AnyIndex}
	switch p.kind {
	case tokAsterisk:
	case tokInteger:
		s.Kind = Index
		number := plainNumber(p.text[p.start:p.end], false)
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil && number[0] == '-' {
			n = math.MinInt64
		} else if err != nil {
			n = math.MaxInt64
		}
		s.Index = n
	default:
		return p.unexpected("a list index: a whole number or *")
	}
	p.nodes.step(s)
	p.advance()
	return p.take(tokRightBracket, "]")
}

// unescaped is the current text without quotes and escapes.
func (p *parser) unescaped() string {
	s := p.text[p.start+1 : p.end-1]
	if !p.escaped {
		return s
	}
	return unescape(s)
}

// unescape takes the backslashes off what they escape.
func unescape(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '\\')
		switch {
		case i < 0 && b.Len() == 0:
			return s
		case i < 0 || i == len(s)-1:
			b.WriteString(s)
			return b.String()
		case b.Len() == 0:
			b.Grow(len(s) - 1)
		}
		b.WriteString(s[:i])
		b.WriteByte(s[i+1])
		s = s[i+2:]
	}
}

// plainNumber is a number without a plus sign, without needless zeros, and with a
// digit on either side of the point: only the spelling changes, never the value.
func plainNumber(s string, isFloat bool) string {
	sign := ""
	switch s[0] {
	case '+':
		s = s[1:]
	case '-':
		sign, s = s[:1], s[1:]
	}
	if !isFloat {
		if s == "0" {
			return s
		}
		return join(sign, s)
	}
	for len(s) > 1 && s[0] == '0' && s[1] != '.' {
		s = s[1:]
	}
	for s[len(s)-1] == '0' && s[len(s)-2] != '.' {
		s = s[:len(s)-1]
	}
	if s[0] == '.' {
		return sign + "0" + s
	}
	return join(sign, s)
}

func join(sign, digits string) string {
	if sign == "" {
		return digits
	}
	return sign + digits
}
