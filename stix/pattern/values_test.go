package pattern_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

func TestLiteralValues(t *testing.T) {
	value := func(text string) pattern.Literal {
		t.Helper()
		for c := range parse(t, "[a:b = "+text+"]").Comparisons() {
			return c.Value
		}
		return pattern.Literal{}
	}
	if n, ok := value("-12").Int64(); n != -12 || !ok {
		t.Errorf("Int64 = %d, %v", n, ok)
	}
	if _, ok := value("9223372036854775808").Int64(); ok {
		t.Error("Int64 of too large a number is there")
	}
	if f, ok := value("+.50").Float64(); f != 0.5 || !ok {
		t.Errorf("Float64 = %v, %v", f, ok)
	}
	if b, ok := value("true").Bool(); !b || !ok {
		t.Errorf("Bool = %v, %v", b, ok)
	}
	want := time.Date(2024, 3, 1, 23, 59, 59, 123456789, time.UTC)
	if got, ok := value("t'2024-02-30T23:59:59.1234567899Z'").Time(); !got.Equal(want) || !ok {
		t.Errorf("Time = %v, %v, want %v", got, ok, want)
	}
	for _, text := range []string{"h'00fF'", "b'AP8='"} {
		if b, ok := value(text).Bytes(); !slices.Equal(b, []byte{0, 255}) || !ok {
			t.Errorf("Bytes of %s = %v, %v", text, b, ok)
		}
	}
	for _, text := range []string{"'x'", "1", "1.5", "true", "h''"} {
		l := value(text)
		_, isTime := l.Time()
		_, isBytes := l.Bytes()
		_, isInt := l.Int64()
		if isTime || isBytes != (l.Kind == pattern.Hex) || isInt != (l.Kind == pattern.Integer) {
			t.Errorf("%s has a value of another kind", text)
		}
	}
}

func TestIterators(t *testing.T) {
	p := parse(t, "[a:b = 1 OR c:d IN ('x', 2, t'2016-06-01T00:00:00Z')] AND [a:b = 'y'] OR [EXISTS e:f]")
	var literals []string
	for _, l := range p.Literals(pattern.String, pattern.Timestamp) {
		literals = append(literals, l.String())
	}
	if diff := cmp.Diff([]string{"'x'", "t'2016-06-01T00:00:00Z'", "'y'"}, literals); diff != "" {
		t.Errorf("texts and timestamps (-want +got):\n%s", diff)
	}
	var paths []string
	for _, path := range p.Paths() {
		paths = append(paths, path.String())
	}
	if diff := cmp.Diff([]string{"a:b", "c:d", "e:f"}, paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "c", "e"}, p.ObjectTypes()); diff != "" {
		t.Errorf("object types (-want +got):\n%s", diff)
	}
	for range p.Comparisons() {
		break
	}
	for range p.Literals() {
		break
	}
	for o := range p.Observations() {
		if o.String() != "[a:b = 1 OR c:d IN ('x', 2, t'2016-06-01T00:00:00Z')]" {
			t.Errorf("first observation: %s", o)
		}
		break
	}
}

func TestSpans(t *testing.T) {
	text := "( [a:b = 1] OR [c:d != 'é'] ) WITHIN 5 SECONDS /* c */"
	want := []string{
		"( [a:b = 1] OR [c:d != 'é'] ) WITHIN 5 SECONDS",
		"[a:b = 1] OR [c:d != 'é']",
		"[a:b = 1]", "a:b = 1",
		"[c:d != 'é']", "c:d != 'é'",
		"WITHIN 5 SECONDS",
	}
	var got []string
	parse(t, text).Walk(func(n pattern.Node) bool {
		s := n.Range()
		got = append(got, text[s.Start:s.End])
		return true
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parts of the text (-want +got):\n%s", diff)
	}
}

func TestBuiltByHand(t *testing.T) {
	at := time.Date(2016, 6, 1, 2, 0, 0, 500, time.FixedZone("", 7200))
	p := &pattern.Pattern{Root: &pattern.Qualified{
		Operand: &pattern.Qualified{
			Operand: &pattern.Qualified{
				Operand: &pattern.Observed{Expr: &pattern.Comparison{
					Path:  pattern.ObjectPath{Object: "a", Steps: []pattern.Step{{Name: "b-c"}, {Kind: pattern.Index, Index: -1}}},
					Value: pattern.Literal{Text: "it's"},
				}},
				Qualifier: &pattern.Within{Seconds: 1e-7},
			},
			Qualifier: &pattern.Repeats{Times: 2},
		},
		Qualifier: &pattern.StartStop{Start: at, Stop: at.Add(time.Second)},
	}}
	want := `[a:'b-c'[-1] = 'it\'s'] WITHIN 0.0000001 SECONDS REPEATS 2 TIMES START t'2016-06-01T00:00:00.0000005Z' STOP t'2016-06-01T00:00:01.0000005Z'`
	if got := p.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, err := pattern.Parse(want); err != nil {
		t.Error(err)
	}
}

func TestPatternInJSON(t *testing.T) {
	var doc struct{ P *pattern.Pattern }
	if err := json.Unmarshal([]byte(`{"P":"[a:b==1]"}`), &doc); err != nil {
		t.Fatal(err)
	}
	if b, err := json.Marshal(doc); err != nil || string(b) != `{"P":"[a:b = 1]"}` {
		t.Errorf("got %s, %v", b, err)
	}
	if err := json.Unmarshal([]byte(`{"P":"a"}`), &doc); err == nil {
		t.Error("no error for what is no pattern")
	}
}
