package openctitest

import (
	"fmt"
	"strings"
	"time"
)

// made is the pattern of an indicator with what OpenCTI derives from it.
type made struct {
	pattern, name, main string
	// values are the observable_values; nil on older platforms and for what was not understood.
	values []any
}

// patternKind is one kind of pattern.
type patternKind struct {
	language string
	weight   int
	make     func(g *generator) made
}

// quote writes a STIX text.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

func equals(path, entity string, f func(*generator) string) func(*generator) made {
	return func(g *generator) made {
		v := f(g)
		return made{"[" + path + " = " + quote(v) + "]", v, entity, []any{map[string]any{"type": entity, "value": v}}}
	}
}

func query(form string, f ...func(*generator) string) func(*generator) made {
	return func(g *generator) made {
		var args []any
		for _, make := range f {
			args = append(args, make(g))
		}
		return made{pattern: fmt.Sprintf(form, args...), name: "Hunt " + g.word(), main: "Unknown"}
	}
}

// patternKinds are patterns of all languages, simple STIX ones most often.
var patternKinds = []patternKind{
	{"stix", 20, equals("ipv4-addr:value", "IPv4-Addr", (*generator).ipv4)},
	{"stix", 3, equals("ipv6-addr:value", "IPv6-Addr", (*generator).ipv6)},
	{"stix", 1, equals("ipv4-addr:value", "IPv4-Addr", func(g *generator) string { return g.ipv4() + "/16" })},
	{"stix", 14, equals("domain-name:value", "Domain-Name", (*generator).domain)},
	{"stix", 10, equals("url:value", "Url", (*generator).url)},
	{"stix", 10, fileHash},
	{"stix", 2, fileHashes},
	{"stix", 2, equals("email-addr:value", "Email-Addr", func(g *generator) string { return g.plain() + "@" + g.domain() })},
	{"stix", 2, equals("mutex:name", "Mutex", (*generator).word)},
	{"stix", 2, equals("file:name", "StixFile", func(g *generator) string { return g.word() + ".exe" })},
	{"stix", 1, equals("windows-registry-key:key", "Windows-Registry-Key", func(g *generator) string { return `HKEY_CURRENT_USER\Software\` + g.word() })},
	{"stix", 1, equals("hostname:value", "Hostname", (*generator).plain)},
	{"stix", 1, equals("user-agent:value", "User-Agent", (*generator).word)},
	{"stix", 2, query("[ipv4-addr:value = '%s' OR domain-name:value = '%s']", (*generator).ipv4, (*generator).domain)},
	{"stix", 2, query("[network-traffic:dst_ref.value = '%s' AND network-traffic:dst_port = 443]", (*generator).ipv4)},
	{"stix", 1, query("[file:name = '%s.exe' AND file:size > 1000] AND [ipv4-addr:value = '%s']", (*generator).plain, (*generator).ipv4)},
	{"stix", 1, query("([domain-name:value = '%s'] FOLLOWEDBY [file:hashes.'SHA-256' = '%s']) WITHIN 300 SECONDS", (*generator).domain, hex(64))},
	{"stix", 1, query("[url:value LIKE '%%/%s/%%'] REPEATS 5 TIMES WITHIN 60 SECONDS", hex(6))},
	{"stix", 1, query("[process:command_line MATCHES '^powershell.*%s']", (*generator).plain)},
	{"stix", 1, query("[ipv4-addr:value ISSUBSET '%s/24']", (*generator).ipv4)},
	{"stix", 1, query("[domain-name:value IN ('%s', '%s') AND NOT domain-name:value = 'x.example']", (*generator).domain, (*generator).domain)},
	{"kql", 2, query(`destination.ip : "%s" and process.name : *.exe`, (*generator).ipv4)},
	{"lucene", 2, query(`destination.domain:"%s" AND NOT source.ip:10.0.0.0\/8`, (*generator).domain)},
	{"eql", 2, query(`sequence by host.id [network where destination.ip == "%s"] [process where true]`, (*generator).ipv4)},
	{"esql", 2, query(`FROM logs-* | WHERE destination.ip == "%s" | KEEP host.name`, (*generator).ipv4)},
	{"sigma", 2, query("title: Hunt\nlogsource:\n  category: process_creation\ndetection:\n  sel:\n    Image: '*\\%s.exe'\n  condition: sel\n", (*generator).plain)},
	{"yara", 2, query("rule r { strings: $a = { %s } condition: $a }", hex(16))},
	{"snort", 1, query(`alert tcp any any -> %s any (msg:"c2"; sid:1;)`, (*generator).ipv4)},
	{"suricata", 1, query(`alert dns any any -> any any (dns.query; content:"%s"; sid:2;)`, (*generator).domain)},
	{"pcre", 1, query("/gate\\.php\\?id=%s/", digits(4))},
	{"spl", 1, query("index=main dest_ip=%s", (*generator).ipv4)},
	{"tanium-signal", 1, query("process.path contains '%s'", (*generator).plain)},
	{"shodan", 1, query("ssl.cert.serial:%s", digits(10))},
}

func fileHash(g *generator) made {
	algorithms := [...]struct {
		name string
		size int
	}{{"MD5", 32}, {"SHA-1", 40}, {"SHA-256", 64}}
	a := algorithms[g.rng.IntN(3)]
	v := g.hex(a.size)
	name := a.name
	if strings.Contains(name, "-") {
		name = quote(name)
	}
	return made{"[file:hashes." + name + " = " + quote(v) + "]", v, "StixFile",
		[]any{map[string]any{"type": "StixFile", "hashes": map[string]any{a.name: v}}}}
}

// fileHashes is one file by two of its hashes; the hashes as a list, as earlier versions send them.
func fileHashes(g *generator) made {
	md5, sha := g.hex(32), g.hex(64)
	return made{"[file:hashes.MD5 = " + quote(md5) + " OR file:hashes.'SHA-256' = " + quote(sha) + "]", sha, "StixFile",
		[]any{map[string]any{"type": "StixFile", "hashes": []any{
			map[string]any{"algorithm": "MD5", "hash": md5}, map[string]any{"algorithm": "SHA-256", "hash": sha},
		}}}}
}

// indicator makes one; one in twelve has expired, one in twenty is revoked.
func (g *generator) indicator() *thing {
	total := 0
	for _, k := range patternKinds {
		total += k.weight
	}
	n := g.rng.IntN(total)
	for _, k := range patternKinds {
		if n -= k.weight; n < 0 {
			return g.indicatorOf(k)
		}
	}
	return nil // the weights add up to the total
}

const century = 100 * 365 * 24 * time.Hour

func (g *generator) indicatorOf(k patternKind) *thing {
	t := g.thing("indicator", "indicator--"+g.uuid(), "Indicator")
	m := k.make(g)
	t.root["pattern"], t.root["pattern_type"], t.root["pattern_version"] = m.pattern, k.language, "2.1"
	t.root["name"], t.root["indicator_types"] = m.name, []string{"malicious-activity"}
	t.root["revoked"], t.root["confidence"], t.root["lang"] = g.rng.IntN(20) == 0, g.rng.IntN(101), "en"
	t.root["valid_from"], t.root["valid_until"] = g.date(-72*time.Hour), g.date(century)
	if g.rng.IntN(12) == 0 {
		t.root["valid_until"] = g.date(-time.Hour)
	}
	if g.rng.IntN(4) == 0 {
		t.root["kill_chain_phases"] = []any{map[string]any{"kill_chain_name": "mitre-attack", "phase_name": "command-and-control"}}
	}
	t.octi["score"], t.octi["detection"], t.octi["main_observable_type"] = g.rng.IntN(101), g.rng.IntN(2) == 0, m.main
	if m.values != nil {
		t.octi["observable_values"] = m.values
	}
	g.decorate(t, t.root)
	return t
}
