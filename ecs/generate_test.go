package ecs_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// generator makes ordinary objects of all types: the golden ones with other values.
type generator struct {
	*rand.Rand
	templates []map[string]any
	odd       []jsontext.Value
}

func newGenerator(t testing.TB, seed uint64) *generator {
	t.Helper()
	g := &generator{Rand: rand.New(rand.NewPCG(seed, seed)), odd: hostile()}
	for _, golden := range goldens(t) {
		var object map[string]any
		if err := json.Unmarshal(golden.object.Raw(), &object); err != nil {
			t.Fatal(err)
		}
		g.templates = append(g.templates, object)
	}
	return g
}

func one[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }

func (g *generator) word() string {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	b := make([]byte, 1+g.IntN(12))
	for i := range b {
		b[i] = letters[g.IntN(len(letters))]
	}
	return string(b)
}

func (g *generator) hex(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = one(g, []byte("0123456789abcdefABCDEF")...)
	}
	return string(b)
}

func (g *generator) uuid() string {
	s := strings.ToLower(g.hex(30))
	return s[:8] + "-" + s[8:12] + "-4" + s[12:15] + "-8" + s[15:18] + "-" + s[18:30]
}

func (g *generator) ip() string {
	if g.IntN(3) == 0 {
		return fmt.Sprintf("2001:db8:%x:%x::%X", g.IntN(65536), g.IntN(65536), g.IntN(65536))
	}
	return fmt.Sprintf("%d.%d.%d.%d", g.IntN(256), g.IntN(256), g.IntN(256), g.IntN(256))
}

func (g *generator) domain() string {
	return one(g, "", "WWW.", g.word()+".", g.word()+"."+g.word()+".") + g.word() + one(g, ".com", ".co.uk", ".example", ".github.io", ".де", ".lan", ".org.")
}

func (g *generator) url() string {
	return one(g, "http://", "https://", "hxxp://", "ftp://", "HTTPS://") + one(g, g.domain(), g.ip(), "["+"2001:db8::1]", "u:p@"+g.domain(), strings.ReplaceAll(g.domain(), ".", "[.]")) +
		one(g, "", ":8080", ":65536", ":443") + one(g, "", "/", "/"+g.word()+"/"+g.word()+".php", "/ä ö", "/%zz", "/a.tar.gz") + one(g, "", "?", "?a=b&c=[.]", "#frag", "?q#f")
}

