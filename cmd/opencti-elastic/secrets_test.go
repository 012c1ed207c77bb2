package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSecretsStayOut looks for secrets, which all have "hunter" in them, in everything that commands write.
func TestSecretsStayOut(t *testing.T) {
	const in = `{"type":"bundle","id":"bundle--1","objects":[
 {"type":"credential","id":"credential--1","value":"hunter1","description":"hunter1"},
 {"type":"user-account","id":"user-account--1","account_login":"bob","credential":"hunter2"},
 {"type":"indicator","id":"indicator--1","created":"2026-11-01T00:00:00Z","name":"hunter3-secret","description":"hunter3-secret","pattern":"[credential:value = 'hunter3-secret']","pattern_type":"stix","valid_from":"2026-11-01T00:00:00Z"},
 {"type":"indicator","id":"indicator--2","created":"2026-11-01T00:00:00Z","name":"n","pattern":"[user-account:credential = 'hunter4-secret' OR ipv4-addr:value = '203.0.113.66']","pattern_type":"stix","valid_from":"2026-11-01T00:00:00Z"},
 {"type":"indicator","id":"indicator--3","created":"2026-11-01T00:00:00Z","name":"n","pattern":"[credential:value = 'hunter5-secret","pattern_type":"stix","valid_from":"2026-11-01T00:00:00Z"},
 {"type":"credential","value":"hunter6"},
 {"pattern":"[credential:value = 'hunter7-secret']"}
]}`
	clean := func(t *testing.T, where, text string) {
		t.Helper()
		if i := strings.Index(text, "hunter"); i >= 0 {
			t.Errorf("a secret is in %s: …%s", where, text[max(0, i-80):min(len(text), i+20)])
		}
	}
	for _, command := range []string{"convert documents", "convert rules", "replay --out"} {
		t.Run(command, func(t *testing.T) {
			dir := t.TempDir()
			args := strings.Fields(command)
			if args[0] == "replay" {
				args = append(args, dir, "-")
			}
			letters := filepath.Join(dir, "letters.ndjson")
			stdout, stderr, code := execute(t, []string{"ELASTIC_SECURITY_EVENT_ORIGINAL=true", "ELASTIC_SECURITY_DEAD_LETTERS=" + letters, "CONNECTOR_LOG_LEVEL=debug"}, in, args...)
			if code != exitDone {
				t.Errorf("code %d: %s", code, stderr)
			}
			clean(t, "the output", stdout)
			clean(t, "the log", stderr)
			files := 0
			err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				b, err := os.ReadFile(path)
				clean(t, entry.Name(), string(b))
				files++
				return err
			})
			if err != nil || args[0] == "replay" && files < 3 {
				t.Errorf("%d files, %v", files, err)
			}
		})
	}
}
