package pattern

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// constant is a literal, ready to be compared with.
type constant struct {
	kind  LiteralKind
	text  string
	num   decimal
	time  time.Time
	bytes []byte
}

func newConstant(l Literal) constant {
	c := constant{kind: l.Kind, text: l.Text}
	switch l.Kind {
	case Integer, Float:
		c.num, _ = parseDecimal(l.Text)
	case Timestamp:
		c.time, _ = l.Time()
	case Hex, Binary:
		c.bytes, _ = l.Bytes()
	case String, Boolean:
	}
	return c
}

// compare tells how a value stands to the constant: below (-1), equal (0), above (1).
// It is false if the two can't be compared. Text is compared by code point, without
// normalization; bytes with text by the numbers of its characters; true is above false,
// which no operator of the grammar asks for.
func (c *constant) compare(v any) (int, bool) {
	switch v := v.(type) {
	case string:
		return c.compareText(v)
	case bool:
		if c.kind != Boolean {
			return 0, false
		}
		return strings.Compare(strconv.FormatBool(v), c.text), true
	case []byte:
		return c.compareBytes(v)
	case time.Time:
		return v.Compare(c.time), c.kind == Timestamp
	case nil, map[string]any, []any:
		return 0, false
	}
	if c.kind != Integer && c.kind != Float {
		return 0, false
	}
	d, ok := decimalOf(v)
	return d.compare(c.num), ok
}

func (c *constant) compareText(s string) (int, bool) {
	switch c.kind {
	case String:
		return strings.Compare(s, c.text), true
	case Timestamp:
		t, err := time.Parse(time.RFC3339Nano, s)
		return t.Compare(c.time), err == nil
	case Hex, Binary:
		b, ok := latin1(s)
		return bytes.Compare(b, c.bytes), ok
	case Integer, Float, Boolean:
	}
	return 0, false
}

func (c *constant) compareBytes(v []byte) (int, bool) {
	switch c.kind {
	case Hex, Binary:
		return bytes.Compare(v, c.bytes), true
	case String:
		b, ok := latin1(c.text)
		return bytes.Compare(v, b), ok
	case Integer, Float, Boolean, Timestamp:
	}
	return 0, false
}

// latin1 is the bytes that have the numbers of the text's characters.
func latin1(s string) ([]byte, bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xFF || r == utf8.RuneError {
			return nil, false
		}
		b = append(b, byte(r))
	}
	return b, true
}

// decimalOf is the number that a Go value holds.
func decimalOf(v any) (decimal, bool) {
	switch v := v.(type) {
	case float64:
		return parseDecimal(strconv.FormatFloat(v, 'e', -1, 64))
	case float32:
		return parseDecimal(strconv.FormatFloat(float64(v), 'e', -1, 32))
	case json.Number:
		return parseDecimal(string(v))
	case Number:
		return parseDecimal(string(v))
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return parseDecimal(fmt.Sprint(v))
	}
	return decimal{}, false
}
