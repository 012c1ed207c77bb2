package sync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	stdsync "sync"

	"github.com/opencti-elastic/opencti-elastic/sync/atomicfile"
)

// FileDeadLetters keeps dead letters in a file, one JSON object a line as
// [AppendLetter] writes it. Each is on the disk before Put returns. The file is
// readable by its owner only: it holds intelligence. When it grows over MaxBytes
// it is renamed to Path with ".1" added, in place of the one before, and a new one begins.
// It is safe for concurrent use; Close it at the end.
type FileDeadLetters struct {
	// Path is the file. Its directory must exist.
	Path string
	// MaxBytes is how large the file grows; zero means 64 MiB. Twice that is on the disk at most.
	MaxBytes int64

	mu   stdsync.Mutex
	file *os.File
	size int64
}

var _ DeadLetters = (*FileDeadLetters)(nil)

// Put implements [DeadLetters].
func (f *FileDeadLetters) Put(_ context.Context, letter DeadLetter) error {
	line, err := AppendLetter(nil, letter)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.open(int64(len(line))); err != nil {
		return fmt.Errorf("dead letters: %w", err)
	}
	n, err := f.file.Write(line)
	f.size += int64(n)
	if err == nil {
		err = f.file.Sync()
	}
	if err != nil {
		// What was written of the line is ended at the next open.
		return errors.Join(fmt.Errorf("dead letters: %w", err), f.close())
	}
	return nil
}

// Close closes the file. A Put after it opens the file again.
func (f *FileDeadLetters) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.close()
}

func (f *FileDeadLetters) close() error {
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}

// open makes the file ready to take n bytes more.
func (f *FileDeadLetters) open(n int64) error {
	limit := cmp.Or(f.MaxBytes, 64<<20)
	if f.file == nil {
		if err := f.openFile(); err != nil {
			return err
		}
	}
	if f.size == 0 || f.size+n <= limit {
		return nil
	}
	if err := f.close(); err != nil {
		return err
	}
	if err := os.Rename(f.Path, f.Path+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return f.openFile()
}

func (f *FileDeadLetters) openFile() error {
	file, err := os.OpenFile(f.Path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil {
		err = endLine(file, info.Size())
	}
	if err == nil {
		err = atomicfile.SyncDir(filepath.Dir(f.Path))
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.file, f.size = file, info.Size()
	return nil
}

// endLine ends a last line that a crash has cut.
func endLine(file *os.File, size int64) error {
	if size == 0 {
		return nil
	}
	var last [1]byte
	if _, err := file.ReadAt(last[:], size-1); err != nil {
		return err
	}
	if last[0] == '\n' {
		return nil
	}
	_, err := file.Write([]byte{'\n'})
	return err
}
