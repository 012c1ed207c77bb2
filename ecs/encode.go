package ecs

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// AppendJSON appends the document as one line of JSON, without a line feed.
// Fields that say nothing are left out. It fails for no document that [Mapper.Map] made.
func (d *Document) AppendJSON(dst []byte) ([]byte, error) {
	w := writer{buf: dst}
	w.buf = append(w.buf, '{')
	d.fields(&w)
	w.end()
	return w.buf, nil
}

// MarshalJSON implements json.Marshaler, of both the first and the second version.
func (d *Document) MarshalJSON() ([]byte, error) { return d.AppendJSON(make([]byte, 0, 2048)) }

// writer writes fields as JSON. With a schema it notes their names and types
// instead, whatever their values: so that the mapping of the index and the
// documents are told by the same lines of code and cannot differ.
type writer struct {
	buf    []byte
	schema *schema
	marks  [12]int // where the open objects begin, so that an empty one can be taken back
	depth  int
	// last is the last date that was written, and as what: most documents have the same several times.
	last     time.Time
	lastText [len(`"2026-11-23T15:12:20.100Z"`)]byte
}

// open begins an object; close ends it, or takes it back if nothing is in it.
func (w *writer) open(name string) {
	if w.schema != nil {
		w.schema.open(name)
		return
	}
	w.marks[w.depth] = len(w.buf)
	w.depth++
	w.name(name)
	w.buf = append(w.buf, '{')
}

func (w *writer) close() {
	if w.schema != nil {
		w.schema.close()
		return
	}
	w.depth--
	if w.buf[len(w.buf)-1] == '{' {
		w.buf = w.buf[:w.marks[w.depth]]
		return
	}
	w.end()
	w.buf = append(w.buf, ',')
}

func (w *writer) end() {
	if last := len(w.buf) - 1; w.buf[last] == ',' {
		w.buf[last] = '}'
		return
	}
	w.buf = append(w.buf, '}')
}

// name writes a field's name: always one of ours, so nothing in it needs an escape.
func (w *writer) name(name string) {
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '"', ':')
}

func (w *writer) text(name string, t Type, s string) {
	if w.schema != nil {
		w.schema.field(name, t, Single)
		return
	}
	if s == "" {
		return
	}
	w.name(name)
	w.buf = append(appendText(w.buf, s), ',')
}

func (w *writer) texts(name string, t Type, list []string) {
	if w.schema != nil {
		w.schema.field(name, t, List)
		return
	}
	if len(list) == 0 {
		return
	}
	w.name(name)
	w.buf = append(w.buf, '[')
	for _, s := range list {
		w.buf = append(appendText(w.buf, s), ',')
	}
	w.buf[len(w.buf)-1] = ']'
	w.buf = append(w.buf, ',')
}

// some writes one text as it is, several as an array: for what ECS has as a single value.
func (w *writer) some(name string, t Type, list []string) {
	if w.schema != nil {
		w.schema.field(name, t, Some)
		return
	}
	if len(list) == 1 {
		w.text(name, t, list[0])
		return
	}
	w.texts(name, t, list)
}

// longs writes one number as it is, several as an array.
func (w *writer) longs(name string, t Type, list []int64) {
	if w.schema != nil {
		w.schema.field(name, t, Some)
		return
	}
	if len(list) == 0 {
		return
	}
	w.name(name)
	if len(list) == 1 {
		w.buf = append(strconv.AppendInt(w.buf, list[0], 10), ',')
		return
	}
	w.buf = append(w.buf, '[')
	for _, n := range list {
		w.buf = append(strconv.AppendInt(w.buf, n, 10), ',')
	}
	w.buf[len(w.buf)-1] = ']'
	w.buf = append(w.buf, ',')
}

func (w *writer) long(name string, t Type, n Long) {
	if w.schema != nil {
		w.schema.field(name, t, Single)
		return
	}
	if n.Set {
		w.name(name)
		w.buf = append(strconv.AppendInt(w.buf, n.Value, 10), ',')
	}
}

func (w *writer) truth(name string, b Truth) {
	if w.schema != nil {
		w.schema.field(name, Boolean, Single)
		return
	}
	if b.Set {
		w.name(name)
		w.buf = append(strconv.AppendBool(w.buf, b.Value), ',')
	}
}

// flattened writes an object whose members are not known beforehand.
func (w *writer) flattened(name string, members []Property) {
	if w.schema != nil {
		w.schema.field(name, Flattened, Single)
		return
	}
	if len(members) == 0 {
		return
	}
	w.open(name)
	for _, m := range members {
		w.buf = append(appendText(w.buf, m.Name), ':')
		w.buf = append(appendScalar(w.buf, m.Value), ',')
	}
	w.close()
}

func appendScalar(dst []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendText(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float64:
		return strconv.AppendFloat(dst, v, 'g', -1, 64)
	case bool:
		return strconv.AppendBool(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendScalar(dst, e)
		}
		return append(dst, ']')
	}
	return append(dst, "null"...)
}

func (w *writer) date(name string, t time.Time) {
	if w.schema != nil {
		w.schema.field(name, Date, Single)
		return
	}
	if t.IsZero() {
		return
	}
	w.name(name)
	if t != w.last {
		appendDate(w.lastText[:0], t)
		w.last = t
	}
	w.buf = append(append(w.buf, w.lastText[:]...), ',')
}

// appendText appends s as a JSON text. Texts of a decoded object are valid UTF-8;
// what is not (a document made by hand) is replaced.
func appendText(dst []byte, s string) []byte {
	if isPlain(s) {
		dst = append(dst, '"')
		dst = append(dst, s...)
		return append(dst, '"')
	}
	// The error says only that invalid UTF-8 was replaced by U+FFFD.
	dst, _ = jsontext.AppendQuote(dst, s)
	return dst
}

// isPlain reports whether a text stands in JSON as it is: ASCII without control characters, quotes and
// backslashes. It looks at eight bytes at a time.
func isPlain(s string) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for len(s) >= 8 {
		w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		// The high bit of a byte is set where it is 0x80 or more, or where a subtraction has borrowed:
		// below a blank, or nothing left of a quote or a backslash.
		if (w|(w-' '*ones)|((w^'"'*ones)-ones)|((w^'\\'*ones)-ones))&highs != 0 {
			return false
		}
		s = s[8:]
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// appendDate appends t in UTC with milliseconds, "2026-11-23T15:12:20.100Z" with its
// quotes. Years that have no four digits, which no decoded object has, are bounded.
func appendDate(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	year = min(max(year, 1), 9999)
	ms := t.Nanosecond() / int(time.Millisecond)
	return append(dst, '"',
		digit(year/1000), digit(year/100), digit(year/10), digit(year), '-',
		digit(int(month)/10), digit(int(month)), '-', digit(day/10), digit(day), 'T',
		digit(hour/10), digit(hour), ':', digit(minute/10), digit(minute), ':',
		digit(second/10), digit(second), '.', digit(ms/100), digit(ms/10), digit(ms), 'Z', '"')
}

func digit(n int) byte { return byte('0' + n%10) }
