package query_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

func translator(t *testing.T, o query.Options) *query.Translator {
	t.Helper()
	tr, err := query.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestOptionsNameAllFaults(t *testing.T) {
	_, err := query.New(query.Options{
		Indices: []string{"logs-*", "a b", `x" | DROP y`}, JoinBy: []string{"host.id", "a] | b"}, DisableJoin: true, MaxClauses: -1,
	})
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{`"a b"`, `"x\" | DROP y"`, `"a] | b"`, "joining is disabled", "max clauses"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named in: %v", want, err)
		}
	}
}

func TestOptionsShowInQueries(t *testing.T) {
	sequence := `[process:pid = 1] FOLLOWEDBY [process:pid = 2]`
	for _, row := range []struct {
		name    string
		options query.Options
		lang    query.Language
		pattern string
		want    string
	}{
		{"default indices", query.Options{}, query.ESQL, `[process:pid = 1]`,
			`FROM apm-*-transaction*, auditbeat-*, endgame-*, filebeat-*, logs-*, packetbeat-*, traces-apm*, winlogbeat-* METADATA _id, _index, _version | WHERE QSTR("""process.pid:1""")`},
		{"own indices", query.Options{Indices: []string{"eu:logs-*", "b+c"}}, query.ESQL, `[process:pid = 1]`,
			`FROM eu:logs-*, "b+c" METADATA _id, _index, _version | WHERE QSTR("""process.pid:1""")`},
		{"default key", query.Options{}, query.EQL, sequence, "sequence by host.id\n  [any where ?process.pid == 1]\n  [any where ?process.pid == 2]"},
		{"own keys", query.Options{JoinBy: []string{"host.name", "user-id"}}, query.EQL, sequence,
			"sequence by host.name, `user-id`\n  [any where ?process.pid == 1]\n  [any where ?process.pid == 2]"},
		{"no key", query.Options{DisableJoin: true}, query.EQL, sequence, "sequence\n  [any where ?process.pid == 1]\n  [any where ?process.pid == 2]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			q, err := translator(t, row.options).Translate(mustParse(row.pattern), row.lang)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(row.want, q.Text); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTooLarge(t *testing.T) {
	list := func(n int) string {
		return "[process:pid IN (" + strings.TrimSuffix(strings.Repeat("1, ", n), ", ") + ")]"
	}
	deep := "process:pid = 0"
	for range 15 {
		deep = "(process:pid = 1 AND (process:cwd = 'x' OR " + deep + "))"
	}
	for _, row := range []struct {
		name, pattern string
		refused       []query.Language
	}{
		{"as many clauses as there may be", list(query.DefaultMaxClauses), nil},
		{"one clause more", list(query.DefaultMaxClauses + 1), []query.Language{query.KQL, query.Lucene, query.ESQL}},
		{"too many for any", list(70_000), query.Languages()},
		{"a long text with a wildcard", "[process:name LIKE '%" + strings.Repeat("x", 1000) + "%']", []query.Language{query.KQL, query.EQL}},
		{"a long text without", "[process:name LIKE '" + strings.Repeat("x", 30_000) + "']", nil},
		{"nested too deep", "[" + deep + "]", query.Languages()},
	} {
		t.Run(row.name, func(t *testing.T) {
			set := translator(t, query.Options{}).TranslateAll(mustParse(row.pattern))
			var refused []query.Language
			for lang, r := range set.All() {
				if r.Err != nil {
					refused = append(refused, lang)
				}
			}
			if diff := cmp.Diff(row.refused, refused); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUntranslatableErrorSaysWhere(t *testing.T) {
	_, err := translator(t, query.Options{}).Translate(mustParse(`[file:name = 'a' AND mutex:'na me' = 'x']`), query.KQL)
	want := &query.UntranslatableError{Path: "mutex:'na me'", At: 21, Reason: "no event field carries it"}
	var got *query.UntranslatableError
	if !errors.As(err, &got) {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := "untranslatable: mutex:'na me' at offset 21: no event field carries it"; err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestTranslateRefusesNonsense(t *testing.T) {
	tr := translator(t, query.Options{})
	if _, err := tr.Translate(mustParse(`[file:name = 'a']`), "sql"); err == nil {
		t.Error("took an unknown language")
	}
	for _, p := range []*pattern.Pattern{nil, {}} {
		if _, err := tr.Translate(p, query.KQL); err == nil {
			t.Error("took an empty pattern")
		}
		set := tr.TranslateAll(p)
		for lang, r := range set.All() {
			if r.Err == nil {
				t.Errorf("%s: took an empty pattern", lang)
			}
		}
	}
}

func TestSetAsJSON(t *testing.T) {
	set := translator(t, query.Options{AllowWider: true, Indices: []string{"logs-*"}}).TranslateAll(mustParse(`[process:name MATCHES '^evil[0-9]+x']`))
	got, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]struct {
		Query json.RawMessage
		Lossy []query.Loss
		Error string
	}
	if err := json.Unmarshal(got, &members); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	if len(members) != 5 {
		t.Errorf("members in %s", got)
	}
	if want := `{"bool":{"filter":[{"regexp":{"process.name":{"value":"evil[0-9]+x.*","flags":"NONE","case_insensitive":false}}}]}}`; string(members["dsl"].Query) != want {
		t.Errorf("dsl: got %s\nwant %s", members["dsl"].Query, want)
	}
	if m := members["lucene"]; string(m.Query) != `"process.name:/evil[0-9]+x.*/"` || m.Lossy == nil || len(m.Lossy) != 0 {
		t.Errorf("lucene: %s, lossy %v; an exact query has an empty list", m.Query, m.Lossy)
	}
	if m := members["kql"]; string(m.Query) != `"process.name: evil*x*"` || len(m.Lossy) != 1 || m.Lossy[0].Path != "process:name" || m.Lossy[0].At != 1 {
		t.Errorf("kql: %s, lossy %v", m.Query, m.Lossy)
	}
	none := translator(t, query.Options{}).TranslateAll(mustParse(`[mutex:name = 'x']`))
	got, err = json.Marshal(none)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"kql":{"error":"untranslatable: mutex:name at offset 1: no event field carries it"},`; !strings.HasPrefix(string(got), want) {
		t.Errorf("got %s\nwant %s…", got, want)
	}
}

func TestRepetition(t *testing.T) {
	tr := translator(t, query.Options{})
	for _, row := range []struct {
		pattern string
		want    query.Repetition
		kql     string // empty: it is no repetition
	}{
		{`[process:pid = 1] REPEATS 5 TIMES`, query.Repetition{Times: 5, GroupBy: []string{"host.id"}}, "process.pid: 1"},
		{`[process:pid = 1] REPEATS 5 TIMES WITHIN 60 SECONDS`, query.Repetition{Times: 5, Seconds: 60, GroupBy: []string{"host.id"}}, "process.pid: 1"},
		// Each single event is within its 60 seconds; the five are bound to none.
		{`([process:pid = 1] WITHIN 60 SECONDS) REPEATS 5 TIMES`, query.Repetition{Times: 5, GroupBy: []string{"host.id"}}, "process.pid: 1"},
		{`([process:pid = 1] OR [process:pid = 2]) REPEATS 2 TIMES`, query.Repetition{Times: 2, GroupBy: []string{"host.id"}}, "process.pid: 1 or process.pid: 2"},
		{`[process:pid = 1] REPEATS 1 TIMES`, query.Repetition{}, ""},
		{`[process:pid = 1]`, query.Repetition{}, ""},
		{`([process:pid = 1] FOLLOWEDBY [process:pid = 2]) REPEATS 2 TIMES`, query.Repetition{}, ""},
	} {
		t.Run(row.pattern, func(t *testing.T) {
			got, ok := tr.Repetition(mustParse(row.pattern))
			if ok != (row.kql != "") {
				t.Fatalf("got %t", ok)
			}
			if diff := cmp.Diff(row.want, got, cmpopts.IgnoreFields(query.Repetition{}, "Pattern")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if ok {
				q, err := tr.Translate(got.Pattern, query.KQL)
				if err != nil || q.Text != row.kql || !q.Exact() {
					t.Errorf("got %q %v %v, want %q", q.Text, q.Lossy, err, row.kql)
				}
			}
		})
	}
}

func TestFields(t *testing.T) {
	q, err := translator(t, query.Options{}).Translate(mustParse(`[process:pid = 1 OR process:name = 'a'] FOLLOWEDBY [process:pid = 2] START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'`), query.EQL)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"@timestamp", "host.id", "process.name", "process.pid"}, q.Fields()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTranslatorIsShared translates from several goroutines; run with -race.
func TestTranslatorIsShared(t *testing.T) {
	tr := translator(t, query.Options{})
	p := mustParse(`[url:value MATCHES '^https?://evil' AND file:name = 'evil.exe']`)
	want := tr.TranslateAll(p)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				got := tr.TranslateAll(p)
				for lang, r := range got.All() {
					if q, _ := want.Get(lang); r.Query.Text != q.Text {
						t.Errorf("%s: got %s, want %s", lang, r.Query.Text, q.Text)
					}
				}
			}
		})
	}
	group.Wait()
}

func TestAllowEmpty(t *testing.T) {
	for _, row := range []struct{ name, pattern, reason string }{
		{"a text for an address", `[ipv4-addr:value = 'x']`, "the field holds addresses"},
		{"both at once", `[file:name = 'a' AND file:size = 1.5]`, "none that it can hold"},
		{"stop before start", `[file:name = 'a'] START t'2026-01-02T00:00:00Z' STOP t'2026-01-01T00:00:00Z'`, "START is not before STOP"},
		{"one of a sequence", `[file:name = 'a'] FOLLOWEDBY [file:size > 99999999999999999999]`, "that great"},
	} {
		t.Run(row.name, func(t *testing.T) {
			set := translator(t, query.Options{AllowWider: true}).TranslateAll(mustParse(row.pattern))
			if _, err := set.Get(query.EQL); err == nil || !strings.Contains(err.Error(), row.reason) {
				t.Errorf("got %v, want %s", err, row.reason)
			}
			q, err := translator(t, query.Options{AllowEmpty: true}).Translate(mustParse(row.pattern), query.EQL)
			if err != nil || !q.Empty || q.Text != "any where false" {
				t.Errorf("got %+v %v", q, err)
			}
		})
	}
	// An alternative that can't be satisfied is no loss.
	q, err := translator(t, query.Options{}).Translate(mustParse(`[ipv4-addr:value = 'x' OR file:size = 1]`), query.KQL)
	if err != nil || !q.Exact() || q.Text != "file.size: 1" {
		t.Errorf("got %+v %v", q, err)
	}
}

// TestFileIdentity: a hash of a file stands for the file only if the options ask for that, and
// then the assumption is named, not a loss.
func TestFileIdentity(t *testing.T) {
	const text = "[file:hashes.MD5 = 'a1' AND file:hashes.'SHA-256' = 'c1' AND file:name = 'x']"
	strict, identity := translator(t, query.Options{}), translator(t, query.Options{FileIdentity: true})
	q, err := strict.Translate(parse(t, text), query.KQL)
	if err != nil || !strings.Contains(q.Text, " and ") || !strings.Contains(q.Text, "file.name") || q.Assumed != nil {
		t.Errorf("as the language says: %s, assumed %v, %v", q.Text, q.Assumed, err)
	}
	q, err = identity.Translate(parse(t, text), query.KQL)
	if err != nil || strings.Contains(q.Text, " and ") || strings.Contains(q.Text, "file.name") || !q.Exact() || len(q.Assumed) != 2 {
		t.Errorf("with the identity of files: %s, lossy %v, assumed %v, %v", q.Text, q.Lossy, q.Assumed, err)
	}
	if b, err := json.Marshal(q); err != nil || !strings.Contains(string(b), `"lossy":[],"assumed":[{"at":`) {
		t.Errorf("in JSON: %s, %v", b, err)
	}
	_, err = identity.Translate(parse(t, "[file:hashes.MD5 = 'a1' AND file:hashes.MD5 = 'a2']"), query.KQL)
	if fault, ok := errors.AsType[*query.UntranslatableError](err); !ok || fault.Path == "" || fault.Reason == "" {
		t.Errorf("two hashes of one algorithm: %v", err)
	}
}

// TestTypeGuard: a type beside its value is no condition, in any mode.
func TestTypeGuard(t *testing.T) {
	set := translator(t, query.Options{}).TranslateAll(parse(t, "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.9']"))
	for lang, r := range set.All() {
		if r.Err != nil || !r.Query.Exact() || !strings.Contains(r.Query.Text, "destination.ip") {
			t.Errorf("%s: %s, %v", lang, r.Query.Text, r.Err)
		}
	}
	never := parse(t, "[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '203.0.113.9']")
	if _, err := translator(t, query.Options{}).Translate(never, query.KQL); err == nil {
		t.Error("a type that contradicts the value has a query")
	}
	if q, err := translator(t, query.Options{AllowEmpty: true}).Translate(never, query.DSL); err != nil || !q.Empty {
		t.Errorf("the empty query is %v, %v", q, err)
	}
}

func parse(t *testing.T, text string) *pattern.Pattern {
	t.Helper()
	p, err := pattern.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
