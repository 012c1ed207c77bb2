package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestImportDirection holds the packages to the one direction in which data flows, and what is shipped free of
// what is made for tests.
func TestImportDirection(t *testing.T) {
	const module = "github.com/opencti-elastic/opencti-elastic/"
	may := map[string][]string{ // the top-level folder, and what it may import of ours besides itself
		"stix":    {},
		"ecs":     {"stix"},
		"rules":   {"stix", "ecs"},
		"sync":    {"stix"},
		"opencti": {"stix", "sync"},
		"elastic": {"stix", "ecs", "rules", "sync"},
		"cmd":     {"stix", "ecs", "rules", "sync", "opencti", "elastic"},
	}
	root := filepath.Join("..", "..")
	files := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		folder, _, _ := strings.Cut(filepath.ToSlash(relative), "/")
		allowed, judged := may[folder]
		if !judged || entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			ours, isOurs := strings.CutPrefix(name, module)
			to, _, _ := strings.Cut(ours, "/")
			// Tests may use what is built on them, such as the servers for tests.
			if !isOurs || strings.HasSuffix(path, "_test.go") {
				continue
			}
			if to != folder && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s: %s may only import %v", relative, ours, folder, allowed)
			}
			if strings.HasSuffix(ours, "test") && !strings.HasSuffix(filepath.Dir(path), "test") {
				t.Errorf("%s imports %s: what is shipped links nothing that is made for tests", relative, ours)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Fatal("no files found")
	}
}
