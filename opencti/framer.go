package opencti

import (
	"bufio"
	"bytes"
	"io"
)

// oversized is the name that the framer gives to an event it has shortened. No platform uses it.
const oversized = "opencti-elastic/oversized"

const (
	readBuffer = 64 << 10
	// large is from which size on an event gets a parser of its own, so that the
	// memory it needed is given back.
	large = 1 << 20
)

// framer stands in front of the SSE parser. It follows the events' ends, so that
//   - an event above the limit is cut short and named [oversized] instead of failing the stream;
//   - a read gives all of an event or fills the buffer, which keeps the parser, that begins each
//     event anew with each read, from quadratic work on megabytes;
//   - no read goes beyond a large event's end (see [framer.takeLarge]).
//
// Lines end in LF, CR or CR LF, as the standard says; U+2028 and its like are no ends.
type framer struct {
	r   *bufio.Reader
	max int

	size     int    // bytes of the current event so far
	line     int    // bytes of the current line so far
	cr       bool   // the last byte was a CR, an LF after it belongs to it
	skipping bool   // the rest of the event is thrown away
	pending  []byte // goes out first
	large    bool   // a large event has just ended
	err      error  // what ended the input
}

func newFramer(r io.Reader, limit int) *framer {
	return &framer{r: bufio.NewReaderSize(r, readBuffer), max: limit}
}

// parserLimit is what the parser must be able to hold: an event that was cut short with all that came along.
func (f *framer) parserLimit() int { return f.max + 2*readBuffer }

// takeLarge reports once whether the event just read was a large one; the reader has then not gone beyond it.
func (f *framer) takeLarge() bool {
	was := f.large
	f.large = false
	return was
}

// Read implements io.Reader.
func (f *framer) Read(p []byte) (int, error) {
	n := 0
	f.large = false
	for {
		c := copy(p[n:], f.pending)
		f.pending = f.pending[c:]
		n += c
		if n == len(p) {
			return n, nil
		}
		if f.large {
			return n, nil
		}
		if f.r.Buffered() == 0 {
			if n > 0 && f.size == 0 {
				return n, nil
			}
			if _, err := f.r.Peek(1); err != nil {
				f.err = err
				return n, err
			}
		}
		chunk, _ := f.r.Peek(min(f.r.Buffered(), len(p)-n))
		used, ended := f.follow(chunk)
		if !f.skipping {
			n += copy(p[n:], chunk[:used])
		}
		f.r.Discard(used)
		switch {
		case ended && f.skipping:
			f.skipping = false
			f.pending = []byte("\n")
		case !ended && !f.skipping && f.size > f.max:
			f.skipping = true
			f.pending = []byte("\nevent: " + oversized + "\n")
		}
	}
}

// follow moves over the chunk up to the end of the current event, or all of it.
func (f *framer) follow(chunk []byte) (used int, ended bool) {
	if f.cr || bytes.IndexByte(chunk, '\r') >= 0 {
		return f.followBytes(chunk)
	}
	for used < len(chunk) {
		i := bytes.IndexByte(chunk[used:], '\n')
		if i < 0 {
			f.line += len(chunk) - used
			f.size += len(chunk) - used
			return len(chunk), false
		}
		used += i + 1
		f.line += i
		f.size += i
		if f.endLine() {
			return used, true
		}
	}
	return used, false
}

// followBytes is follow for input with CRs.
func (f *framer) followBytes(chunk []byte) (used int, ended bool) {
	for used < len(chunk) {
		b := chunk[used]
		used++
		afterCR := f.cr
		f.cr = b == '\r'
		switch {
		case b == '\n' && afterCR: // the second half of a CR LF
		case b == '\n' || b == '\r':
			if f.endLine() {
				return used, true
			}
		default:
			f.line++
			f.size++
		}
	}
	return used, false
}

// endLine reports whether the line that has just ended ends an event.
func (f *framer) endLine() bool {
	blank := f.line == 0
	f.line = 0
	if !blank {
		f.size++
		return false
	}
	if f.size == 0 {
		return false
	}
	f.large = f.size > large
	f.size = 0
	return true
}
