package query_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/opencti-elastic/opencti-elastic/rules/query"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// hostile is texts that break out of careless queries, or are read by a server in a way of its own.
var hostile = []string{
	"", " ", "*", "?", "a*b", "a?b", `\`, `a\`, `a\b`, `"`, `a"b`, `"""`, `'`, "a\nb", "\n", "\r\n", "a\tb", "\x00", "a\x00b",
	"\u2028", "\u3000", "a:b", "(a)", "[a TO b]", "{a}", "a|b", "//x", "/*x*/", "/.*/", "x OR y", `x" OR "y`, `" or *:*`, `") | LIMIT 1 //`,
	"AND", "or", "not", "NOT a", "-5", "+a", "!a", "~", "^2", "<5", ">=5", "a&&b", "a||b", "@", "#", "&", "<1-5>", "TO", "1.2.3.4/8",
	"é", "日本", "😀", "a😀b", "%", "_", "$a", `]}}}`, `a","b`, `${x}`, "[any where true]", "null", "true", "\u0001a",
}

// plain is texts of the kind that patterns hold.
var plain = []string{
	"evil.exe", "evil.dll", "EVIL.EXE", "svchost.exe", "a b.exe", "evil.example", "www.evil.example", "Evil.Example", "mail@evil.example",
	"https://evil.example/a/b?c=d", "https://evil.example/", "http://198.51.100.7/x", `C:\Windows\System32`, `C:\Program Files\Evil\evil.exe`,
	"/usr/bin/evil", "cmd.exe /c whoami", "powershell -enc AAAA", "CN=Evil, O=Example", "tcp", "GET", "POST", "1000", "S-1-5-18",
	"d41d8cd98f00b204e9800998ecf8427e", "D41D8CD98F00B204E9800998ECF8427E", "44d88612fea8a8f36de82e1278abb02f", "foo\nbar", "foo\n", "abc", "abcabc", "foo-bar_baz",
}

var addresses = []string{
	"198.51.100.7", "198.51.100.70", "198.51.101.7", "10.0.0.1", "10.1.2.3", "192.0.2.1", "203.0.113.255", "::1", "::2", "2001:db8::1",
	"2001:db8:1::5", "2001:db8:0:1::", "fe80::1", "19ab::1", "::198", "1.2.3.4",
}

var blocks = []string{"198.51.100.0/24", "10.0.0.0/8", "0.0.0.0/0", "::/64", "::/0", "2001:db8::/32", "198.51.100.7/32", "::1/128", "fe80::/10"}

var numbers = []string{"0", "1", "-1", "-5", "80", "443", "371712", "9223372036854775807", "-9223372036854775808", "92233720368547758070", "443.0", "443.5", "-0.5", "0.0"}

var instants = []string{"2026-01-01T00:00:00Z", "2026-01-01T00:00:00.001Z", "2026-03-04T05:06:07Z", "2026-03-04T05:06:07.125Z", "2026-03-04T00:00:00Z", "2020-02-29T23:59:59.999Z"}

var macs = []string{"00-00-5E-00-53-23", "00-00-5E-00-53-24", "AA-BB-CC-DD-EE-FF"}

var serials = []string{"4C0B1D", "00AF", "0123456789ABCDEF"}

var keys = []string{
	`HKLM\SOFTWARE\A`, `HKLM\SOFTWARE\A\Debugger`, `HKLM\SOFTWARE\A\B\C`, `HKCU\Software\Run`, `HKCU\Software\Run\evil`, `HKU\S-1-5-18`,
	`HKLM`, `HKLM\SYSTEM\CurrentControlSet\Services\evil svc\ImagePath`, `HKCR\*\shell`,
}

var longKeys = []string{
	`HKEY_LOCAL_MACHINE\SOFTWARE\A`, `HKEY_LOCAL_MACHINE\SOFTWARE`, `HKEY_CURRENT_USER\Software\Run`, `HKEY_LOCAL_MACHINE`,
	`HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\evil svc`, `HKEY_CLASSES_ROOT\*`, `HKLM\SOFTWARE\A`, `HKEY_USERS\S-1-5-18`, `SOFTWARE\A`,
}

// generator makes random patterns and events, the same for the same seed.
type generator struct {
	*rand.Rand
	table   query.Table
	objects []string
}

func newGenerator(seed uint64, m *query.Mapping) *generator {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 5)), table: m.Table()}
	g.objects = slices.Sorted(maps.Keys(g.table.Objects))
	return g
}

func pickOne[T any](g *generator, from []T) T { return from[g.IntN(len(from))] }

// transforms is how the values of each field are written.
func (g *generator) transforms() map[string]query.Transform {
	out := map[string]query.Transform{}
	for _, paths := range g.table.Objects {
		for _, e := range paths {
			for _, f := range e.Fields {
				if e.Transform != "" && (out[f] == "" || e.Transform == query.Lower) {
					out[f] = e.Transform
				}
			}
		}
	}
	return out
}

// events makes events with values of the kind that each field holds.
func (g *generator) events(n int) []event {
	transforms := g.transforms()
	fields := slices.Sorted(maps.Keys(g.table.Types))
	out := make([]event, n)
	for i := range out {
		e := event{"@timestamp": {pickOne(g, instants)}}
		for range 8 + g.IntN(50) {
			f := pickOne(g, fields)
			if e[f] != nil {
				continue
			}
			count := 1
			if g.IntN(4) == 0 {
				count = 2 + g.IntN(2)
			}
			for range count {
				e[f] = append(e[f], g.value(g.table.Types[f], transforms[f]))
			}
		}
		out[i] = e
	}
	return out
}

func (g *generator) value(typ query.Type, tr query.Transform) any {
	switch typ {
	case query.IP:
		return pickOne(g, addresses)
	case query.Long:
		return pickOne(g, []int64{0, 1, -1, -5, 80, 443, 444, 371712, 9223372036854775807, -9223372036854775808})
	case query.Date:
		return pickOne(g, instants)
	}
	switch tr {
	case query.MAC:
		return pickOne(g, macs)
	case query.Serial:
		return pickOne(g, serials)
	case query.Registry:
		return pickOne(g, keys)
	case query.Lower:
		return strings.ToLower(g.text())
	case query.Upper:
		return strings.ToUpper(g.text())
	}
	return g.text()
}

func (g *generator) text() string {
	if g.IntN(3) == 0 {
		return pickOne(g, hostile)
	}
	return pickOne(g, plain)
}

// pattern makes a pattern of single events, perhaps with OR between observations and START STOP.
func (g *generator) pattern() string {
	s := "[" + g.expr(2) + "]"
	if g.IntN(8) == 0 {
		s = "(" + s + " OR [" + g.expr(1) + "])"
	}
	if g.IntN(10) == 0 {
		s += " START t'2026-01-01T00:00:00.001Z' STOP t'2026-03-04T05:06:07.125Z'"
	}
	return s
}

func (g *generator) expr(depth int) string {
	if depth == 0 || g.IntN(2) == 0 {
		return g.comparison(pickOne(g, g.objects))
	}
	object := pickOne(g, g.objects)
	word := pickOne(g, []string{" AND ", " OR "})
	var parts []string
	for range 2 + g.IntN(2) {
		switch g.IntN(4) {
		case 0:
			parts = append(parts, "("+g.expr(depth-1)+")")
		case 1:
			parts = append(parts, g.comparison(pickOne(g, g.objects)))
		default:
			parts = append(parts, g.comparison(object))
		}
	}
	return strings.Join(parts, word)
}

func quoted(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// comparison makes a comparison that fits the path's fields, most of the time.
func (g *generator) comparison(object string) string {
	paths := slices.Sorted(maps.Keys(g.table.Objects[object]))
	path := pickOne(g, paths)
	e := g.table.Objects[object][path]
	lhs := object + ":" + path
	not := pickOne(g, []string{"", "", "", "NOT "})
	if g.IntN(15) == 0 {
		return "EXISTS " + lhs
	}
	typ := g.table.Types[e.Fields[0]]
	if e.Transform == query.IPOrDomain && g.IntN(2) == 0 {
		typ = query.Keyword
	}
	var literal func() string
	ops := []string{"=", "=", "!=", "IN", "IN"}
	switch typ {
	case query.IP:
		literal = func() string { return quoted(g.addressText()) }
		ops = append(ops, "ISSUBSET", "ISSUPERSET", "LIKE", "MATCHES", "<", ">=")
	case query.Long:
		literal = func() string {
			if n := pickOne(g, numbers); g.IntN(6) > 0 {
				return n
			}
			return quoted(pickOne(g, numbers))
		}
		ops = append(ops, "<", "<=", ">", ">=")
	case query.Date:
		literal = func() string { return "t" + quoted(pickOne(g, instants)) }
		ops = append(ops, "<", "<=", ">", ">=")
	default:
		literal = func() string { return quoted(g.literalText(e.Transform)) }
		ops = append(ops, "LIKE", "LIKE", "LIKE", "MATCHES", "MATCHES", "<", "<=", ">", ">=")
	}
	switch op := pickOne(g, ops); op {
	case "IN":
		var set []string
		for range 1 + g.IntN(4) {
			set = append(set, literal())
		}
		return lhs + " " + not + "IN (" + strings.Join(set, ", ") + ")"
	case "LIKE":
		return lhs + " " + not + "LIKE " + quoted(g.likeText(typ, e.Transform))
	case "MATCHES":
		return lhs + " " + not + "MATCHES " + quoted(g.matchText(typ, e.Transform))
	case "ISSUBSET", "ISSUPERSET":
		return lhs + " " + not + op + " " + quoted(pickOne(g, append(blocks, addresses...)))
	default:
		return lhs + " " + not + op + " " + literal()
	}
}

func (g *generator) addressText() string {
	switch g.IntN(8) {
	case 0:
		return pickOne(g, blocks)
	case 1:
		return g.text()
	}
	return pickOne(g, addresses)
}

func (g *generator) literalText(tr query.Transform) string {
	switch {
	case g.IntN(6) == 0:
		return g.text()
	case tr == query.MAC:
		return pickOne(g, append([]string{"00:00:5e:00:53:23", "aa:bb:cc:dd:ee:ff"}, macs...))
	case tr == query.Serial:
		return pickOne(g, append([]string{"4c:0b:1d", "00:af"}, serials...))
	case tr == query.Registry:
		return pickOne(g, longKeys)
	}
	return g.text()
}

// likeText makes a pattern of LIKE by blurring a literal.
func (g *generator) likeText(typ query.Type, tr query.Transform) string {
	if typ == query.IP {
		return pickOne(g, []string{"198.51.%", "198.51.100._", "%.7", "%", "10.%", "2001:db8:%", "19%", "1_8.51.100.7%", "fe80:%", "198.51.100.7", "%:%"})
	}
	text := []rune(g.literalText(tr))
	from := 0
	if len(text) > 0 {
		from = g.IntN(len(text))
	}
	to := from + g.IntN(len(text)-from+1)
	switch g.IntN(6) {
	case 0:
		return "%" + string(text[from:to]) + "%"
	case 1:
		return string(text[:to]) + "%"
	case 2:
		return "%" + string(text[from:])
	case 3:
		return string(text[:from]) + "%" + string(text[to:])
	case 4:
		if len(text) > 0 {
			text[from] = '_'
		}
		return string(text)
	}
	return string(text)
}

// matchText makes an expression that Go's package regexp and PCRE read alike, but for $.
func (g *generator) matchText(typ query.Type, tr query.Transform) string {
	if typ == query.IP {
		return pickOne(g, []string{`^198\.51\.`, `^10\.`, `\.7$`, `^198\.51\.100\.(7|70)$`, `.*`, `^2001:db8:`, `^192\.0\.2\.[0-9]+$`})
	}
	text := []rune(g.literalText(tr))
	from := 0
	if len(text) > 0 {
		from = g.IntN(len(text))
	}
	to := from + g.IntN(len(text)-from+1)
	part := regexpQuote(string(text[from:to]))
	switch g.IntN(12) {
	case 0:
		return "^" + regexpQuote(string(text)) + "$"
	case 1:
		return "^" + regexpQuote(string(text[:to])) + ".*" + regexpQuote(string(text[to:])) + "$"
	case 2:
		return "(?i)" + part
	case 3:
		return "(" + part + "|" + regexpQuote(g.literalText(tr)) + ")$"
	case 4:
		return `(^|[\\/.])` + part
	case 5:
		return part + "[a-z0-9.]+$"
	case 6:
		return `\bevil\b`
	case 7:
		return "^[^a-e]*" + part
	case 8:
		return `^\w+[.]\w{3}$`
	case 9:
		return "y" + part + "z?x{0,2}"
	case 10:
		return fmt.Sprintf(`\d{%d,}|%s`, g.IntN(4), part)
	}
	return part
}

func regexpQuote(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(`\.+*?()|[]{}^$/-"`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// mustParse parses a generated pattern.
func mustParse(s string) *pattern.Pattern {
	p, err := pattern.Parse(s)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", s, err))
	}
	return p
}
