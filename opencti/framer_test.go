package opencti

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tmaxmax/go-sse"
)

// pieces yields its bytes in reads of at most size.
type pieces struct {
	data []byte
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.size)], p.data)
	p.data = p.data[n:]
	return n, nil
}

func framed(data []byte, size, limit int) (events []sse.Event, err error) {
	in := &reader{framer: newFramer(&pieces{data, size}, limit)}
	for again := true; again; {
		again = false
		for e, err := range sse.Read(in.framer, &sse.ReadConfig{MaxEventSize: in.framer.parserLimit()}) {
			if err != nil {
				return events, err
			}
			events = append(events, e)
			if again = in.framer.takeLarge(); again {
				break
			}
		}
	}
	return events, nil
}

func TestFramerSkipsWhatIsTooLarge(t *testing.T) {
	big := strings.Repeat("x", 200<<10)
	for _, end := range []string{"\n", "\r\n", "\r"} {
		for _, size := range []int{1, 7, 4096, 1 << 20} {
			t.Run(fmt.Sprintf("%q in pieces of %d", end, size), func(t *testing.T) {
				lines := []string{
					": a comment", "", "id: 1-0", "event: create", "data: small", "", "id: 2-0", "event: create", "data: " + big, "data: more", "",
					"id: 3-0", "event: update", "data: small", "data: second line", "", "", "id: 4-0", "data: never finished",
				}
				got, err := framed([]byte(strings.Join(lines, end)+end), size, 64<<10)
				if err != nil {
					t.Fatal(err)
				}
				for i := range got {
					got[i].Data = got[i].Data[:min(len(got[i].Data), 20)]
				}
				want := []sse.Event{
					{LastEventID: "1-0", Type: "create", Data: "small"},
					{LastEventID: "2-0", Type: oversized, Data: big[:20]},
					{LastEventID: "3-0", Type: "update", Data: "small\nsecond line"},
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// FuzzFramer compares what comes through the framer with what the parser reads alone.
func FuzzFramer(f *testing.F) {
	f.Add([]byte("id: 1-0\nevent: create\ndata: {}\n\n: c\n\ndata: a\u2028b\r\n\r\nid: 2-0\rdata\r\r"), 3)
	f.Add([]byte("\ufeffid: 1-0\n\n\n\n\r\n\rdata: x\n\r\n"), 1)
	f.Add([]byte("event: heartbeat\ndata: \"x\"\n\nid: 5"), 5)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		size = max(1, size&0xfff)
		var want []sse.Event
		for e, err := range sse.Read(bytes.NewReader(data), &sse.ReadConfig{MaxEventSize: 1 << 20}) {
			if err != nil {
				break
			}
			want = append(want, e)
		}
		got, err := framed(data, size, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("events (-parser alone +framed):\n%s", diff)
		}
		small, err := framed(data, size, 16)
		if err != nil || len(small) > bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r")) {
			t.Fatalf("with a small limit: %d events, %v", len(small), err)
		}
	})
}
