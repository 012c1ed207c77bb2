package sync_test

import (
	"math"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

func TestParsePosition(t *testing.T) {
	tests := []struct {
		name, in string
		want     sync.Position
		fails    bool
	}{
		{"an id", "1795446740123-7", sync.Position{Millis: 1795446740123, Seq: 7}, false},
		{"the beginning", "0-0", sync.Position{}, false},
		{"without a sequence", "1795446740123", sync.Position{Millis: 1795446740123}, false},
		{"the largest", "18446744073709551615-18446744073709551615", sync.Position{Millis: math.MaxUint64, Seq: math.MaxUint64}, false},
		{"nothing", "", sync.Position{}, true},
		{"a date", "2026-11-23T15:12:00Z", sync.Position{}, true},
		{"a sign", "-1-0", sync.Position{}, true},
		{"no sequence behind the hyphen", "1-", sync.Position{}, true},
		{"two hyphens", "1-2-3", sync.Position{}, true},
		{"too large", "18446744073709551616-0", sync.Position{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := sync.ParsePosition(tt.in)
			if got != tt.want || (err != nil) != tt.fails {
				t.Errorf("ParsePosition(%q): got %v and %v, want %v", tt.in, got, err, tt.want)
			}
		})
	}
}

func FuzzPosition(f *testing.F) {
	f.Add("1795446740123-7", uint64(1), uint64(2))
	f.Add("0-0", uint64(math.MaxUint64), uint64(math.MaxUint64))
	f.Fuzz(func(t *testing.T, s string, millis, seq uint64) {
		p, err := sync.ParsePosition(s)
		if err != nil && p != (sync.Position{}) {
			t.Errorf("%q: got %v beside an error", s, p)
		}
		q := sync.Position{Millis: millis, Seq: seq}
		if back, err := sync.ParsePosition(q.String()); err != nil || back != q {
			t.Errorf("%v: came back as %v and %v", q, back, err)
		}
		if p.Version() < 0 || q.Version() < 0 || p.Compare(q) < 0 && p.Version() > q.Version() || p.Compare(q) > 0 && p.Version() < q.Version() {
			t.Errorf("%v has version %d, %v has %d: want the same order", p, p.Version(), q, q.Version())
		}
	})
}
