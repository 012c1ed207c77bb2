package record

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// Learn has every author and marking definition given to learn before an object that refers
// to it is handed on. A recorded stream has them in that order already. A bundle has no order, nor have objects that
// stand one a line: these are read twice, the first time for learn alone. What can be read only once, such as the
// standard input, is kept in a temporary file meanwhile, which only its owner can read and which is
// removed at the end. It returns the source.
func (s *Source) Learn(learn func(*stix.Object)) *Source {
	s.learn = learn
	return s
}

// learnAhead reads what has no order for the first time. It returns the inputs for the second time, and
// what removes the temporary files.
func (s *Source) learnAhead(ctx context.Context) (inputs []Input, remove func() error, err error) {
	var spools []*spool
	remove = func() error {
		var faults []error
		for _, sp := range spools {
			faults = append(faults, sp.close())
		}
		return errors.Join(faults...)
	}
	for _, in := range s.inputs {
		if in.once {
			var sp *spool
			if in, sp, err = s.learnOnce(ctx, in); sp != nil {
				spools = append(spools, sp)
			}
		} else {
			s.learnFile(ctx, in)
		}
		if err != nil {
			return nil, remove, fmt.Errorf("read %s: %w", in.Name, err)
		}
		inputs = append(inputs, in)
	}
	return inputs, remove, nil
}

// learnFile reads a file that can be read again. Its faults are left for then.
func (s *Source) learnFile(ctx context.Context, in Input) {
	file, err := in.Open()
	if err != nil {
		return
	}
	defer file.Close()
	if content, err := unpack(bufio.NewReaderSize(file, sniffBytes)); err == nil && !isOrdered(content) {
		s.learnContent(ctx, content)
	}
}

// learnOnce reads what can be read only once: a recorded stream goes on from where it was looked
// into, so that it can be live; of anything else a copy is kept.
func (s *Source) learnOnce(ctx context.Context, in Input) (again Input, kept *spool, err error) {
	file, err := in.Open()
	if err != nil {
		return in, nil, err
	}
	raw := bufio.NewReaderSize(file, sniffBytes)
	again = Input{Name: in.Name, Open: func() (io.ReadCloser, error) {
		return struct {
			io.Reader
			io.Closer
		}{raw, file}, nil
	}}
	if isPacked(raw) {
		// Whether it is ordered cannot be seen without taking bytes away, so a copy is kept in any case.
	} else if skipMark(raw); isOrdered(raw) {
		return again, nil, nil
	}
	defer file.Close()
	if kept, err = newSpool(); err != nil {
		return again, nil, err
	}
	again.Open = kept.open
	tee := io.TeeReader(raw, kept)
	if content, err := unpack(bufio.NewReaderSize(tee, sniffBytes)); err == nil {
		s.learnContent(ctx, content)
	}
	_, err = io.Copy(io.Discard, tee) // what a fault has left unread
	return again, kept, errors.Join(kept.err, ctx.Err(), err)
}

// learnContent hands the authors and markings of one content to learn. Its faults come again when it is read for good.
func (s *Source) learnContent(ctx context.Context, content *bufio.Reader) {
	r := &reading{ctx: ctx, start: s.start, limit: MaxObject, only: isReferred, yield: func(c sync.Change, _ error) bool {
		if c.Op == sync.Upsert {
			s.learn(c.Object)
		}
		return true
	}}
	_ = r.content(content)
}

// isReferred reports whether other objects refer by id to one of this type for its name; "bundle" holds some.
func isReferred(stixType string) bool {
	return stixType == "identity" || stixType == "marking-definition" || stixType == "bundle" || stixType == ""
}

// isOrdered reports whether what comes is a recorded stream, which names what it refers to beforehand.
func isOrdered(in *bufio.Reader) bool {
	if isDocument(in) {
		return false
	}
	s := look(bytes.TrimLeft(firstLine(in), blank))
	return s.event != "" || s.op != "" || s.data.Kind() == '{'
}

// spool is a temporary copy of an input. It notes the first fault of writing, and lets the reading go on.
type spool struct {
	file *os.File
	err  error
}

func newSpool() (*spool, error) {
	file, err := os.CreateTemp("", "opencti-elastic-*")
	if err != nil {
		return nil, fmt.Errorf("keep a copy to read it twice (TMPDIR says where): %w", err)
	}
	return &spool{file: file}, nil
}

func (s *spool) Write(p []byte) (int, error) {
	if s.err == nil {
		_, s.err = s.file.Write(p)
	}
	return len(p), nil
}

// open returns the copy from its beginning.
func (s *spool) open() (io.ReadCloser, error) {
	_, err := s.file.Seek(0, io.SeekStart)
	return io.NopCloser(s.file), err
}

func (s *spool) close() error { return errors.Join(s.file.Close(), os.Remove(s.file.Name())) }
