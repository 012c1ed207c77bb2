package query

import (
	"unicode/utf8"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// textHolds is the meaning of a comparison with a field that holds text.
func textHolds(cmp *pattern.Comparison, op pattern.Op, tr Transform) holds {
	switch op {
	case pattern.IsSubset, pattern.IsSuperset:
		return mismatched(addressOnly)
	case pattern.Equal, pattern.In:
		return textEquals(cmp, tr)
	case pattern.Like, pattern.Matches:
		if reason := textFault(cmp.Value); reason != "" {
			return mismatched(reason)
		}
		if op == pattern.Like {
			return likeHolds(cmp.Value.Text, tr)
		}
		return matchesHolds(cmp.Value.Text, tr)
	case pattern.Less, pattern.LessOrEqual, pattern.Greater, pattern.GreaterOrEqual:
		if reason := textFault(cmp.Value); reason != "" {
			return mismatched(reason)
		}
		return textOrder(op, tr.apply(cmp.Value.Text))
	case pattern.NotEqual, pattern.Exists:
	}
	return mismatched("unknown operator")
}

// textFault says why a literal can't be compared with text by order, LIKE or MATCHES.
func textFault(l pattern.Literal) string {
	if l.Kind != pattern.String {
		return "the field holds text; compare it with a literal in quotes"
	}
	return encodingFault(l)
}

// encodingFault says why a text can't stand in a query.
func encodingFault(l pattern.Literal) string {
	if !utf8.ValidString(l.Text) {
		return "the literal is not valid UTF-8, which every query language asks for"
	}
	return ""
}

func textEquals(cmp *pattern.Comparison, tr Transform) holds {
	var values []value
	for _, l := range literals(cmp) {
		if reason := encodingFault(l); reason != "" {
			return mismatched(reason)
		}
		switch l.Kind {
		case pattern.Hex, pattern.Binary:
			return mismatched("the field holds text, which bytes are not")
		case pattern.Timestamp:
			return mismatched("the field holds text, which an instant is not")
		case pattern.String, pattern.Integer, pattern.Float, pattern.Boolean:
		}
		if tr == IPOrDomain {
			if _, ok := network(l.Text); ok {
				continue
			}
		}
		values = append(values, textValue(tr.apply(l.Text)))
	}
	if tr == Registry {
		return registryEquals(values)
	}
	return oneOf(values, "an empty IN holds no value")
}

// textOrder is an order comparison by code point. The empty text is the least
// one, which the languages don't agree on, so that it never becomes a bound.
func textOrder(op pattern.Op, text string) holds {
	if text == "" {
		switch op {
		case pattern.GreaterOrEqual:
			return holds{verdict: always}
		case pattern.Greater:
			return ordered(pattern.GreaterOrEqual, value{text: "\x00"})
		case pattern.LessOrEqual:
			return oneOf([]value{{text: ""}}, "")
		default:
			return impossible("no text is less than the empty one")
		}
	}
	return ordered(op, textValue(text))
}
