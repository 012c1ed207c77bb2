package pattern

import (
	"encoding/json"
	"slices"
)

// Summary is a comparison in the plain form that lists and reports show.
type Summary struct {
	// Object is the object type: "file".
	Object string `json:"object"`
	// Path is the path as the grammar writes it, without the object type: "hashes.'SHA-256'".
	Path string `json:"path"`
	// Op is the operator in its plain spelling: "=", "!=", "IN", "EXISTS".
	Op string `json:"op"`
	// Negated is the NOT.
	Negated bool `json:"negated"`
	// Value is the literal: a string, a bool or a [Number]; for IN a []any of these,
	// for EXISTS nil. Of a timestamp, hex or binary literal it is the string between
	// the quotes.
	Value any `json:"value,omitzero"`
}

// Number is a number of a pattern in its plain decimal spelling. In JSON it is a
// number, of any length and never rounded.
type Number string

// MarshalJSON writes the number.
func (n Number) MarshalJSON() ([]byte, error) { return json.Marshal(json.Number(n)) }

// Summaries lists the comparisons of the pattern in the order of the text.
func Summaries(p *Pattern) []Summary {
	return slices.AppendSeq([]Summary{}, func(yield func(Summary) bool) {
		for c := range p.Comparisons() {
			s := Summary{Object: c.Path.Object, Path: c.Path.Property(), Op: c.Op.String(), Negated: c.Negated}
			switch c.Op {
			case Exists:
			case In:
				set := make([]any, len(c.Set))
				for i, l := range c.Set {
					set[i] = l.plain()
				}
				s.Value = set
			default:
				s.Value = c.Value.plain()
			}
			if !yield(s) {
				return
			}
		}
	})
}

func (l Literal) plain() any {
	switch l.Kind {
	case Integer, Float:
		return Number(l.Text)
	case Boolean:
		return l.Text == "true"
	}
	return l.Text
}
