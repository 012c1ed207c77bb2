package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	pathpkg "path"
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
	may := map[string][]string{ // a folder with those below it, and which of ours it may import besides itself
		"stix":              {},
		"ecs":               {"stix"},
		"rules":             {"stix", "ecs"},
		"sync":              {"stix"},
		"internal/endpoint": {"sync"},
		"opencti":           {"stix", "sync", "internal/endpoint"},
		"elastic":           {"stix", "ecs", "rules", "sync", "internal/endpoint"},
		"elastic/kibana":    {"stix", "rules", "sync", "elastic", "internal/endpoint"},
		"cmd":               {"stix", "ecs", "rules", "sync", "opencti", "elastic", "elastic/kibana", "internal/endpoint"},
	}
	place := func(path string) string { // the innermost of these folders that a path is in
		for ; path != "." && path != "/"; path = pathpkg.Dir(path) {
			if _, ok := may[path]; ok {
				return path
			}
		}
		return ""
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
		folder := place(filepath.ToSlash(relative))
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
			to := place(ours)
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

// TestStandardSync holds files that speak of two packages sync to one name for the standard one.
func TestStandardSync(t *testing.T) {
	const ours = "github.com/opencti-elastic/opencti-elastic/sync"
	root := filepath.Join("..", "..")
	files := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		beside := file.Name.Name == "sync"
		standard := "" // the name of the standard package in this file
		for _, spec := range file.Imports {
			switch {
			case spec.Path.Value == strconv.Quote(ours):
				beside = true
			case spec.Path.Value == strconv.Quote("sync") && spec.Name == nil:
				standard = "sync"
			case spec.Path.Value == strconv.Quote("sync"):
				standard = spec.Name.Name
			}
		}
		if beside && standard != "" {
			files++
			if standard != "stdsync" {
				t.Errorf("%s: the standard sync is %q beside ours; call it stdsync", path, standard)
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
