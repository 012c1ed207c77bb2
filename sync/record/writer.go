package record

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	stdsync "sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

// Writer writes a recorded stream. It is safe for concurrent use; what was
// written is safe only after Flush or Close.
type Writer struct {
	mu   stdsync.Mutex
	buf  *bufio.Writer
	zip  *gzip.Writer
	file *os.File // nil: not ours to sync and close
	line []byte
}

// Create makes a recording at path, readable by its owner only; a name that
// ends in .gz is compressed, "-" is the standard output. A plain recording that is
// there is continued; a compressed one is not touched, since it could not be
// read beyond the place where a crash may have cut it.
func Create(path string) (*Writer, error) {
	if path == "-" {
		return NewWriter(os.Stdout), nil
	}
	zipped := strings.HasSuffix(path, ".gz")
	flags := os.O_RDWR | os.O_CREATE | os.O_APPEND
	if zipped {
		flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	}
	file, err := os.OpenFile(path, flags, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%w: a compressed recording cannot be continued, name a new file", err)
	}
	if err != nil {
		return nil, err
	}
	if err := endLine(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	w := &Writer{file: file}
	if zipped {
		w.zip = gzip.NewWriter(file)
		w.buf = bufio.NewWriterSize(w.zip, 64<<10)
	} else {
		w.buf = bufio.NewWriterSize(file, 64<<10)
	}
	return w, nil
}

// endLine ends a last line that a crash has cut.
func endLine(file *os.File) error {
	info, err := file.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	var last [1]byte
	if _, err := file.ReadAt(last[:], info.Size()-1); err != nil || last[0] == '\n' {
		return err
	}
	_, err = file.Write([]byte{'\n'})
	return err
}

// NewWriter makes a writer of a plain recording.
func NewWriter(w io.Writer) *Writer { return &Writer{buf: bufio.NewWriterSize(w, 64<<10)} }

// Event writes one event as it came: its id (can be empty), its name and its data.
// Data that is no JSON is kept as a text.
func (w *Writer) Event(id, event string, data []byte) error { return w.event(id, event, 0, data) }

// event writes an event with a version of its own, or 0 if it has that of its id.
func (w *Writer) event(id, event string, version int64, data []byte) error {
	value := jsontext.Value(bytes.Trim(data, blank))
	if !value.IsValid(lenient) {
		quoted, err := jsontext.AppendQuote(nil, data)
		if err != nil && quoted == nil {
			return fmt.Errorf("record event %s: %w", id, err)
		}
		value = quoted
	} else if bytes.ContainsAny(value, "\r\n") {
		value = bytes.Clone(value)
		if err := value.Compact(lenient); err != nil {
			return fmt.Errorf("record event %s: %w", id, err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.line = append(w.line[:0], '{')
	if id != "" {
		w.line = append(quote(append(w.line, `"id":`...), id), ',')
	}
	w.line = quote(append(w.line, `"event":`...), event)
	if version != 0 {
		w.line = strconv.AppendInt(append(w.line, `,"change_version":`...), version, 10)
	}
	w.line = append(append(append(w.line, `,"data":`...), value...), '}', '\n')
	_, err := w.buf.Write(w.line)
	if cap(w.line) > 1<<20 {
		w.line = nil
	}
	return err
}

// quote appends a JSON text; what is not UTF-8 becomes U+FFFD.
func quote(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, strings.ToValidUTF8(s, "\uFFFD"))
	return b
}

// Change writes an event that means the change. A version that is not that of the
// position (recovered objects) is kept as change_version. Progress is left out; of an
// Invalid change its raw data is kept, under the name "invalid".
func (w *Writer) Change(c sync.Change) error {
	id := ""
	if !c.Position.IsZero() {
		id = c.Position.String()
	}
	version := c.Version
	if version == c.Position.Version() {
		version = 0
	}
	switch c.Op {
	case sync.Upsert:
		return w.event(id, upsertEvent(c.Reason), version, envelope4(c, upsertEvent(c.Reason)))
	case sync.Delete:
		kind := sync.KindDelete
		if c.Reason == sync.ReasonLeft {
			kind = sync.KindUpdate
		}
		return w.event(id, sync.KindDelete, version, envelope4(c, kind))
	case sync.Invalid:
		return w.Event(id, kindInvalid, c.Raw)
	}
	return nil
}

// Flush brings everything written so far to the file, and the file to the disk.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.flush()
}

func (w *Writer) flush() error {
	err := w.buf.Flush()
	if w.zip != nil {
		err = errors.Join(err, w.zip.Flush())
	}
	if w.file != nil {
		err = errors.Join(err, w.file.Sync())
	}
	return err
}

// Close flushes and closes the file that [Create] has opened.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.buf.Flush()
	if w.zip != nil {
		err = errors.Join(err, w.zip.Close())
	}
	if w.file != nil {
		err = errors.Join(err, w.file.Sync(), w.file.Close())
	}
	return err
}
