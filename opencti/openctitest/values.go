package openctitest

import (
	"fmt"
	"strings"
)

// word makes a name; hostile ones if the history is to hold some.
func (g *generator) word() string {
	syllables := [...]string{"ra", "ven", "co", "bal", "lo", "ki", "tur", "ma", "ze", "nit", "do", "gri", "sha", "pol"}
	var b strings.Builder
	for range 2 + g.rng.IntN(3) {
		b.WriteString(syllables[g.rng.IntN(len(syllables))])
	}
	g.serial++
	fmt.Fprintf(&b, "-%04x", g.serial)
	if g.cfg.Hostile && g.rng.IntN(3) == 0 {
		b.WriteString(hostile[g.rng.IntN(len(hostile))])
	}
	return b.String()
}

// hostile are texts that break careless code.
var hostile = [...]string{
	`"; DROP`, `' or '1'='1`, `\`, `\\"`, "\n\r\n\r\ndata: x", "\t", "\u2028\u2029\u0085", "\x00", "\x01\x1b[31m",
	`</script><script>alert(1)</script>`, `${jndi:ldap://x}`, `{{7*7}}`, "\U0001F480 日本語 العربية", "e\u0301\u202etxt.exe",
	`* OR *:*`, `) or true or (`, `" where true //`, "`|drop", `%00%2e%2e/`, `../../etc/passwd`, "\ufeff", `{"a":1}`, `"""`,
}

func (g *generator) hex(n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[g.rng.IntN(16)]
	}
	return string(b)
}

func (g *generator) digits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + g.rng.IntN(10))
	}
	return string(b)
}

func (g *generator) ipv4() string {
	return fmt.Sprintf("%d.%d.%d.%d", 1+g.rng.IntN(223), g.rng.IntN(256), g.rng.IntN(256), 1+g.rng.IntN(254))
}

func (g *generator) ipv6() string {
	return fmt.Sprintf("2001:db8:%x:%x::%x", g.rng.IntN(1<<16), g.rng.IntN(1<<16), 1+g.rng.IntN(1<<16))
}

// plain is a word without hostile parts, for host names and the like.
func (g *generator) plain() string {
	was := g.cfg.Hostile
	g.cfg.Hostile = false
	defer func() { g.cfg.Hostile = was }()
	return g.word()
}

func (g *generator) domain() string {
	tlds := [...]string{"com", "net", "org", "co.uk", "info", "xyz", "example"}
	return g.plain() + "." + tlds[g.rng.IntN(len(tlds))]
}

func (g *generator) url() string {
	schemes := [...]string{"http", "https"}
	return schemes[g.rng.IntN(2)] + "://" + g.domain() + "/" + g.hex(6) + "/gate.php?id=" + g.digits(4)
}

func (g *generator) mac() string {
	h := g.hex(12)
	return strings.Join([]string{h[:2], h[2:4], h[4:6], h[6:8], h[8:10], h[10:]}, ":")
}

func (g *generator) hashes() map[string]any {
	all := map[string]any{"MD5": g.hex(32), "SHA-1": g.hex(40), "SHA-256": g.hex(64)}
	switch g.rng.IntN(4) {
	case 0:
		all["SHA-512"], all["SSDEEP"] = g.hex(128), "96:"+g.hex(20)+":"+g.hex(12)
	case 1:
		delete(all, "MD5")
	case 2:
		return map[string]any{"SHA-256": all["SHA-256"]}
	}
	return all
}

func (g *generator) labels() []string {
	all := [...]string{"c2", "cobalt-strike", "ransomware", "phishing", "apt", "loader", "detect"}
	var out []string
	for range g.rng.IntN(3) {
		out = append(out, all[g.rng.IntN(len(all))])
	}
	if g.cfg.Hostile && g.rng.IntN(4) == 0 {
		out = append(out, g.word())
	}
	return out
}

// decorate adds what any object can have: markings, author, labels, description, references. Where they
// sit depends on the kind of object.
func (g *generator) decorate(t *thing, place map[string]any) {
	if n := g.rng.IntN(3); n > 0 {
		marks := []string{g.marks[g.rng.IntN(5)]}
		if n == 2 && g.rng.IntN(3) == 0 {
			marks = append(marks, g.marks[5])
		}
		t.root["object_marking_refs"] = marks
	}
	if g.rng.IntN(4) > 0 {
		place["created_by_ref"] = g.authors[g.rng.IntN(len(g.authors))]
	}
	if labels := g.labels(); labels != nil {
		place["labels"] = labels
	}
	if g.rng.IntN(3) == 0 {
		place["description"] = "Seen in the campaign " + g.word()
	}
	if g.rng.IntN(4) == 0 {
		place["external_references"] = []any{map[string]any{"source_name": "Report " + g.word(), "url": g.url(), "external_id": g.digits(5)}}
	}
	if g.rng.IntN(2) == 0 {
		t.octi["creator_ids"] = []string{"88ec0c6a-13ce-4e39-b486-354fe4a7084f"}
	}
}
