package rules_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/opencti-elastic/opencti-elastic/rules"
)

// hostile is texts that try to be more than texts.
func hostile() []string {
	return []string{
		"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[click](javascript:alert(1))", "![x](https://evil.example/pixel.png)",
		"!{investigate{\"label\":\"x\"}}", "!{osquery{\"query\":\"select 1\"}}", "{{context.rule.name}} ${x}", "a\x00b\x07c\x1b[31m", "a\r\nb\u2028c\u2029d",
		"\u202egnp.exe", "zero\u200bwidth", "```\n# heading\n```", "# heading", "- list", "1. list", "| a | b |\n|---|---|", "**bold** _it_ ~~s~~", "https://evil.example/",
		rules.NoteMarker, "x\n" + rules.NoteMarker + "\nmine", "\xff\xfe", strings.Repeat("é", 5000), "   ", "[a]\n[b]: https://evil.example",
	}
}

func TestHostileTexts(t *testing.T) {
	for _, s := range hostile() {
		t.Run(clipName(s), func(t *testing.T) { checkHarmless(t, s) })
	}
}

func clipName(s string) string {
	if len(s) > 40 {
		s = s[:40]
	}
	return strings.ToValidUTF8(s, "?")
}

func FuzzHostileTexts(f *testing.F) {
	for _, s := range hostile() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkHarmless(t, s) })
}

// checkHarmless puts a text wherever one can stand and looks at what comes out.
func checkHarmless(t *testing.T, s string) {
	t.Helper()
	b := newBuilder(t, rules.Options{OpenCTIURL: "https://cti.example.org", References: hostileNames(s)})
	o := indicator(t, values{
		"name": s, "description": s, "labels": []string{s, "c2"}, "indicator_types": []string{s},
		"external_references": []values{{"source_name": s, "url": "https://example.org/a(b)"}, {"source_name": "x", "url": s}, {"source_name": "mitre-attack", "external_id": "T1059", "description": s}},
		"octi":                values{"main_observable_type": s},
	})
	r, err := b.Build(o)
	if err != nil {
		t.Fatalf("a hostile text costs the rule: %v", err)
	}
	c := r.Base()
	if c.Name == "" || c.Description == "" || len(c.Name) > 300 {
		t.Errorf("name %q, description %q", c.Name, c.Description)
	}
	for _, text := range append([]string{c.Name, c.Description, c.Threat[0].Techniques[0].Name}, append(c.Tags, c.Author...)...) {
		if strings.ContainsAny(text, "<>`") || strings.Contains(text, "](") || strings.Contains(text, "{{") || strings.Contains(text, "!{") || strings.Contains(text, "![") {
			t.Errorf("markup is left in %q", text)
		}
		checkCharacters(t, text)
	}
	for _, u := range c.References {
		if !strings.HasPrefix(u, "https://") && !strings.HasPrefix(u, "http://") {
			t.Errorf("reference %q", u)
		}
	}
	checkNote(t, c.Note)
}

func checkNote(t *testing.T, note string) {
	t.Helper()
	checkCharacters(t, note)
	if strings.Count(note, rules.NoteMarker) != 1 || !strings.HasSuffix(note, rules.NoteMarker) {
		t.Errorf("the marker isn't the end of the note:\n%s", note)
	}
	for line := range strings.Lines(note) {
		switch {
		case strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "## Indicator from OpenCTI") && !strings.HasPrefix(line, "### Pattern (") &&
			!strings.HasPrefix(line, "### References") && !strings.HasPrefix(line, "### What to know") && !strings.HasPrefix(line, rules.NoteMarker):
			t.Errorf("a heading that isn't ours: %q", line)
		case strings.ContainsAny(line, "<>") || strings.Contains(line, "!{") || strings.Contains(line, "!["):
			t.Errorf("markup in %q", line)
		case strings.Contains(line, "](") && !strings.HasPrefix(line, "- ["):
			t.Errorf("a link that isn't ours: %q", line)
		}
	}
}

func checkCharacters(t *testing.T, s string) {
	t.Helper()
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' || r >= 0x202a && r <= 0x202e || r == 0x200b || r == 0x2028 || r == 0x2029 {
			t.Errorf("character %U in %q", r, s)
		}
	}
}

type hostileNames string

func (h hostileNames) Author(string) (name, class string, ok bool) { return string(h), "x", true }
func (h hostileNames) Marking(string) (name, kind string, ok bool) { return string(h), "x", true }

func TestPatternCannotLeaveItsFence(t *testing.T) {
	pattern := "[file:name = '\n```\n# heading\n" + rules.NoteMarker + "\n!{osquery{}}'] "
	r, err := newBuilder(t, rules.Options{}).Build(indicator(t, values{"pattern": pattern}))
	if err != nil {
		t.Fatal(err)
	}
	note := r.Base().Note
	if strings.Count(note, rules.NoteMarker) != 1 || strings.Contains(note, "!{") || !strings.Contains(note, "\n````text\n") {
		t.Errorf("note:\n%s", note)
	}
}

func TestMergeNote(t *testing.T) {
	made := "new\n" + rules.NoteMarker
	tests := []struct{ name, current, want string }{
		{"nothing there", "", made},
		{"ours", "old\n" + rules.NoteMarker, made},
		{"text below", "old\n" + rules.NoteMarker + "\nmine", made + "\nmine"},
		{"marker gone", "mine", made + "\n\nmine"},
		{"marker twice", "old\n" + rules.NoteMarker + "\na\n" + rules.NoteMarker + "\nb", made + "\na\n" + rules.NoteMarker + "\nb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := rules.MergeNote(made, tt.current); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
