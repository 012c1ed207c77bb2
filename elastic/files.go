package elastic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	stdsync "sync"

	"github.com/opencti-elastic/opencti-elastic/sync"
	"github.com/opencti-elastic/opencti-elastic/sync/atomicfile"
)

// The names of the files that [Files] writes.
const (
	// DocumentsFile is what _bulk takes.
	DocumentsFile = "documents.ndjson"
	// IndexFile is what makes the index: its settings and mapping.
	IndexFile = "index.json"
)

// FilesOptions are the settings of [Files]. Dir and Mapper are needed.
type FilesOptions struct {
	// Dir is the directory to write to; it is made if it is not there.
	Dir string
	// Mapper makes the documents.
	Mapper Mapper
	// Index is the index that the lines name, default [DefaultIndex].
	Index string
	// KeepRevoked is as in [IndexOptions].
	KeepRevoked bool
	// Lookup is as in [IndexOptions].
	Lookup bool
	// DisableSync leaves it to the system when the bytes reach the disk, but for the end.
	DisableSync bool
}

// Files is the [sync.Sink] for networks without a way out: it writes the lines that _bulk takes as they
// are, with the same ids and versions as [Index], so that files can be loaded in
// any order, twice, or beside the live stream. Where the index is not there yet, it has to be made first,
// since _bulk would guess a mapping that no rule can use:
//
//	curl -X PUT -H 'Content-Type: application/json' --data-binary @index.json $ES/logs-ti_custom_opencti.indicator
//	curl -H 'Content-Type: application/x-ndjson' --data-binary @documents.ndjson $ES/_bulk
//
// A file that is there is continued; what a crash left of a line at its end is cut off.
type Files struct {
	o FilesOptions

	mu   stdsync.Mutex
	file *os.File
	size int64
	b    bulk
	err  error // what made the file unusable
}

var _ sync.Sink = (*Files)(nil)

// NewFiles opens the file. The caller must close it.
func NewFiles(o FilesOptions) (*Files, error) {
	if o.Dir == "" || o.Mapper == nil {
		return nil, errors.New("file sink: a directory and a mapper are needed")
	}
	if o.Index == "" {
		o.Index = DefaultIndex
	}
	if err := validateName("index name", o.Index); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("file sink: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(o.Dir, DocumentsFile), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("file sink: %w", err)
	}
	size, err := wholeLines(f)
	if err == nil {
		err = f.Truncate(size)
	}
	if err == nil {
		err = atomicfile.SyncDir(o.Dir)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("file sink: continue %s: %w", f.Name(), err), f.Close())
	}
	if err := writeIndexBody(o); err != nil {
		return nil, errors.Join(fmt.Errorf("file sink: %w", err), f.Close())
	}
	return &Files{o: o, file: f, size: size}, nil
}

// writeIndexBody writes the settings and the mapping of the index, without which the first document
// would make one with a mapping that no rule can use.
func writeIndexBody(o FilesOptions) error {
	x := &Index{o: IndexOptions{Name: o.Index, Lookup: o.Lookup}}
	return atomicfile.Write(filepath.Join(o.Dir, IndexFile), 0o644, func(w io.Writer) error {
		_, err := w.Write(append(x.indexBody(), '\n'))
		return err
	})
}

// Name is "files".
func (s *Files) Name() string { return "files" }

// Write implements [sync.Sink]. Results are given once the lines are in the file, and on the disk unless
// that was switched off.
func (s *Files) Write(ctx context.Context, changes []sync.Change) ([]sync.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("write %s: %w", DocumentsFile, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	results := make([]sync.Result, len(changes))
	s.b.body, s.b.items = s.b.body[:0], s.b.items[:0]
	plan := planner{mapper: s.o.Mapper, keepRevoked: s.o.KeepRevoked}
	for i := range changes {
		p, settled := plan.change(&changes[i])
		if settled {
			results[i] = p.result
			continue
		}
		a := action{verb: "delete", index: s.o.Index, id: p.id, versioned: true, version: p.version}
		var body func([]byte) ([]byte, error)
		if p.doc != nil {
			a.verb, body = "index", p.doc.AppendJSON
		}
		if err := s.b.add(i, a, body); err != nil {
			results[i] = sync.Result{Outcome: sync.Refused, Err: fmt.Errorf("write document: %w", err)}
			continue
		}
		results[i] = sync.Result{Outcome: sync.Done, Err: p.note}
	}
	if err := s.append(s.b.body); err != nil {
		return nil, fmt.Errorf("write %s: %w", s.file.Name(), err)
	}
	if cap(s.b.body) > 2*DefaultMaxBytes {
		s.b.body = nil
	}
	return results, nil
}

// append adds whole lines, or nothing: what a full disk took of them is cut off again.
func (s *Files) append(lines []byte) error {
	if len(lines) == 0 {
		return nil
	}
	n, err := s.file.WriteAt(lines, s.size)
	if err == nil && !s.o.DisableSync {
		err = s.file.Sync()
	}
	if err == nil {
		s.size += int64(n)
		return nil
	}
	if cut := s.file.Truncate(s.size); cut != nil {
		s.err = fmt.Errorf("%s cannot be written any more: %w", s.file.Name(), errors.Join(err, cut))
		return s.err
	}
	return err
}

// Close brings everything to the disk and closes the file.
func (s *Files) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	err := errors.Join(s.file.Sync(), s.file.Close(), atomicfile.SyncDir(s.o.Dir))
	s.file, s.err = nil, errors.New("file sink: closed")
	if err != nil {
		return fmt.Errorf("file sink: close: %w", err)
	}
	return nil
}

// wholeLines is how much of a file is whole actions: its last line must end, and must not be
// an action whose document is missing.
func wholeLines(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	end := info.Size()
	line, start, err := lastLine(f, end)
	if err != nil {
		return 0, err
	}
	if !bytes.HasSuffix(line, []byte{'\n'}) {
		end = start
		if line, start, err = lastLine(f, end); err != nil {
			return 0, err
		}
	}
	if bytes.HasPrefix(line, []byte(`{"index":{`)) {
		end = start
	}
	return end, nil
}

// lastLine reads the line before end, and where it starts. Of a long one only its beginning is given, and its last byte.
func lastLine(f *os.File, end int64) (line []byte, start int64, err error) {
	const block = 64 << 10
	buf := make([]byte, block)
	for start = end; start > 0; {
		from := max(start-block, 0)
		b := buf[:start-from]
		if _, err := f.ReadAt(b, from); err != nil && !errors.Is(err, io.EOF) {
			return nil, 0, err
		}
		if start == end {
			b = b[:len(b)-1] // the line's own end
		}
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			start = from + int64(i) + 1
			break
		}
		start = from
	}
	line = make([]byte, min(end-start, 64))
	if _, err := f.ReadAt(line, start); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	if end-start > int64(len(line)) {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, end-1); err != nil {
			return nil, 0, err
		}
		line = append(line, last...)
	}
	return line, start, nil
}
