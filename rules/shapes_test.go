package rules_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/rules"
)

// TestShapes says for patterns as people write them what the document joins, what the rule asks, and
// whether the managed rules of the policy match cover the pattern. An empty query is no rule.
func TestShapes(t *testing.T) {
	const (
		md5    = "5eb63bbbe01eeed093cb22bb8f5acdc3"
		sha1   = "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"
		sha256 = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
	)
	for _, row := range []struct {
		name, pattern string
		query         []string // parts of the rule's query, none for no rule
		not           []string // what it must not hold
		joined        string   // the values that the document joins
		word          string   // threat.indicator.type
		covered       bool
	}{
		{
			"address behind its guard", "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.201']",
			[]string{`destination.ip: "203.0.113.201"`},
			[]string{"source.ip", "ipv4-addr"}, "203.0.113.201", "ipv4-addr", true,
		},
		{
			"with a port as text", "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.202' AND network-traffic:dst_port = '8080']",
			[]string{`destination.ip: "203.0.113.202"`, `destination.port: 8080`}, nil, "", "ipv4-addr", false,
		},
		{
			"source", "[network-traffic:src_ref.type = 'ipv6-addr' AND network-traffic:src_ref.value = '2001:db8::77']",
			[]string{`source.ip: "2001:db8::77"`},
			[]string{"destination"}, "2001:db8::77", "ipv6-addr", true,
		},
		{
			"name behind its guard", "[network-traffic:dst_ref.type = 'domain-name' AND network-traffic:dst_ref.value = 'guard.example.net']",
			[]string{`destination.domain: "guard.example.net"`}, nil, "guard.example.net", "domain-name", true,
		},
		{"guard that contradicts", "[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '203.0.113.204']", nil, nil, "", "ipv4-addr", false},
		{
			"three hashes of one file", "[file:hashes.MD5 = '" + md5 + "' AND file:hashes.'SHA-1' = '" + sha1 + "' AND file:hashes.'SHA-256' = '" + sha256 + "']",
			[]string{`process.hash.sha256: "` + sha256, " or ", `file.hash.md5: "` + md5},
			[]string{" and "}, md5 + " " + sha1 + " " + sha256, "file", true,
		},
		{
			"name and hash", "[file:name = 'x.exe' AND file:hashes.'SHA-256' = '" + sha256 + "']",
			[]string{`file.hash.sha256: "` + sha256},
			[]string{"x.exe", " and "}, sha256, "file", true,
		},
		{"two of one algorithm", "[file:hashes.'SHA-256' = '" + sha256 + "' AND file:hashes.'SHA-256' = '" + strings.Repeat("0", 63) + "1']", nil, nil, "", "file", false},
		{
			"hash of a file and an address", "[file:hashes.'SHA-256' = '" + sha256 + "' AND ipv4-addr:value = '203.0.113.8']",
			[]string{`file.hash.sha256: "` + sha256, "203.0.113.8", " and "}, nil, "", "file", false,
		},
		{
			"bare destination", `[network-traffic:dst_ref.value = '198.51.100.9']`,
			[]string{`destination.ip: "198.51.100.9"`},
			[]string{`source`}, `198.51.100.9`, "ipv4-addr", true,
		},
		{
			"domain in upper case with a dot", `[domain-name:value = 'Evil.Example.']`,
			[]string{`dns.question.name: "evil.example"`},
			[]string{`Evil`}, `evil.example`, "domain-name", true,
		},
		{
			"name of two spellings", `[domain-name:value = 'bücher.example']`,
			[]string{`"xn--bcher-kva.example"`, `"bücher.example"`},
			[]string{}, `xn--bcher-kva.example bücher.example`, "domain-name", true,
		},
		{
			"defanged domain", `[domain-name:value = 'evil[.]example']`,
			[]string{`dns.question.name: "evil.example"`},
			[]string{`[.`}, `evil.example`, "domain-name", true,
		},
		{
			"defanged URL", `[url:value = 'hxxp://evil[.]example/a']`,
			[]string{`url.full: "http://evil.example/a"`},
			[]string{`hxxp`}, `http://evil.example/a evil.example`, "url", true,
		},
		{
			"defanged address", `[ipv4-addr:value = '203.0.113[.]7']`,
			[]string{`source.ip: "203.0.113.7"`},
			[]string{`[`}, `203.0.113.7`, "ipv4-addr", true,
		},
		{
			"defanged e-mail address", `[email-addr:value = 'eve[at]evil(dot)example']`,
			[]string{`"eve@evil.example"`},
			[]string{`[at]`}, `eve@evil.example`, "email-addr", true,
		},
		{
			"blanks", `[domain-name:value = ' evil2.example ']`,
			[]string{`"evil2.example"`},
			[]string{`" evil`}, `evil2.example`, "domain-name", true,
		},
		{
			"URL in upper case", `[url:value = 'HTTP://Evil.Example/Path?Q=1']`,
			[]string{`url.full: "http://evil.example/Path?Q=1"`},
			[]string{`HTTP:`}, `http://evil.example/Path?Q=1 evil.example`, "url", true,
		},
		{
			"URL without path", `[url:value = 'http://evil.example']`,
			[]string{`"http://evil.example"`, `"http://evil.example/"`},
			[]string{}, `http://evil.example http://evil.example/ evil.example`, "url", true,
		},
		{
			"URL with the slash alone", `[url:value = 'http://evil.example/']`,
			[]string{`"http://evil.example"`, `"http://evil.example/"`},
			[]string{}, `http://evil.example/ http://evil.example evil.example`, "url", true,
		},
		{
			"URL with a port and a name of two spellings", `[url:value = 'https://Bücher.example:8443/x']`,
			[]string{`"https://xn--bcher-kva.example:8443/x"`, `"https://bücher.example:8443/x"`},
			[]string{}, `https://xn--bcher-kva.example:8443/x https://bücher.example:8443/x xn--bcher-kva.example`, "url", true,
		},
		{
			"URL without scheme", `[url:value = 'evil.example/a.php']`,
			[]string{`"http://evil.example/a.php"`, `"https://evil.example/a.php"`},
			[]string{}, `http://evil.example/a.php https://evil.example/a.php evil.example/a.php evil.example`, "url", true,
		},
		{
			"TLSH", `[file:hashes.TLSH = 'T1AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF']`,
			[]string{`"T1AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF"`, `"AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF"`, `"ab12cd34ef56ab12cd34ef56ab12cd34ef56ab12cd34ef56ab12cd34ef56ab12cd34ef"`},
			[]string{}, `T1AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF t1ab12cd34ef56ab12cd34ef56ab12cd34ef56ab12cd34ef56ab12cd34ef56ab12cd34ef ab12cd34ef56ab12cd34ef56ab12cd34ef56ab12cd34ef56ab12cd34ef56ab12cd34ef`, "file", false,
		},
		{
			"IMPHASH", `[file:hashes.IMPHASH = '0123456789ABCDEF0123456789abcdef']`,
			[]string{`file.pe.imphash: "0123456789abcdef0123456789abcdef"`, `process.pe.imphash`},
			[]string{`hash.imphash`}, `0123456789abcdef0123456789abcdef`, "file", false,
		},
		{
			"account of a domain", `[user-account:account_login = 'CORP\\bob']`,
			[]string{`"CORP\\bob"`, `user.name: "bob"`, `user.domain: "CORP"`},
			[]string{}, ``, "user-account", false,
		},
		{
			"account of a domain, Kerberos", `[user-account:account_login = 'bob@corp.example']`,
			[]string{`"bob@corp.example"`, `user.name: "bob"`, `user.domain: "corp.example"`},
			[]string{}, ``, "user-account", false,
		},
		{
			"misspelt login", `[user-account:acount_login = 'mallory']`,
			[]string{`user.name: "mallory"`},
			[]string{}, ``, "user-account", false,
		},
		{
			"autonomous system", `[autonomous-system:number = 'AS64512']`,
			[]string{`destination.as.number: 64512`},
			[]string{`AS`}, ``, "autonomous-system", true,
		},
		{
			"file name with a path of Windows", `[file:name = 'C:\\Users\\Public\\svchost.exe']`,
			[]string{`file.path: "C:\\Users\\Public\\svchost.exe"`, `process.executable`},
			[]string{`file.name`, `process.name`}, ``, "file", false,
		},
		{
			"file name with a path of Unix", `[file:name = '/tmp/.x/evil']`,
			[]string{`file.path: "/tmp/.x/evil"`, `process.executable: "/tmp/.x/evil"`},
			[]string{`file.name`}, ``, "file", false,
		},
		{
			"file name with a part of a path", `[file:name = 'Temp\\evil.exe']`,
			[]string{`file.path:*\\Temp\\evil.exe`, `process.executable`},
			[]string{`file.name`}, ``, "file", false,
		},
		{
			"registry key of the kernel", `[windows-registry-key:key = '\\REGISTRY\\MACHINE\\Software\\Evil\\']`,
			[]string{`registry.path:"HKLM\\Software\\Evil"`},
			[]string{`REGISTRY`}, `HKLM\Software\Evil`, "windows-registry-key", true,
		},
		{
			"registry key of PowerShell", `[windows-registry-key:key = 'Registry::HKEY_CURRENT_USER\\Software\\Evil']`,
			[]string{`registry.path:"HKCU\\Software\\Evil"`},
			[]string{`Registry:`}, `HKCU\Software\Evil`, "windows-registry-key", true,
		},
		{
			"registry key with a short hive", `[windows-registry-key:key = 'HKLM\\Software\\Evil']`,
			[]string{`registry.path:"HKLM\\Software\\Evil"`},
			[]string{}, `HKLM\Software\Evil`, "windows-registry-key", true,
		},
		{
			"directory", `[directory:path = 'C:\\Windows\\Temp\\']`,
			[]string{`file.directory: "C:\\Windows\\Temp"`, `"C:\\Windows\\Temp\`},
			[]string{}, ``, "directory", false,
		},
		{
			"name and address", `[email-addr:value = 'Eve <eve@evil.example>']`,
			[]string{`email.from.address: "eve@evil.example"`},
			[]string{`<`}, `eve@evil.example`, "email-addr", true,
		},
		{
			"sender", `[email-message:from_ref.value = ' Eve <eve@Evil.example>']`,
			[]string{`email.from.address`, `"eve@evil.example"`},
			[]string{`<`}, `eve@evil.example eve@Evil.example`, "email-addr", true,
		},
		{
			"address and port", `[ipv4-addr:value = '203.0.113.9:8080']`,
			[]string{`destination.ip: "203.0.113.9"`, `destination.port: 8080`, ` and `},
			[]string{`source`}, ``, "ipv4-addr", false,
		},
		{
			"name and port", `[domain-name:value = 'evil.example:8443']`,
			[]string{`url.domain: "evil.example"`, `destination.port: 8443`, ` and `},
			[]string{}, ``, "domain-name", false,
		},
		{
			"certificate by its hash", `[x509-certificate:value = '2aae6c35c94fcfb415dbe95f408b9ce91ee846ed']`,
			[]string{`tls.server.hash.sha1: "2AAE6C35C94FCFB415DBE95F408B9CE91EE846ED"`},
			[]string{}, ``, "x509-certificate", false,
		},
		{
			"serial number", `[x509-certificate:serial_number = '4c:0b:1d:19']`,
			[]string{`tls.server.x509.serial_number: "4C0B1D19"`},
			[]string{}, `4C0B1D19`, "x509-certificate", true,
		},
		{
			"media content", `[media-content:url = 'http://news.example.org/a']`,
			[]string{`url.full: "http://news.example.org/a"`},
			[]string{}, `http://news.example.org/a news.example.org`, "url", true,
		},
		{
			"MAC address", `[mac-addr:value = '00005e.005323']`,
			[]string{`source.mac: "00-00-5E-00-53-23"`},
			[]string{}, ``, "mac-addr", false,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := indicator(t, values{"pattern": row.pattern, "octi": values{"main_observable_type": "Unknown"}})
			mapper, err := ecs.NewMapper(ecs.Options{Now: now})
			if err != nil {
				t.Fatal(err)
			}
			doc, err := mapper.Map(o)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(joinedValues(&doc.Threat.Indicator.Values), " "); got != row.joined || doc.Threat.Indicator.Type != row.word {
				t.Errorf("the document joins %q as %q, want %q as %q", got, doc.Threat.Indicator.Type, row.joined, row.word)
			}
			for _, v := range doc.OpenCTI.Indicator.Value {
				if strings.HasSuffix(v, "-addr") || v == "domain-name" {
					t.Errorf("opencti.indicator.value holds %q", v)
				}
			}
			query := ""
			rule, err := newBuilder(t, rules.Options{}).Build(o)
			switch none, isNone := errors.AsType[*rules.NoRuleError](err); {
			case isNone && row.query != nil || err != nil && !isNone:
				t.Fatal(err)
			case isNone && (none.Detail == "" || len(doc.Dropped) == 0):
				t.Errorf("no rule, and the reason is %q; the document's notes are %v", none.Detail, doc.Dropped)
			case err == nil:
				query = rule.(*rules.QueryRule).Query
			}
			if row.query == nil && query != "" {
				t.Errorf("there is a rule: %s", query)
			}
			for _, part := range row.query {
				if !strings.Contains(query, part) {
					t.Errorf("the query\n%s\nlacks %s", query, part)
				}
			}
			for _, part := range row.not {
				if strings.Contains(query, part) {
					t.Errorf("the query\n%s\nholds %s", query, part)
				}
			}
			_, err = newBuilder(t, rules.Options{Policy: rules.Match}).Build(o)
			none, _ := errors.AsType[*rules.NoRuleError](err)
			if covered := none != nil && none.Why == rules.Covered; covered != row.covered {
				t.Errorf("covered by managed rules: %v, want %v", covered, row.covered)
			}
		})
	}
}

// joinedValues is what indicator-match rules join.
func joinedValues(v *ecs.Values) []string {
	h := &v.File.Hash
	var out []string
	for _, list := range [][]string{v.IP, v.URL.Full, v.URL.Domain, v.Email, h.MD5, h.SHA1, h.SHA256, h.SHA512, h.TLSH, v.File.Imphash, v.File.Name} {
		out = append(out, list...)
	}
	if v.Registry != nil {
		out = append(out, v.Registry.Path...)
	}
	if v.X509 != nil {
		out = append(out, v.X509.SerialNumber...)
	}
	return out
}
