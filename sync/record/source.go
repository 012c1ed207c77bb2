package record

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"time"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// Source reads recordings as a [sync.Source]. Make one with [Open] or [NewSource].
type Source struct {
	inputs []Input
	start  sync.Position
	learn  func(*stix.Object)
}

var _ sync.Source = (*Source)(nil)

// Input is one thing to read.
type Input struct {
	// Name stands in errors: the path of a file.
	Name string
	// Open returns the content from its beginning, each time it is called.
	Open func() (io.ReadCloser, error)

	once bool // it can be opened only once
}

// Open makes a source of files, read in the order given; "-" is the standard
// input. All of them must be there.
func Open(paths ...string) (*Source, error) {
	if len(paths) == 0 {
		return nil, errors.New("no recording: name a file, or - for the standard input")
	}
	inputs := make([]Input, len(paths))
	var faults []error
	for i, path := range paths {
		if path == "-" {
			inputs[i] = Reader("standard input", os.Stdin)
			continue
		}
		inputs[i] = Input{Name: path, Open: func() (io.ReadCloser, error) { return openFile(path) }}
		info, err := os.Stat(path)
		if err == nil && info.IsDir() {
			err = fmt.Errorf("%s is a directory: name the files in it", path)
		}
		inputs[i].once = err == nil && !info.Mode().IsRegular()
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return NewSource(inputs...), nil
}

// openFile opens a file as long as it is now: what is refused while dead letters are
// read again may be added to the very same file, and is not to be read without end.
func openFile(path string) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if !info.Mode().IsRegular() {
		return file, nil
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(file, info.Size()), file}, nil
}

// Reader is an input that can be read once.
func Reader(name string, r io.Reader) Input {
	used := false
	return Input{Name: name, once: true, Open: func() (io.ReadCloser, error) {
		if used {
			return nil, errors.New("it was read already and cannot be read again")
		}
		used = true
		return io.NopCloser(r), nil
	}}
}

// NewSource makes a source of inputs, read in the order given.
func NewSource(inputs ...Input) *Source {
	return &Source{inputs: inputs, start: sync.Position{Millis: uint64(max(0, time.Now().UnixMilli()))}}
}

// StartAt sets the place behind which events without an id come, in place of the
// present time. It gives back the source.
func (s *Source) StartAt(p sync.Position) *Source {
	s.start = p
	return s
}

// Changes implements [sync.Source]. It ends after the last input.
func (s *Source) Changes(ctx context.Context, from *sync.Checkpoint) iter.Seq2[sync.Change, error] {
	return func(yield func(sync.Change, error) bool) {
		inputs := s.inputs
		if s.learn != nil {
			ahead, remove, err := s.learnAhead(ctx)
			defer remove() // a temporary file that stays is no fault of the reading
			if err != nil {
				if ctx.Err() == nil {
					yield(sync.Change{}, err)
				}
				return
			}
			inputs = ahead
			all := yield
			yield = func(c sync.Change, err error) bool {
				if c.Op == sync.Upsert {
					s.learn(c.Object)
				}
				return all(c, err)
			}
		}
		r := &reading{ctx: ctx, yield: yield, from: from, start: s.start, limit: MaxObject}
		var faults []error
		for _, in := range inputs {
			err := r.input(in)
			if errors.Is(err, errStop) || ctx.Err() != nil {
				return
			}
			if err != nil {
				faults = append(faults, fmt.Errorf("read %s: %w", in.Name, err))
			}
		}
		if err := errors.Join(faults...); err != nil {
			yield(sync.Change{}, err)
			return
		}
		if end := r.clock.mark; !end.IsZero() && (from == nil || end.Compare(from.Position) > 0) {
			yield(sync.Change{Op: sync.Progress, Position: end, Commit: sync.Checkpoint{Position: end}}, nil)
		}
	}
}

// errStop: the consumer or the context wants no more.
var errStop = errors.New("stop")

// reading is one pass over the inputs.
type reading struct {
	ctx   context.Context
	yield func(sync.Change, error) bool
	from  *sync.Checkpoint
	start sync.Position
	clock clock
	name  string // of the input
	limit int    // of one object, in bytes
	// read and unreadable count the events of the input.
	read, unreadable int
	only             func(stixType string) bool // what is read of the objects; nil for all
}

func (r *reading) input(in Input) (err error) {
	file, err := in.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	r.name = in.Name
	content, err := unpack(bufio.NewReaderSize(file, sniffBytes))
	if err != nil {
		return err
	}
	return r.content(content)
}

// content reads a file's content, whichever form it has.
func (r *reading) content(in *bufio.Reader) error {
	r.read, r.unreadable = 0, 0
	document := isDocument(in)
	head, _ := in.Peek(min(in.Buffered(), looksBytes))
	looks := looksLike(head)
	var err error
	if document {
		err = r.document(in)
	} else {
		err = r.lines(in)
	}
	if errors.Is(err, errStop) || r.read > 0 || err == nil && r.unreadable == 0 {
		return err
	}
	return errors.Join(fmt.Errorf("nothing of it could be read: it looks like %s", looks), err)
}

// unpack returns the content of what may be compressed, without a byte order mark.
func unpack(in *bufio.Reader) (*bufio.Reader, error) {
	if isPacked(in) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		in = bufio.NewReaderSize(z, sniffBytes)
	}
	skipMark(in)
	return in, nil
}

func isPacked(in *bufio.Reader) bool {
	magic, _ := in.Peek(2)
	return string(magic) == "\x1f\x8b"
}

func skipMark(in *bufio.Reader) {
	if bom, _ := in.Peek(3); string(bom) == "\uFEFF" {
		_, _ = in.Discard(3) // they are in the buffer
	}
}

// event hands on the changes of one event. A zero id means that it has none.
func (r *reading) event(id sync.Position, changes ...sync.Change) error {
	if len(changes) == 0 {
		r.read++
		return nil
	}
	if changes[0].Op == sync.Invalid {
		r.unreadable++
	} else {
		r.read++
	}
	if id.IsZero() && r.clock.mark.IsZero() && changes[0].Op != sync.Invalid {
		r.clock.mark = r.start
	}
	r.clock.place(id, changes)
	if r.from != nil && r.clock.mark.Compare(r.from.Position) <= 0 {
		return nil
	}
	for _, c := range changes {
		if r.ctx.Err() != nil || !r.yield(c, nil) {
			return errStop
		}
	}
	return nil
}

// invalid hands on what cannot be read.
func (r *reading) invalid(id sync.Position, line int, raw []byte, err error) error {
	err = fmt.Errorf("%s:%d: %w", r.name, line, err)
	return r.event(id, sync.Change{Op: sync.Invalid, Err: err, Raw: stix.MaskUndecoded(raw), Size: len(raw)})
}
