package query_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// shared finds the folder of shared facts, or skips the test.
func shared(t *testing.T, path string) string {
	t.Helper()
	root := os.Getenv("OPENCTI_ELASTIC_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	full := filepath.Join(root, path)
	if _, err := os.Stat(full); err != nil {
		t.Skipf("no shared data: %v", err)
	}
	return full
}

// TestRealPatterns translates every pattern of the real bundles: all whose path
// an event field carries, exactly, to every language; the others are refused by name.
func TestRealPatterns(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "data/stix-real/bundles"), "*"))
	if err != nil {
		t.Fatal(err)
	}
	tr, err := query.New(query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mapped, unmapped := 0, map[string]int{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var bundle struct {
			Objects []struct{ Type, Pattern string }
		}
		if err := json.Unmarshal(data, &bundle); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, o := range bundle.Objects {
			if o.Type != "indicator" {
				continue
			}
			p, err := pattern.Parse(o.Pattern)
			if err != nil {
				t.Errorf("%s: %v", o.Pattern, err)
				continue
			}
			path := p.Root.(*pattern.Observed).Expr.(*pattern.Comparison).Path
			if query.DefaultMapping().FieldsOf(path) == nil {
				unmapped[path.Object]++
			} else {
				mapped++
			}
			set := tr.TranslateAll(p)
			for lang, r := range set.All() {
				switch {
				case unmapped[path.Object] > 0:
					if r.Err == nil {
						t.Errorf("%s: %s: %s", o.Pattern, lang, r.Query.Text)
					}
				case r.Err != nil || !r.Query.Exact():
					t.Errorf("%s: %s: %v %v", o.Pattern, lang, r.Err, r.Query.Lossy)
				}
			}
		}
	}
	t.Logf("%d patterns exact in all languages, refused: %v", mapped, unmapped)
	if want := map[string]int{"app": 29, "configuration-profile": 1}; !maps.Equal(unmapped, want) || mapped != 1411 {
		t.Errorf("%d mapped, refused %v; want 1411, %v", mapped, unmapped, want)
	}
}

// mixed makes a single-event pattern where every operator is as likely as any other.
func (g *generator) mixed() string {
	parts := make([]string, 1+g.IntN(2))
	for i := range parts {
		parts[i] = g.evenly()
	}
	return "[" + strings.Join(parts, pickOne(g, []string{" AND ", " OR "})) + "]"
}

func (g *generator) evenly() string {
	ops := []string{"=", "!=", "<", "<=", ">", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET", "EXISTS"}
	op := pickOne(g, ops)
	fits := func(typ query.Type, tr query.Transform) bool {
		switch op {
		case "<", "<=", ">", ">=":
			return typ == query.Long || typ == query.Date
		case "LIKE", "MATCHES":
			return typ == query.Keyword || typ == query.Wildcard
		case "ISSUBSET", "ISSUPERSET":
			return tr == query.ToIP
		}
		return true
	}
	for {
		object := pickOne(g, g.objects)
		path := pickOne(g, slices.Sorted(maps.Keys(g.table.Objects[object])))
		e := g.table.Objects[object][path]
		typ := g.table.Types[e.Fields[0]]
		if !fits(typ, e.Transform) {
			continue
		}
		lhs, not := object+":"+path, pickOne(g, []string{"", "NOT "})
		switch op {
		case "EXISTS":
			return op + " " + lhs
		case "LIKE":
			return lhs + " " + not + "LIKE " + quoted(pickOne(g, []string{"evil%", "%.evil.example", "%whoami%", "evil_exe", "C:\\%", "%a b%", "https://evil.example/%"}))
		case "MATCHES":
			return lhs + " " + not + "MATCHES " + quoted(pickOne(g, []string{"evil", "^evil", `evil.*exe`, `(cmd|powershell)\.exe`, `^https?://`, `[a-f0-9]{8}`, `\.exe$`}))
		case "ISSUBSET", "ISSUPERSET":
			lit := pickOne(g, blocks)
			if op == "ISSUPERSET" {
				lit = pickOne(g, addresses)
			}
			return lhs + " " + not + op + " " + quoted(lit)
		}
		literal := func() string {
			switch typ {
			case query.IP:
				return quoted(pickOne(g, addresses))
			case query.Long:
				return pickOne(g, []string{"0", "80", "443", "371712"})
			case query.Date:
				return "t" + quoted(pickOne(g, instants))
			}
			return quoted(g.literalText(e.Transform))
		}
		if op == "IN" {
			return lhs + " " + not + "IN (" + literal() + ", " + literal() + ")"
		}
		return lhs + " " + not + op + " " + literal()
	}
}

// TestMixedCoverage counts how much of a mixed set is exact in each language.
func TestMixedCoverage(t *testing.T) {
	tr, err := query.New(query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g := newGenerator(4, query.DefaultMapping())
	const n = 4000
	exact := map[query.Language]int{}
	reasons := map[string]int{}
	for range n {
		text := g.mixed()
		set := tr.TranslateAll(mustParse(text))
		for lang, r := range set.All() {
			switch {
			case r.Err == nil && r.Query.Exact():
				exact[lang]++
			case r.Err == nil:
				t.Errorf("%s: lossy without leave: %v", text, r.Query.Lossy)
			default:
				reasons[fmt.Sprintf("%s: %v", lang, r.Err)[:40]]++
			}
		}
	}
	for lang, want := range map[query.Language]int{query.DSL: 95, query.ESQL: 95, query.Lucene: 90, query.EQL: 85, query.KQL: 75} {
		got := 100 * float64(exact[lang]) / n
		t.Logf("%s: %.1f %% exact", lang, got)
		if got < float64(want) {
			t.Errorf("%s: %.1f %% exact, want %d %%", lang, got, want)
		}
	}
}

// TestDefaultMapping compares the embedded table with the contract, which has no place for the domain of a login.
func TestDefaultMapping(t *testing.T) {
	data, err := os.ReadFile(shared(t, "contracts/stix-ecs-fields.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want query.Table
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	want.Types["user.domain"] = "keyword"
	want.Objects["user-account"]["domain"] = query.Entry{Fields: []string{"user.domain"}, Note: `not in STIX; the domain of a login such as CORP\bob`}
	if diff := cmp.Diff(want, query.DefaultMapping().Table()); diff != "" {
		t.Errorf("the embedded table is not the contract's (-contract +embedded):\n%s", diff)
	}
}
