package record

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// lines reads one event or object a line. Only LF ends a line: U+2028 and CR can stand in one.
func (r *reading) lines(in *bufio.Reader) error {
	for n := 1; ; n++ {
		// A fresh slice each time: the objects keep it.
		line, err := in.ReadBytes('\n')
		if line = bytes.Trim(line, blank); len(line) > 0 {
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
