package native_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/rules/native"
	"github.com/opencti-elastic/opencti-elastic/rules/query"
)

func TestCheck(t *testing.T) {
	for _, row := range []struct {
		name string
		lang query.Language
		text string
		want string // empty: it passes
	}{
		{"kql", query.KQL, `process.name: ("cmd.exe" or powershell*) and not user.name: "a\"(b"`, ""},
		{"kql with a lone bracket in quotes", query.KQL, `process.args: "[" or url.path: a\(b`, ""},
		{"kql nested", query.KQL, `dns.answers: { name: "a" and type: "A" }`, ""},
		{"kql square bracket", query.KQL, `message: [info`, ""},
		{"kql not closed", query.KQL, "a: 1 and\n(b: 2", `line 2, column 1: '(' is never closed`},
		{"kql closed too often", query.KQL, `a: 1)`, `column 5: ')' closes nothing`},
		{"kql open quote", query.KQL, `a: "x`, `column 4: text without its closing quote`},
		{"kql wrong bracket", query.KQL, `(a: 1}`, `column 6: '}' closes nothing`},
		{"empty", query.KQL, " \n\t", "empty"},
		{"invalid", query.KQL, "a: \xff", "column 4: not valid UTF-8"},
		{"too long", query.Lucene, strings.Repeat("a", native.MaxLength+1), "longer than"},

		{"lucene", query.Lucene, `source.ip:(10.0.0.0\/8 OR "::1") AND bytes:[1 TO 5} AND NOT url:/ab[c(]\/.*/ AND _exists_:x`, ""},
		{"lucene path with slashes", query.Lucene, `file.path:\/usr\/bin AND a:b\/c`, ""},
		{"lucene one-sided range", query.Lucene, `a:>=10 AND b:{* TO "x]"}`, ""},
		{"lucene fuzzy", query.Lucene, `quikc~ AND "a b"~2 AND a^2 && !b || -c`, ""},
		{"lucene range without end", query.Lucene, `a:[1 TO 2`, "column 3: range without its end"},
		{"lucene range without TO", query.Lucene, `a:[1 2]`, "column 3: range without TO"},
		{"lucene open expression", query.Lucene, `a:/b`, "column 3: a slash begins a regular expression that does not end"},
		{"lucene slash within a word", query.Lucene, `a:b/c`, "a slash begins a regular expression"},
		{"lucene last backslash", query.Lucene, `a:b\`, "backslash at the end"},

		{"eql", query.EQL, "process where process.name == \"cmd|.exe\" and process.args : (\"a\", \"b\") // a | comment", ""},
		{"eql raw", query.EQL, `file where file.path like """C:\Users\*""" and ?x.y != null`, ""},
		{"eql raw that ends with quotes", query.EQL, `any where a == """say "x""""`, ""},
		{"eql sequence", query.EQL, "sequence by host.id with maxspan=1m\n[process where true]\n![file where true] with runs=2\nuntil [any where `a-b` == 1]", ""},
		{"eql sample", query.EQL, "sample by host.id [any where a == 1] [any where b == 1]", ""},
		{"eql quoted category", query.EQL, `"my category" where true`, ""},
		{"eql category by star", query.EQL, `/* all */ * where true`, ""},
		{"eql pipe", query.EQL, "any where true\n| head 5", "line 2, column 1: a pipe"},
		{"eql single quotes", query.EQL, `any where a == 'b'`, "column 16: EQL takes texts between double quotes only"},
		{"eql line break in quotes", query.EQL, "any where a == \"b\nc\"", "line break within quotes"},
		{"eql without where", query.EQL, `process.name == "x"`, "no where"},
		{"eql where as part of a name", query.EQL, `process.where == "x"`, "no where"},
		{"eql sequence without events", query.EQL, `sequence by host.id where true`, "without an event"},
		{"eql open comment", query.EQL, `any where true /* x`, "comment without its end"},

		{"esql", query.ESQL, "FROM logs-* METADATA _id, _index | WHERE a == \"x | y\" AND b RLIKE \"\"\"a.*\"\"\" | STATS c = COUNT(*) BY d | WHERE c > 5", ""},
		{"esql lower case after a comment", query.ESQL, "// find it\nfrom \"logs-a\", b:logs-* | limit 1", ""},
		{"esql lookup", query.ESQL, "FROM a | LOOKUP JOIN b ON c | WHERE `x y` IS NOT NULL", ""},
		{"esql row", query.ESQL, `ROW a = 1`, "starts with ROW"},
		{"esql show", query.ESQL, `SHOW INFO`, "starts with SHOW"},
		{"esql without a source", query.ESQL, `FROM`, "an index is expected here"},
		{"esql condition alone", query.ESQL, `a == 1`, "starts with A"},
		{"esql empty command", query.ESQL, "FROM a | | LIMIT 1", "empty command before the pipe"},
		{"esql last pipe", query.ESQL, "FROM a | LIMIT 1 |", "empty command behind the pipe"},
		{"esql open quote", query.ESQL, `FROM a | WHERE b == "x`, "text without its closing quote"},
		{"esql nothing but a comment", query.ESQL, `// FROM a`, "nothing but comments"},

		{"dsl", query.DSL, `{"query":{"match_all":{}}}`, ""},
		{"dsl no object", query.DSL, `[1]`, "not a JSON object"},
		{"dsl cut off", query.DSL, `{"query":`, "not a JSON object"},
		{"dsl empty", query.DSL, `{}`, "empty object"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := native.Check(row.lang, row.text)
			var fault *native.SyntaxError
			switch {
			case row.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
				t.Errorf("got %v, want %s", err, row.want)
			case err != nil && !errors.As(err, &fault):
				t.Errorf("got %T", err)
			}
		})
	}
	if err := native.Check("sigma", "title: x"); err == nil {
		t.Error("took an unknown language")
	}
}

// FuzzCheck checks that no text makes the checker panic or point outside of itself.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{"FROM a | WHERE b", "any where a : \"b\"", "a:[1 TO 2}", `"""`, "`", "/*", "//", "[", `\`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, lang := range query.Languages() {
			var fault *native.SyntaxError
			if err := native.Check(lang, text); errors.As(err, &fault) {
				if fault.Offset < 0 || fault.Offset > len(text) || fault.Line < 1 || fault.Column < 1 {
					t.Errorf("%s: %+v", lang, fault)
				}
			}
		}
	})
}
