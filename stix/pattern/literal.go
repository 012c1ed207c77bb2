package pattern

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"time"
)

// Int64 is the value of an Integer that fits.
func (l Literal) Int64() (int64, bool) {
	if l.Kind != Integer {
		return 0, false
	}
	n, err := strconv.ParseInt(l.Text, 10, 64)
	return n, err == nil
}

// Float64 is the value of an Integer or a Float, rounded to the nearest float64; a
// number that is too large for one is not there.
func (l Literal) Float64() (float64, bool) {
	if l.Kind != Integer && l.Kind != Float {
		return 0, false
	}
	f, err := strconv.ParseFloat(l.Text, 64)
	return f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
}

// Bool is the value of a Boolean.
func (l Literal) Bool() (value, ok bool) {
	return l.Text == "true", l.Kind == Boolean
}

// Time is the value of a Timestamp, in UTC. Fractions below a nanosecond are cut
// off. The grammar bounds each field by itself: what no calendar has, as the 30th of
// February or second 60, runs over into the next.
func (l Literal) Time() (time.Time, bool) {
	if l.Kind != Timestamp || badTimestamp(l.Text) >= 0 {
		return time.Time{}, false
	}
	return timeOf(l.Text), true
}

// Bytes is the value of a Hex or a Binary.
func (l Literal) Bytes() ([]byte, bool) {
	switch l.Kind {
	case Hex:
		b, err := hex.DecodeString(l.Text)
		return b, err == nil
	case Binary:
		b, err := base64.StdEncoding.DecodeString(l.Text)
		return b, err == nil
	}
	return nil, false
}

// timeOf is the instant that a timestamp of the grammar names.
func timeOf(s string) time.Time {
	number := func(from, to int) int {
		n := 0
		for _, c := range []byte(s[from:to]) {
			n = n*10 + int(c-'0')
		}
		return n
	}
	nanos, unit := 0, int(time.Second)/10
	if s[19] == '.' {
		for i := 20; i < len(s)-1 && unit > 0; i++ {
			nanos += int(s[i]-'0') * unit
			unit /= 10
		}
	}
	return time.Date(number(0, 4), time.Month(number(5, 7)), number(8, 10),
		number(11, 13), number(14, 16), number(17, 19), nanos, time.UTC)
}
