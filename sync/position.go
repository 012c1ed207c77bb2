package sync

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Position is a place in the stream, OpenCTI's (redis') event id
// "<milliseconds>-<sequence>". Positions are compared as two numbers, never as
// text. The zero Position is the beginning, "0-0".
type Position struct {
	Millis, Seq uint64
}

// ParsePosition reads "<milliseconds>-<sequence>"; the sequence may be left out.
func ParsePosition(s string) (Position, error) {
	ms, seq, found := strings.Cut(s, "-")
	var p Position
	var err error
	if p.Millis, err = strconv.ParseUint(ms, 10, 64); err == nil && found {
		p.Seq, err = strconv.ParseUint(seq, 10, 64)
	}
	if err != nil {
		return Position{}, fmt.Errorf("stream position %q: want <milliseconds>-<sequence>", clipText(s))
	}
	return p, nil
}

func clipText(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}

// String returns "<milliseconds>-<sequence>".
func (p Position) String() string {
	return strconv.FormatUint(p.Millis, 10) + "-" + strconv.FormatUint(p.Seq, 10)
}

// Compare is -1, 0 or +1 as p is before, at or after q.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Millis, q.Millis), cmp.Compare(p.Seq, q.Seq))
}

// IsZero reports whether p is the beginning.
func (p Position) IsZero() bool { return p == Position{} }

const seqBits = 20

// Version is the position as one number that grows with it, for writes that
// carry it as their external version: milliseconds × 2^20 + sequence. A sequence
// beyond 2^20-1 counts as that; milliseconds beyond 2^43-1 (the year 2248) as those.
func (p Position) Version() int64 {
	return int64(min(p.Millis, 1<<43-1)<<seqBits | min(p.Seq, 1<<seqBits-1))
}
