package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic/internal/config"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
)

// asMain makes the test binary the command itself, so that it can be killed.
const asMain = "OPENCTI_ELASTIC_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "12"); err != nil { // the tests wait more than they work
		panic(err)
	}
	os.Exit(m.Run())
}

// start runs the command as a process of its own.
func start(t *testing.T, environ []string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...) // not CommandContext: how it ends is what is tested
	cmd.Env = append([]string{asMain + "=1", "PATH=" + os.Getenv("PATH")}, environ...)
	cmd.Dir = t.TempDir()
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	return cmd, &log
}

// execute runs a command in this process.
func execute(t *testing.T, environ []string, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = app{strings.NewReader(stdin), &out, &errs, environ}.main(t.Context(), args)
	return out.String(), errs.String(), code
}

func TestUsage(t *testing.T) {
	tests := []struct {
		name, args string
		code       int
		want       string // in what it says
	}{
		{"help", "--help", exitDone, "usage: opencti-elastic"},
		{"no such command", "sync", exitUsage, `no command "sync"`},
		{"no such flag", "run --fast", exitUsage, "flag provided but not defined"},
		{"replay of nothing", "replay", exitUsage, "replay needs files"},
		{"replay of no file", "replay --out . none.json", exitUsage, "none.json"},
		{"convert what", "convert", exitUsage, "queries|documents|rules"},
		{"help of convert", "convert --help", exitDone, "convert queries [FLAGS]"},
		{"help of rules", "rules --help", exitDone, "rules adopt"},
		{"help of replay", "replay --help", exitDone, "-out directory"},
		{"version as a flag", "--version", exitDone, "opencti-elastic"},
		{"convert nothing known", "convert patterns", exitUsage, "convert queries [FLAGS]"},
		{"record where", "record", exitUsage, "--out"},
		{"rules what", "rules drop", exitUsage, "adopt"},
		{"version", "version", exitDone, "opencti-elastic"},
		{"run with arguments", "run now", exitUsage, "no arguments"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			stdout, stderr, code := execute(t, nil, "", strings.Fields(tt.args)...)
			if code != tt.code || !strings.Contains(stdout+stderr, tt.want) {
				t.Errorf("code %d, want %d; said %q, want %q in it", code, tt.code, stdout+stderr, tt.want)
			}
		})
	}
}

func TestRunNamesAllThatIsMissing(t *testing.T) {
	t.Chdir(t.TempDir())
	_, stderr, code := execute(t, []string{"ELASTIC_SECURITY_BATCH_SIZE=0"}, "", "run")
	if code != exitUsage {
		t.Errorf("code %d, want %d", code, exitUsage)
	}
	for _, name := range []string{"OPENCTI_URL", "OPENCTI_TOKEN", "CONNECTOR_ID", "CONNECTOR_LIVE_STREAM_ID", "ELASTIC_SECURITY_URL", "ELASTIC_SECURITY_BATCH_SIZE"} {
		if !strings.Contains(stderr, "\n"+name+": ") && !strings.HasPrefix(stderr, name+": ") {
			t.Errorf("no line for %s in:\n%s", name, stderr)
		}
	}
}

// TestStopsInTime stops the process while it waits for servers that do not answer.
func TestStopsInTime(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			s, err := newStage(openctitest.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			s.opencti.Append(openctitest.History(1, 100)...)
			cmd, log := start(t, s.environ)
			s.await(t, func() bool { return s.elasticsearch.Len(s.config.Elastic.IndexName) > 0 })
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v, want exit code 0\n%s", err, log)
			}
			for _, secret := range []string{s.opencti.Token, stageKey} {
				if strings.Contains(log.String(), secret) {
					t.Error("a secret is in the log")
				}
			}
		})
	}
}

// await polls until ok says so; the test's own deadline ends it.
func (s *stage) await(t *testing.T, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatal("waited a minute")
		case <-tick.C:
		}
	}
}

func TestREADMESettings(t *testing.T) {
	const begin, end = "<!-- settings: made from the code; `go test ./cmd/... -update` writes it -->\n", "<!-- end of settings -->"
	path := "../../README.md"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	table, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("README.md lacks the marks around the settings")
	}
	if want := config.Table(); table != want {
		if !*update {
			t.Fatal("README.md lists other settings than the code; go test ./cmd/... -update")
		}
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func post(t *testing.T, url string, body []byte) {
	t.Helper()
	response, err := http.Post(url, "application/x-ndjson", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if answer, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK || !bytes.Contains(answer, []byte(`"errors":false`)) {
		t.Fatalf("status %d, %v: %.300s", response.StatusCode, err, answer)
	}
}

func put(t *testing.T, url string, body []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if answer, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v: %.300s", response.StatusCode, err, answer)
	}
}
