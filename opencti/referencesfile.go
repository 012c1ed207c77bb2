package opencti

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/go-json-experiment/json"

	"github.com/opencti-elastic/opencti-elastic/sync/atomicfile"
)

// referenceLine bounds a line of a file of references.
const referenceLine = 1 << 20

// WriteTo writes what is known, one JSON object a line, the least recently used first. It implements [io.WriterTo].
func (r *References) WriteTo(w io.Writer) (int64, error) {
	r.mu.Lock()
	lines := make([]reference, 0, r.order.Len())
	for e := r.order.Back(); e != nil; e = e.Prev() {
		lines = append(lines, *e.Value.(*reference))
	}
	r.mu.Unlock()
	out := bufio.NewWriter(w)
	var n int64
	for _, known := range lines {
		b, err := json.Marshal(known)
		if err != nil {
			continue // a name that is no text; it will be learned again
		}
		k, err := out.Write(append(b, '\n'))
		n += int64(k)
		if err != nil {
			return n, fmt.Errorf("write references: %w", err)
		}
	}
	return n, out.Flush()
}

// ReadFrom learns what WriteTo has written. It implements [io.ReaderFrom]. Lines that cannot be read are
// left out: what they held comes again on the stream.
func (r *References) ReadFrom(in io.Reader) (int64, error) {
	var n int64
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, referenceLine)
	for lines.Scan() {
		n += int64(len(lines.Bytes())) + 1
		var known reference
		if json.Unmarshal(lines.Bytes(), &known, lenient) == nil && known.ID != "" && known.Name != "" {
			r.put(known)
		}
	}
	if err := lines.Err(); err != nil {
		return n, fmt.Errorf("read references: %w", err)
	}
	return n, nil
}

// Load learns from a file that Save has written; that there is none yet is no error.
func (r *References) Load(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load references: %w", err)
	}
	defer f.Close()
	_, err = r.ReadFrom(f)
	return err
}

// Save writes a file; an older one is replaced as a whole.
func (r *References) Save(path string) error {
	err := atomicfile.Write(path, 0o600, func(w io.Writer) error {
		_, err := r.WriteTo(w)
		return err
	})
	if err != nil {
		return fmt.Errorf("save references: %w", err)
	}
	return nil
}
