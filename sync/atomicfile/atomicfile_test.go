package atomicfile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/sync/atomicfile"
)

func TestWrite(t *testing.T) {
	fault := errors.New("fault")
	tests := []struct {
		name, old, write string
		err              error
		want             string
	}{
		{name: "new", write: "new", want: "new"},
		{name: "replaces all of a longer one", old: "older and longer", write: "new", want: "new"},
		{name: "a fault leaves the old one", old: "old", write: "part", err: fault, want: "old"},
		{name: "a fault leaves none", write: "part", err: fault},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "f")
			if tt.old != "" {
				if err := os.WriteFile(path, []byte(tt.old), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := atomicfile.Write(path, 0o640, func(w io.Writer) error {
				_, err := io.WriteString(w, tt.write)
				return errors.Join(err, tt.err)
			})
			if !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
			got, _ := os.ReadFile(path)
			if string(got) != tt.want {
				t.Errorf("the file holds %q, want %q", got, tt.want)
			}
			if info, err := os.Stat(path); tt.err == nil && (err != nil || info.Mode().Perm() != 0o640) {
				t.Errorf("mode %v, %v; want 0640", info.Mode(), err)
			}
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
			}
			want := []string{"f"}
			if tt.want == "" {
				want = nil
			}
			if diff := cmp.Diff(want, names); diff != "" {
				t.Errorf("files in the folder (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWriteWithoutFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "f")
	if err := atomicfile.Write(path, 0o600, func(io.Writer) error { return nil }); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that the folder is not there", err)
	}
}
