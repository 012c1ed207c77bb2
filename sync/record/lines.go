package record

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// lines reads one event or object a line. Only LF ends a line: U+2028 and CR can stand in one.
func (r *reading) lines(in *bufio.Reader) error {
	for n := 1; ; n++ {
		// A fresh slice each time: the objects keep it.
		line, err := in.ReadBytes('\n')
		if line = bytes.Trim(line, blank); len(line) > 0 {
			if err := r.piece(line, n); err != nil {
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
