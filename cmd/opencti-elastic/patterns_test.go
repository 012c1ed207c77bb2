package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic/internal/config"
	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

// patternShapes is the shapes in which people and platforms write patterns: those of the README's page.
var patternShapes = []struct {
	title, text string
	patterns    []string
}{
	{"A value", "Values are written as events carry them: without the marks that make them harmless, in lower case where case says nothing, with both spellings where events have two.", []string{
		`[ipv4-addr:value = '203.0.113[.]7']`,
		`[ipv4-addr:value = '198.51.100.0/24']`,
		`[domain-name:value = 'Evil.Example.']`,
		`[domain-name:value = 'bücher.example']`,
		`[url:value = 'hxxp://Evil[.]Example/a?Q=1']`,
		`[url:value = 'evil.example/a']`,
		`[email-addr:value = 'Bob <a@evil.example>']`,
		`[user-account:account_login = 'CORP\\bob']`,
		`[autonomous-system:number = 'AS64512']`,
		`[windows-registry-key:key = '\\REGISTRY\\MACHINE\\Software\\Foo\\']`,
		`[ipv4-addr:value = '203.0.113.7:8080']`,
	}},
	{"A type beside its value", "The type is no condition. One that contradicts its value makes a pattern that nothing can satisfy.", []string{
		`[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.9']`,
		`[network-traffic:dst_ref.type IN ('ipv4-addr','ipv6-addr') AND network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = '8080']`,
		`[network-traffic:src_ref.value = '2001:db8::77']`,
		`[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '203.0.113.9']`,
	}},
	{"A file", "A hash identifies its file: of several any is enough, and what stands beside one is not asked (`ELASTIC_SECURITY_FILE_IDENTITY`). A name with directories is a path.", []string{
		`[file:hashes.MD5 = '5eb63bbbe01eeed093cb22bb8f5acdc3' AND file:hashes.'SHA-256' = 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9']`,
		`[file:name = 'x.exe' AND file:hashes.MD5 = '5eb63bbbe01eeed093cb22bb8f5acdc3']`,
		`[file:hashes.MD5 = '5eb63bbbe01eeed093cb22bb8f5acdc3' AND file:hashes.MD5 = '00000000000000000000000000000001']`,
		`[file:hashes.IMPHASH = '0123456789abcdef0123456789abcdef']`,
		`[file:name = 'C:\\Users\\Public\\svchost.exe']`,
		`[file:name = 'x.exe']`,
		`[file:name = 'x.exe' AND file:size = 4096]`,
	}},
	{"A certificate", "Names are taken apart. What the platform's own generator writes means what it means.", []string{
		`[x509-certificate:issuer = 'C=GB, O=Acme Limited, CN=Acme CA' AND x509-certificate:serial_number = '4c:0b:1d:19']`,
		`[x509-certificate:value = '2aae6c35c94fcfb415dbe95f408b9ce91ee846ed']`,
	}},
	{"Several values", "Only a value that alone satisfies the pattern is joined. What needs company is in `related`, and the rule asks for all of it.", []string{
		`[ipv4-addr:value = '203.0.113.7' OR domain-name:value = 'c2.example.org']`,
		`[ipv4-addr:value = '203.0.113.7'] WITHIN 60 SECONDS`,
		`[ipv4-addr:value = '203.0.113.7'] REPEATS 5 TIMES WITHIN 60 SECONDS`,
		`[domain-name:value = 'c2.example.org'] FOLLOWEDBY [file:name = 'x.exe']`,
		`[domain-name:value LIKE '%.evil.example']`,
	}},
	{"What no event shows", "Conditions that no event can show, patterns that match nearly everything and secrets: the rule, or the reason why there is none.", []string{
		`[email-message:from_ref.value = 'a@evil.example' AND email-message:from_ref.display_name = 'Bob']`,
		`[mutex:name = 'm']`,
		`[ipv4-addr:value ISSUBSET '0.0.0.0/0']`,
		`[ipv4-addr:value = '8.8.8.8']`,
		`[credential:value = 'hunter2' OR ipv4-addr:value = '203.0.113.66']`,
		`[url:value = 'http://bob:hunter2@evil.example/']`,
	}},
}

