package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// lines reads one event or object a line. Only LF ends a line: U+2028 and CR can stand in one.
func (r *reading) lines(in *bufio.Reader) error {
	for n := 1; ; n++ {
		line, whole, err := readLine(in, r.limit)
		if line = bytes.Trim(line, blank); !whole {
			if err := r.invalid(sync.Position{}, n, line[:min(len(line), 1<<10)], errTooLarge(r.limit)); err != nil {
				return err
			}
		} else if len(line) > 0 {
			if err := r.line(line, n); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *reading) line(line []byte, n int) error {
	if wellFormed(line) {
		return r.piece(line, n)
	}
	_, err := stix.DecodeObject(line) // says what is wrong and where
	return r.invalid(sync.Position{}, n, line, err)
}

// MaxObject is how many bytes one line, event or object may have. A longer line is skipped
// and becomes an Invalid change; a longer object inside a bundle ends the file.
const MaxObject = 64 << 20

func errTooLarge(limit int) error {
	return fmt.Errorf("larger than %d bytes, which is more than any object of a platform has", limit)
}

// readLine reads a line with its end into a fresh slice, since objects keep it. Of a line that is longer than
// limit it gives the beginning, and skips the rest.
func readLine(in *bufio.Reader, limit int) (line []byte, whole bool, err error) {
	whole = true
	for {
		part, err := in.ReadSlice('\n')
		if room := limit - len(line); len(part) > room {
			part, whole = part[:max(room, 0)], false
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, whole, err
		}
	}
}
