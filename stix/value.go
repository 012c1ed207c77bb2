package stix

import (
	"bytes"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Value is one JSON value of an object, as it came. Its accessors are lenient:
// they take what can be read without guessing and say false for the rest, so
// that one odd property never costs the object.
type Value []byte

// Kind returns what the value is: 'n' null, 'f' false, 't' true, '"' text,
// '0' number, '{' object, '[' array, 0 absent.
func (v Value) Kind() byte {
	if len(v) == 0 {
		return 0
	}
	switch c := v[0]; {
	case c == '-' || c >= '0' && c <= '9':
		return '0'
	default:
		return c
	}
}

// Text is the value of a JSON text. Lone surrogates become U+FFFD.
func (v Value) Text() (string, bool) {
	if v.Kind() != '"' {
		return "", false
	}
	if s := frequent(v); s != "" {
		return s, true
	}
	return unquote(v), true
}

// frequent returns, without a copy, the texts that are in most objects; "" for any other.
func frequent(v Value) string {
	switch string(v) {
	case `"stix"`:
		return "stix"
	case `"2.1"`:
		return "2.1"
	case `"en"`:
		return "en"
	case `"malicious-activity"`:
		return "malicious-activity"
	case `"mitre-attack"`:
		return "mitre-attack"
	case `"IPv4-Addr"`:
		return "IPv4-Addr"
	case `"Domain-Name"`:
		return "Domain-Name"
	case `"Url"`:
		return "Url"
	case `"StixFile"`:
		return "StixFile"
	case `"Indicator"`:
		return "Indicator"
	case `"indicator"`:
		return "indicator"
	}
	return ""
}

// Int is the value as an integer: a JSON number without a fraction, or a text
// that holds nothing but one.
func (v Value) Int() (int64, bool) {
	s := v.number()
	if s == "" {
		return 0, false // spares two errors for what most objects lack
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || f < -1<<53 || f > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// Float is the value as a number: a JSON number, or a text that holds nothing but one.
func (v Value) Float() (float64, bool) {
	s := v.number()
	if s == "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

func (v Value) number() string {
	switch v.Kind() {
	case '0':
		return string(v)
	case '"':
		return strings.TrimSpace(unquote(v))
	}
	return ""
}

// Bool is the value as a truth value: a JSON boolean, or the text "true" or "false" in any case.
func (v Value) Bool() (value, ok bool) {
	switch v.Kind() {
	case 't':
		return true, true
	case 'f':
		return false, true
	case '"':
		switch s := unquote(v); {
		case strings.EqualFold(s, "true"):
			return true, true
		case strings.EqualFold(s, "false"):
			return false, true
		}
	}
	return false, false
}

// Time is the value of a text that is a date by RFC 3339; a date without a zone is UTC.
// Dates at OpenCTI's extremes (1970-01-01, 5138-11-16), which stand for "none", are false.
func (v Value) Time() (time.Time, bool) {
	if v.Kind() != '"' || len(v) < 2 {
		return time.Time{}, false
	}
	var t time.Time
	if t.UnmarshalText(v[1:len(v)-1]) == nil { // the usual form, read without a copy
		return meaningful(t)
	}
	return parseTime(unquote(v))
}

func parseTime(s string) (time.Time, bool) {
	t, ok := readTime(s)
	if !ok {
		return time.Time{}, false
	}
	return meaningful(t)
}

func readTime(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		for _, layout := range [...]string{"2006-01-02T15:04:05.999999999", time.DateOnly} {
			if t, err = time.Parse(layout, s); err == nil {
				break
			}
		}
		if err != nil {
			return time.Time{}, false
		}
	}
	return t, true
}

// meaningful returns a date in UTC; false for the platform's "none" and for years that JSON dates cannot have.
func meaningful(t time.Time) (time.Time, bool) {
	t = t.UTC()
	if y := t.Year(); y < 1 || y > 9999 || standsForNone(t) {
		return time.Time{}, false
	}
	return t, true
}

// standsForNone reports whether t is one of the platform's extremes: the day of 1970-01-01 or of 5138-11-16.
func standsForNone(t time.Time) bool {
	return t.Year() == 1970 && t.YearDay() == 1 || t.Year() == 5138 && t.YearDay() == 320
}

// NoDate reports whether the value is one of the dates by which the platform says that there is none.
func (v Value) NoDate() bool {
	s, ok := v.Text()
	if !ok {
		return false
	}
	t, ok := readTime(s)
	return ok && standsForNone(t.UTC())
}

// Texts is the texts of an array; a lone text counts as an array of one, what is no text is left out.
func (v Value) Texts() []string {
	if s, ok := v.Text(); ok {
		return []string{s}
	}
	var out []string
	for e := range v.Elements() {
		if s, ok := e.Text(); ok {
			if out == nil {
				out = make([]string, 0, 4) // most lists are short
			}
			out = append(out, s)
		}
	}
	return out
}

// Elements yields the elements of an array; none for anything else.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != '[' {
			return
		}
		for i := skipSpace(v, 1); i < len(v) && v[i] != ']'; {
			end := skipValue(v, i)
			if !yield(v[i:end:end]) {
				return
			}
			i = skipComma(v, end)
		}
	}
}

// Members yields the members of an object in their order; none for anything else.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for name, e := range v.rawMembers() {
			if !yield(intern(name), e) {
				return
			}
		}
	}
}

// rawMembers is Members with the names as they are written, in quotes.
func (v Value) rawMembers() iter.Seq2[Value, Value] {
	return func(yield func(Value, Value) bool) {
		if v.Kind() != '{' {
			return
		}
		for i := skipSpace(v, 1); i < len(v) && v[i] != '}'; {
			colon := skipValue(v, i)
			name := v[i:colon]
			i = skipSpace(v, skipSpace(v, colon)+1)
			end := skipValue(v, i)
			if !yield(name, v[i:end:end]) {
				return
			}
			i = skipComma(v, end)
		}
	}
}

// Member is the member of that name; absent (nil) if there is none.
func (v Value) Member(name string) Value {
	for n, e := range v.rawMembers() {
		if len(n) == len(name)+2 && string(n[1:len(n)-1]) == name || bytes.IndexByte(n, '\\') >= 0 && unquote(n) == name {
			return e
		}
	}
	return nil
}

// Empty reports whether the value says nothing: absent, null, "", [] or {}.
func (v Value) Empty() bool {
	switch v.Kind() {
	case 0, 'n':
		return true
	case '"':
		return len(v) <= 2
	case '[', '{':
		return len(v) < 2 || len(bytes.TrimSpace(v[1:len(v)-1])) == 0
	}
	return false
}

func unquote(v []byte) string {
	if len(v) >= 2 && bytes.IndexByte(v, '\\') < 0 && utf8.Valid(v) {
		return string(v[1 : len(v)-1])
	}
	b, _ := jsontext.AppendUnquote(nil, v)
	return string(b)
}
