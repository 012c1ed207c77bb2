package query_test

import (
	"testing"
	"unicode/utf8"

	"github.com/opencti-elastic/opencti-elastic/rules/native"
	"github.com/opencti-elastic/opencti-elastic/rules/query"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// one is a mapping of one path to one field.
func one(t testing.TB, typ query.Type, transform query.Transform) *query.Translator {
	t.Helper()
	m, err := query.NewMapping(query.Table{
		Types:   map[string]query.Type{"the.field": typ},
		Objects: map[string]map[string]query.Entry{"x": {"y": {Fields: []string{"the.field"}, Transform: transform}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	tr, err := query.New(query.Options{Fields: m, Indices: []string{"logs-*"}})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// equals is the pattern [x:y op value].
func equals(op pattern.Op, value string, negated bool) *pattern.Pattern {
	return &pattern.Pattern{Root: &pattern.Observed{Expr: &pattern.Comparison{
		Path:    pattern.ObjectPath{Object: "x", Steps: []pattern.Step{{Name: "y"}}},
		Op:      op,
		Negated: negated,
		Value:   pattern.Literal{Kind: pattern.String, Text: value},
	}}}
}

// FuzzValueStaysText checks that no value breaks out: the query of x:y = value,
// read back, has one comparison, of that field with exactly that value.
func FuzzValueStaysText(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	for _, s := range []string{`\"`, `x\" or y: *`, `\\" OR "x`, "a\\\n", `\u0022`, `\u{22}`, "]}", `"]}}}]}}`, `""")`, `"""" | DROP x`, `[any where true] |`, "\u2029", "\u0085", "\ufeff", "\U0010ffff"} {
		f.Add(s)
	}
	tr := one(f, query.Keyword, query.AsIs)
	f.Fuzz(func(t *testing.T, value string) {
		set := tr.TranslateAll(equals(pattern.Equal, value, false))
		for lang, r := range set.All() {
			if !utf8.ValidString(value) {
				if r.Err == nil {
					t.Fatalf("%s: %q is not valid text: %s", lang, value, r.Query.Text)
				}
				continue
			}
			if r.Err != nil {
				t.Fatalf("%s: %q: %v", lang, value, r.Err)
			}
			c, err := read(r.Query)
			if err != nil {
				t.Fatalf("%s: %q: %s: %v", lang, value, r.Query.Text, err)
			}
			if c.kids != nil || c.op != "=" || c.field != "the.field" || len(c.values) != 1 || c.values[0] != value {
				t.Fatalf("%s: %q: %s reads as %+v", lang, value, r.Query.Text, c)
			}
			if err := native.Check(lang, r.Query.Text); err != nil {
				t.Fatalf("%s: %q: %s: %v", lang, value, r.Query.Text, err)
			}
		}
	})
}

// FuzzOperators checks that whatever the operator and the value, every query
// there is reads back, and compares nothing but the one field.
func FuzzOperators(f *testing.F) {
	for i, s := range hostile {
		f.Add(s, uint8(i), i%2 == 0, uint8(i))
	}
	f.Add(`^(a|b)*c{2,3}[^x-z"\\]\/$`, uint8(pattern.Matches), false, uint8(0))
	f.Add(`\bfoo\B|(?i)bar$`, uint8(pattern.Matches), true, uint8(1))
	f.Add("", uint8(pattern.Like), false, uint8(5)) // an empty pattern over registry keys
	f.Add(`198.51.1_0.%`, uint8(pattern.Like), true, uint8(3))
	var translators []*query.Translator
	for _, transform := range []query.Transform{query.AsIs, query.Lower, query.Upper, query.MAC, query.Serial, query.Registry} {
		translators = append(translators, one(f, query.Wildcard, transform))
	}
	translators = append(translators, one(f, query.IP, query.ToIP))
	f.Fuzz(func(t *testing.T, value string, op uint8, negated bool, which uint8) {
		if len(value) > 200 {
			return
		}
		tr := translators[int(which)%len(translators)]
		p := equals(pattern.Op(op)%(pattern.Exists+1), value, negated)
		set := tr.TranslateAll(p)
		for lang, r := range set.All() {
			if r.Err != nil {
				continue
			}
			c, err := read(r.Query)
			if err != nil {
				t.Fatalf("%s: %q: %s: %v", lang, value, r.Query.Text, err)
			}
			for _, leaf := range c.comparisons() {
				if leaf.field != "the.field" {
					t.Fatalf("%s: %q: %s compares %+v", lang, value, r.Query.Text, leaf)
				}
			}
			if err := native.Check(lang, r.Query.Text); err != nil {
				t.Fatalf("%s: %q: %s: %v", lang, value, r.Query.Text, err)
			}
		}
	})
}
