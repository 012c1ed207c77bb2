package pattern_test

import (
	"bufio"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// verdict is a line of testdata/grammar.txt.
type verdict struct {
	line     int
	rule     string
	text     string
	v20, v21 bool
}

func readGrammar(tb testing.TB) []verdict {
	tb.Helper()
	f, err := os.Open("testdata/grammar.txt")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var out []verdict
	rule := ""
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			rule = strings.TrimPrefix(line, "# ")
			continue
		}
		if line == "" {
			continue
		}
		v := verdict{line: n, rule: rule, v20: line[:2] == "ok", v21: line[3:5] == "ok", text: strings.TrimPrefix(line[5:], " ")}
		if strings.HasPrefix(v.text, `"`) {
			if v.text, err = strconv.Unquote(v.text); err != nil {
				tb.Fatalf("testdata/grammar.txt:%d: %v", n, err)
			}
		}
		out = append(out, v)
	}
	if err := lines.Err(); err != nil {
		tb.Fatal(err)
	}
	return out
}

func TestGrammar(t *testing.T) {
	for _, v := range readGrammar(t) {
		for version, want := range map[pattern.Version]bool{pattern.V20: v.v20, pattern.V21: v.v21} {
			p, err := pattern.Options{Version: version}.Parse(v.text)
			if (err == nil) != want {
				t.Errorf("testdata/grammar.txt:%d (%s): %q as STIX %s: valid = %v, want %v (%v)",
					v.line, v.rule, v.text, version, err == nil, want, err)
			}
			if (p == nil) == (err == nil) {
				t.Errorf("testdata/grammar.txt:%d: both or neither of pattern and error", v.line)
			}
			if err != nil {
				checkSyntaxError(t, v.text, err)
			}
		}
	}
}

func checkSyntaxError(t *testing.T, text string, err error) {
	t.Helper()
	e, ok := errors.AsType[*pattern.SyntaxError](err)
	if !ok {
		t.Fatalf("%q: %T is not a *SyntaxError: %v", text, err, err)
	}
	if e.Offset < 0 || e.Offset > len(text) || e.Line < 1 || e.Column < 1 {
		t.Errorf("%q: place %d (line %d, column %d) is not in the text", text, e.Offset, e.Line, e.Column)
	}
	if (e.Found == "") != (e.Expected == "") || (e.Found == "" && e.Reason == "") {
		t.Errorf("%q: error says too little: %+v", text, e)
	}
	if n := len(e.Error()); n > 1000 {
		t.Errorf("%q: message of %d bytes", text, n)
	}
}
