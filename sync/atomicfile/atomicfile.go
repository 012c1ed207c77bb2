// Package atomicfile replaces files as a whole: whoever opens the path, also after a crash, finds the old content or
// the new one, never a part.
package atomicfile

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Write replaces the file at path by what the function writes. The content and the file's name have
// reached the disk when it returns nil. On an error the old file is as it was.
func Write(path string, mode fs.FileMode, write func(io.Writer) error) error {
	f, err := Create(path, mode)
	if err != nil {
		return err
	}
	defer f.Discard()
	out := bufio.NewWriter(f)
	if err := errors.Join(write(out), out.Flush()); err != nil {
		return err
	}
	return f.Commit()
}

// File is the content to come of a path: a temporary file beside it until [File.Commit].
type File struct {
	*os.File
	path string
	mode fs.FileMode
}

// Create makes a temporary file in the folder of path. The caller ends it with Commit or Discard.
func Create(path string, mode fs.FileMode) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	return &File{f, path, mode}, nil
}

// Commit brings the content to the disk and gives it its path. On an error nothing has changed.
func (f *File) Commit() error {
	err := errors.Join(f.Chmod(f.mode), f.Sync())
	if err = errors.Join(err, f.File.Close()); err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		f.Discard()
		return err
	}
	return SyncDir(filepath.Dir(f.path))
}

// Discard removes the temporary file. After Commit it does nothing.
func (f *File) Discard() {
	f.File.Close()
	os.Remove(f.Name()) // its name is gone after Commit
}

// SyncDir brings the names in a folder to the disk, after a file in it was made or renamed. A
// system that cannot sync folders makes names durable by itself.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Sync()
	for _, harmless := range []error{errors.ErrUnsupported, os.ErrInvalid, os.ErrPermission} {
		if errors.Is(err, harmless) {
			return nil
		}
	}
	return err
}
