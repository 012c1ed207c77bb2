package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// document reads JSON values one after the other, whatever their lines:
// collections object by object, anything else as if it were a line.
func (r *reading) document(in io.Reader) error {
	count := &lineCounter{in: in, limit: r.limit}
	d := jsontext.NewDecoder(count, lenient, jsontext.AllowDuplicateNames(true))
	for {
		var err error
		switch d.PeekKind() {
		case '[':
			err = r.elements(d, count)
		case '{':
			err = r.members(d, count)
		default:
			err = r.value(d, count)
		}
		if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok && !errors.Is(err, io.ErrUnexpectedEOF) {
			// Behind a fault nobody can tell where the next object begins.
			return fmt.Errorf("line %d: %w", count.line(syntax.ByteOffset), syntax.Err)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// members reads a JSON object at the top: the elements of its objects if it is
// a collection, and else the object itself.
func (r *reading) members(d *jsontext.Decoder, count *lineCounter) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	line := count.line(d.InputOffset() - 1)
	whole := []byte{'{'}
	collection := false
	for d.PeekKind() != '}' {
		name, err := d.ReadValue()
		if err != nil {
			return err
		}
		if string(name) == `"objects"` && d.PeekKind() == '[' {
			collection = true
			if err := r.elements(d, count); err != nil {
				return err
			}
			continue
		}
		name = bytes.Clone(name)
		value, err := d.ReadValue()
		if err != nil {
			return err
		}
		if string(name) == `"type"` && string(value) == `"bundle"` {
			collection = true
		}
		if collection {
			whole = nil
			count.begin = d.InputOffset()
			continue
		}
		if len(whole) > 1 {
			whole = append(whole, ',')
		}
		whole = append(append(append(whole, name...), ':'), value...)
	}
	if _, err := d.ReadToken(); err != nil || collection {
		return err
	}
	return r.piece(append(whole, '}'), line)
}

func (r *reading) elements(d *jsontext.Decoder, count *lineCounter) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != ']' {
		if err := r.value(d, count); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

func (r *reading) value(d *jsontext.Decoder, count *lineCounter) error {
	v, err := d.ReadValue()
	if err != nil {
		return err
	}
	count.begin = d.InputOffset()
	return r.piece(bytes.Clone(v), count.line(d.InputOffset()-int64(len(v))))
}

// piece hands on one JSON value that stands at a line.
func (r *reading) piece(v []byte, line int) error {
	if r.only != nil && !r.only(look(v).kind) {
		return nil
	}
	for id, changes := range decode(v) {
		if len(changes) == 1 && changes[0].Op == sync.Invalid {
			if s := look(v); s.event != "" || s.op != "" {
				r.read++ // a recording of what could not be read
			}
			if err := r.invalid(id, line, changes[0].Raw, changes[0].Err); err != nil {
				return err
			}
			continue
		}
		if err := r.event(id, changes...); err != nil {
			return err
		}
	}
	return nil
}

// lineCounter knows in which line an offset of what was read lies, for offsets that only grow.
type lineCounter struct {
	in     io.Reader
	read   int64
	breaks []int64 // offsets of line breaks not yet counted
	lines  int

	// begin is where the value that is being read begins; it may have no more than limit bytes.
	begin int64
	limit int
}

func (c *lineCounter) Read(p []byte) (int, error) {
	if c.read-c.begin > int64(c.limit)+sniffBytes {
		return 0, fmt.Errorf("line %d: %w", c.line(c.begin), errTooLarge(c.limit))
	}
	n, err := c.in.Read(p)
	for i := 0; i < n; i++ {
		j := bytes.IndexByte(p[i:n], '\n')
		if j < 0 {
			break
		}
		i += j
		c.breaks = append(c.breaks, c.read+int64(i))
	}
	c.read += int64(n)
	return n, err
}

func (c *lineCounter) line(offset int64) int {
	n := 0
	for n < len(c.breaks) && c.breaks[n] < offset {
		n++
	}
	c.lines += n
	c.breaks = append(c.breaks[:0], c.breaks[n:]...)
	return c.lines + 1
}