// TestREADMEPatterns holds the page of patterns against what the mapper and the builder make of them.
func TestREADMEPatterns(t *testing.T) {
	const begin, end = "<!-- patterns: made from the code; `go test ./cmd/... -update` writes it -->\n", "<!-- end of patterns -->"
	path := "../../README.md"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	page, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("README.md lacks the marks around the patterns")
	}
	want := patternsPage(t)
	if page == want {
		return
	}
	if !*update {
		t.Fatalf("README.md shows other documents or rules than the code makes; go test ./cmd/... -update (-want +got):\n%s", cmp.Diff(want, page))
	}
	if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func patternsPage(t *testing.T) string {
	t.Helper()
	s, err := app{stderr: io.Discard}.load("", func(*config.Config) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	refs := opencti.NewReferences(0)
	mapper, err := newMapper(s, refs)
	if err != nil {
		t.Fatal(err)
	}
	builder, err := newBuilder(s, refs)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, shape := range patternShapes {
		fmt.Fprintf(&b, "\n**%s.** %s\n\n| pattern | document | rule |\n| --- | --- | --- |\n", shape.title, shape.text)
		for _, pattern := range shape.patterns {
			quoted, err := json.Marshal(pattern)
			if err != nil {
				t.Fatal(err)
			}
			o, err := stix.DecodeObject([]byte(`{"type":"indicator","id":"indicator--1","name":"n","pattern_type":"stix","valid_from":"2026-11-01T00:00:00Z","pattern":` + string(quoted) + `}`))
			if err != nil {
				t.Fatal(err)
			}
			document, err := mapper.Map(o)
			if err != nil {
				t.Fatal(err)
			}
			line, err := document.AppendJSON(nil)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", code(pattern), documentCell(line), ruleCell(t, builder, o))
		}
	}
	b.WriteByte('\n')
	return b.String()
}

// documentCell shows what a document has of the pattern's values, and what it says of its rule.
func documentCell(document stix.Value) string {
	var parts []string
	indicator := document.Member("threat").Member("indicator")
	var walk func(prefix string, v stix.Value)
	walk = func(prefix string, v stix.Value) {
		for name, member := range v.Members() {
			if member.Kind() == '{' {
				walk(prefix+name+".", member)
				continue
			}
			if prefix != "url." || slices.Contains([]string{"full", "original", "domain"}, name) { // not the parts
				parts = append(parts, code(prefix+name)+" "+strings.Join(texts(member), ", "))
			}
		}
	}
	for name, member := range indicator.Members() {
		switch name {
		case "ip", "port", "email", "url", "file", "registry", "x509", "as":
			wrapped := stix.Value(`{"` + name + `":` + string(member) + `}`)
			walk("", wrapped)
		}
	}
	if len(parts) == 0 {
		walk("related.", document.Member("related"))
	}
	if ranges := texts(document.Member("opencti").Member("indicator").Member("range")); len(ranges) > 0 {
		parts = append(parts, code("opencti.indicator.range")+" "+strings.Join(ranges, ", "))
	}
	walk("opencti.rule.", document.Member("opencti").Member("rule"))
	if len(parts) == 0 {
		return "nothing joined"
	}
	return strings.Join(parts, "<br>")
}

func texts(v stix.Value) []string {
	var out []string
	one := func(e stix.Value) {
		if s, ok := e.Text(); ok {
			out = append(out, code(s))
		} else if len(e) > 0 {
			out = append(out, code(string(e)))
		}
	}
	if v.Kind() != '[' {
		one(v)
		return out
	}
	for e := range v.Elements() {
		one(e)
	}
	return out
}

func ruleCell(t *testing.T, builder *rules.Builder, o *stix.Object) string {
	t.Helper()
	rule, err := builder.Build(o)
	if none, ok := errors.AsType[*rules.NoRuleError](err); ok {
		return "none: " + none.Detail
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := rules.Marshal(rule)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := stix.Value(line).Member("query").Text()
	kind := rule.Type()
	if language, _ := stix.Value(line).Member("language").Text(); language != "" && language != kind {
		kind += ", " + language
	}
	if !rule.Base().Enabled {
		kind += ", switched off"
	}
	return kind + ": " + code(text)
}

// code is a text in a cell as it is. A line break is shown as a blank.
func code(s string) string {
	const longest = 300
	if runes := []rune(s); len(runes) > longest {
		s = string(runes[:longest]) + "…"
	}
	return "`" + strings.NewReplacer("|", `\|`, "\n", " ", "`", "'").Replace(s) + "`"
}