func (g *generator) value() string {
	switch g.IntN(9) {
	case 0, 1:
		return g.ip()
	case 2, 3:
		return g.domain()
	case 4:
		return g.url()
	case 5:
		return g.hex(one(g, 32, 40, 64, 96, 128, 31))
	case 6:
		return g.word() + "@" + g.domain()
	case 7:
		return g.ip() + fmt.Sprintf("/%d", g.IntN(129))
	}
	return one(g, "00:00:5e:00:53:23", `HKLM\Software\`+g.word(), `C:\`+g.word()+".exe", "…", "a \"quoted\"\ttext", "*."+g.domain())
}

func (g *generator) comparison() string {
	quoted := func(s string) string {
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
	}
	path := one(g, "ipv4-addr:value", "ipv6-addr:value", "domain-name:value", "hostname:value", "url:value", "file:name", "file:hashes.MD5", "file:hashes.'SHA-256'",
		"email-addr:value", "email-message:from_ref.value", "network-traffic:dst_ref.value", "windows-registry-key:key", "mutex:name", "x509-certificate:serial_number", "user-account:user_id", "process:command_line")
	switch g.IntN(8) {
	case 0:
		return path + " IN (" + quoted(g.value()) + ", " + quoted(g.value()) + ")"
	case 1:
		return path + one(g, " != ", " LIKE ", " MATCHES ", " ISSUBSET ") + quoted(g.value())
	case 2:
		return one(g, "file:size", "network-traffic:dst_port", "autonomous-system:number") + fmt.Sprintf(" = %d", g.IntN(70000))
	}
	return path + " = " + quoted(g.value())
}

func (g *generator) pattern() string {
	s := "[" + g.comparison()
	for g.IntN(2) == 0 {
		s += one(g, " OR ", " AND ") + g.comparison()
	}
	s += "]"
	switch g.IntN(6) {
	case 0:
		s += one(g, " OR ", " AND ", " FOLLOWEDBY ") + "[" + g.comparison() + "]"
	case 1:
		s = "(" + s + ")" + one(g, " WITHIN 5 SECONDS", " REPEATS 3 TIMES", " START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'")
	}
	return s
}

func (g *generator) date() string {
	return fmt.Sprintf("20%02d-%02d-%02dT%02d:00:00%sZ", g.IntN(100), 1+g.IntN(12), 1+g.IntN(28), g.IntN(24), one(g, "", ".5", ".123456"))
}

// object makes one object.
func (g *generator) object(t testing.TB) *stix.Object {
	t.Helper()
	b, err := json.Marshal(g.vary("", one(g, g.templates...)), json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	o, err := stix.DecodeObject(b)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// vary copies a value, with other ones where that keeps the object ordinary.
func (g *generator) vary(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for _, k := range sorted(v) {
			e := v[k]
			if name == "" && (k == "type" || k == "id" || k == "extensions") || g.IntN(8) > 0 {
				out[k] = g.vary(k, e)
			}
		}
		if id, ok := out["id"].(string); ok && strings.HasSuffix(name, "66a786ba") || name == "" {
			out["id"] = id
		}
		return out
	case []any:
		out := []any{}
		for _, e := range v {
			out = append(out, g.vary("", e))
		}
		if name == "labels" {
			out = append(out, g.word(), g.word())
		}
		return out
	case string:
		switch name {
		case "value", "name", "key", "path", "account_login", "serial_number":
			return g.value()
		case "pattern":
			return g.pattern()
		case "id":
			if kind, _, ok := strings.Cut(v, "--"); ok {
				return kind + "--" + g.uuid()
			}
			return g.uuid()
		case "created", "modified", "created_at", "updated_at", "valid_from", "valid_until", "ctime", "mtime":
			return g.date()
		case "MD5", "SHA-1", "SHA-256", "SHA-512":
			return g.hex(map[string]int{"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128}[name])
		}
	case float64:
		if name == "score" || name == "confidence" {
			return g.IntN(101)
		}
	}
	return v
}

// hostile is values that nobody sends, until somebody does.
func hostile() []jsontext.Value {
	quote := func(s string) jsontext.Value {
		b, _ := jsontext.AppendQuote(nil, s)
		return b
	}
	return []jsontext.Value{
		jsontext.Value(`null`), jsontext.Value(`true`), jsontext.Value(`0`), jsontext.Value(`-1`), jsontext.Value(`443.5`), jsontext.Value(`1e400`),
		jsontext.Value(`9223372036854775808`), jsontext.Value(`-9223372036854775809`), jsontext.Value(`18446744073709551616`),
		jsontext.Value(`""`), jsontext.Value(`" "`), jsontext.Value(`[]`), jsontext.Value(`{}`), jsontext.Value(`[null]`), jsontext.Value(`[[["deep"]]]`), jsontext.Value(`{"a.b":{"c":1}}`),
		jsontext.Value(`[1,"two",{"three":3},null,true]`), jsontext.Value(`"\ud800"`), jsontext.Value(`"\u0000"`), jsontext.Value(`"a\u0000b\u0007\u001b[31m"`),
		jsontext.Value(`"True"`), jsontext.Value(`"2026-13-45T99:99:99Z"`), jsontext.Value(`"0000-00-00"`), jsontext.Value(`"99999-01-01T00:00:00Z"`), jsontext.Value(`"2026-11-23"`),
		quote("10.0.0.0/8"), quote("01.2.3.4"), quote("1.2.3"), quote("1.2.3.4:80"), quote("fe80::1%eth0"), quote("::ffff:1.2.3.0/120"), quote("::ffff:1.2.3.4"), quote("10.0.0.0/33"),
		quote("hxxp://evil[.]com/[.]"), quote("hxxp[:]//a(dot)b"), quote("http://[::1"), quote("http://" + strings.Repeat("a", 40000)), quote("https://e.com/" + strings.Repeat("%41", 15000) + "." + strings.Repeat("x", 2000)),
		quote(strings.Repeat("x", 40000)), quote(strings.Repeat("ü", 20000)), quote(strings.Repeat("[ipv4-addr:value = '1.1.1.1'] OR ", 500) + "[a:b = 1]"),
		quote("*.com"), quote("a..b"), quote("."), quote("xn--"), quote("xn--a.xn--"), quote(strings.Repeat("a.", 200)), quote("\u202eevil\u2028line"), quote("İ.ẞ"),
		quote("HKEY_LOCAL_MACHINE"), quote(`\\\`), quote("@"), quote("a@b@c"), quote("AS1"), quote("zz:zz"), quote("'; DROP TABLE x; --"), quote("${jndi:ldap://x}"),
		quote("[ipv4-addr:value = '1.2.3.4' OR"), quote("[a:b = '\\"), quote("[ipv4-addr:value IN (" + strings.Repeat("'1.2.3.4',", 3000) + "'1.2.3.5')]"),
	}
}

// mutate makes a hostile object: one to four values of an ordinary one are replaced.
func (g *generator) mutate(t testing.TB) []byte {
	t.Helper()
	object := g.vary("", one(g, g.templates...)).(map[string]any)
	for range 1 + g.IntN(4) {
		g.spoil(object, 0)
	}
	b, err := json.Marshal(object, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sorted is the names of a map in an order that is always the same, so that a seed means the same objects.
func sorted(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

func (g *generator) spoil(object map[string]any, depth int) {
	var names []string
	for _, name := range sorted(object) {
		if depth > 0 || name != "type" && name != "id" || g.IntN(20) == 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	name := one(g, names...)
	if below, ok := object[name].(map[string]any); ok && g.IntN(6) > 0 {
		g.spoil(below, depth+1)
		return
	}
	object[name] = one(g, g.odd...)
}
