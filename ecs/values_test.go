package ecs_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

// observable decodes an observable of a type with the properties of a JSON object.
func observable(t testing.TB, stixType, properties string) *stix.Object {
	t.Helper()
	o, err := stix.DecodeObject([]byte(`{"type":` + quote(stixType) + `,"id":` + quote(stixType+"--1") + `,` + strings.TrimPrefix(properties, "{")))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func mapped(t testing.TB, m *ecs.Mapper, o *stix.Object) *ecs.Document {
	t.Helper()
	d, err := m.Map(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestURL(t *testing.T) {
	type parts = ecs.URL
	one := func(s string) []string { return []string{s} }
	for _, row := range []struct {
		name, value string
		want        parts
	}{
		{"plain", "http://example.com/a/b.php?x=1#f", parts{
			Scheme: one("http"), Domain: one("example.com"), RegisteredDomain: one("example.com"), TopLevelDomain: one("com"),
			Path: one("/a/b.php"), Query: one("x=1"), Fragment: one("f"), Extension: one("php"),
		}},
		{"bare question mark", "http://example.com/?", parts{
			Scheme: one("http"), Domain: one("example.com"), RegisteredDomain: one("example.com"), TopLevelDomain: one("com"), Path: one("/"), Query: []string{""},
		}},
		{"no path", "https://a.b.example.co.uk", parts{
			Scheme: one("https"), Domain: one("a.b.example.co.uk"), Subdomain: one("a.b"), RegisteredDomain: one("example.co.uk"), TopLevelDomain: one("co.uk"),
		}},
		{"address and port", "http://203.0.113.9:8080/", parts{Scheme: one("http"), Domain: one("203.0.113.9"), Port: []int64{8080}, Path: one("/")}},
		{"IPv6 keeps its brackets", "http://[2001:DB8::1]/", parts{Scheme: one("http"), Domain: one("[2001:db8::1]"), Path: one("/")}},
		{"user", "ftp://bob:secret@example.com/", parts{
			Scheme: one("ftp"), Username: one("bob"), Domain: one("example.com"), RegisteredDomain: one("example.com"), TopLevelDomain: one("com"), Path: one("/"),
		}},
		{"upper case and encoding stay in full", "HTTP://EXAMPLE.com/%41?q=%zz", parts{
			Scheme: one("http"), Domain: one("example.com"), RegisteredDomain: one("example.com"), TopLevelDomain: one("com"), Path: one("/%41"), Query: one("q=%zz"),
		}},
		{"international host", "http://bücher.example/", parts{
			Scheme: one("http"), Domain: one("xn--bcher-kva.example"), RegisteredDomain: one("xn--bcher-kva.example"), TopLevelDomain: one("example"), Path: one("/"),
		}},
		{"brackets of its own", "http://example.com/a[.]b?x=[1]", parts{
			Scheme: one("http"), Domain: one("example.com"), RegisteredDomain: one("example.com"), TopLevelDomain: one("com"), Path: one("/a[.]b"), Extension: one("]b"), Query: one("x=[1]"),
		}},
		{"blank in host", "http://a b/", parts{}},
		{"bad escape in path", "http://example.com/%zz", parts{}},
		{"bad port", "http://example.com:99999/", parts{}},
		{"no host", "mailto:a@example.com", parts{}},
		{"no scheme", "example.com/a", parts{}},
		{"unclosed bracket", "http://[::1", parts{}},
		{"zone", "http://[fe80::1%25eth0]/", parts{Scheme: one("http"), Domain: one("[fe80::1%eth0]"), Path: one("/")}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.want.Full, row.want.Original = one(row.value), one(row.value)
			d := mapped(t, newMapper(t), observable(t, "url", `{"value":`+quote(row.value)+`}`))
			if diff := cmp.Diff(row.want, d.Threat.Indicator.URL); diff != "" {
				t.Errorf("url (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefang(t *testing.T) {
	for _, row := range []struct{ kind, given, want string }{
		{"url", "hxxp://evil[.]example/a", "http://evil.example/a"},
		{"url", "hXXps://evil.example/a[.]php", "https://evil.example/a.php"},
		{"url", "hxxps[:]//evil[.]example/", "https://evil.example/"},
		{"url", "hxxp[://]evil(.)example/", "http://evil.example/"},
		{"url", "http[:]//evil[dot]example", "http://evil.example"},
		{"url", "http://evil[.]example:80/a?b[.]c", "http://evil.example:80/a?b.c"},
		{"url", "fxp://evil.example/", "ftp://evil.example/"},
		{"url", "evil[.]example/a", "evil.example/a"},
		{"url", "hxxp://[2001:db8::1]/a", "http://[2001:db8::1]/a"},
		{"url", "http://[2001:db8::1]/a[.]b", "http://[2001:db8::1]/a[.]b"},
		{"url", "https://example.com/?q=[.]", "https://example.com/?q=[.]"},
		{"url", "https://example.com/a(dot)b", "https://example.com/a(dot)b"},
		{"url", "hxxp", "hxxp"},
		{"url", "hxxp:", "http:"},
		{"url", "[", "["},
		{"domain-name", "evil[.]example[.]com", "evil.example.com"},
		{"domain-name", " evil(dot)example ", "evil.example"},
		{"domain-name", "evil[dot]example[.]", "evil.example"},
		{"ipv4-addr", "203[.]0[.]113[.]9", "203.0.113.9"},
		{"ipv4-addr", "203.0.113[.]9", "203.0.113.9"},
		{"ipv6-addr", "2001[:]db8[:][:]1", "2001:db8::1"},
		{"email-addr", "a[@]evil[.]example", "a@evil.example"},
		{"email-addr", "a[at]evil(dot)example", "a@evil.example"},
	} {
		t.Run(row.given, func(t *testing.T) {
			v := mapped(t, newMapper(t), observable(t, row.kind, `{"value":`+quote(row.given)+`}`)).Threat.Indicator.Values
			got := map[string][]string{"url": v.URL.Full, "domain-name": v.URL.Domain, "ipv4-addr": v.IP, "ipv6-addr": v.IP, "email-addr": v.Email}[row.kind]
			if diff := cmp.Diff([]string{row.want}, got); diff != "" {
				t.Errorf("joined value (-want +got):\n%s", diff)
			}
			if row.kind == "url" && v.URL.Original[0] != row.given {
				t.Errorf("url.original is %q", v.URL.Original)
			}
		})
	}
}

func TestDomain(t *testing.T) {
	for _, row := range []struct {
		value, domain, registered, suffix, subdomain string
		hosts                                        []string
	}{
		{value: "Example.COM.", domain: "example.com", registered: "example.com", suffix: "com", hosts: []string{"example.com"}},
		{value: "a.b.example.co.uk", domain: "a.b.example.co.uk", registered: "example.co.uk", suffix: "co.uk", subdomain: "a.b", hosts: []string{"a.b.example.co.uk"}},
		{value: "evil.github.io", domain: "evil.github.io", registered: "evil.github.io", suffix: "github.io", hosts: []string{"evil.github.io"}},
		{value: "co.uk", domain: "co.uk", suffix: "co.uk", hosts: []string{"co.uk"}},
		{value: "_dmarc.example.com", domain: "_dmarc.example.com", registered: "example.com", suffix: "com", subdomain: "_dmarc", hosts: []string{"_dmarc.example.com"}},
		{value: "bücher.example", domain: "xn--bcher-kva.example", registered: "xn--bcher-kva.example", suffix: "example", hosts: []string{"xn--bcher-kva.example", "bücher.example"}},
		{value: "пример.рф", domain: "xn--e1afmkfd.xn--p1ai", registered: "xn--e1afmkfd.xn--p1ai", suffix: "xn--p1ai", hosts: []string{"xn--e1afmkfd.xn--p1ai", "пример.рф"}},
		{value: "straße.example", domain: "xn--strae-oqa.example", registered: "xn--strae-oqa.example", suffix: "example", hosts: []string{"xn--strae-oqa.example", "straße.example"}},
		{value: "MAIL-0042", domain: "mail-0042", hosts: []string{"mail-0042"}},
		{value: "203.0.113.9", domain: "203.0.113.9"},
		{value: "*.example.com"}, {value: "a..b"}, {value: ""}, {value: "."}, {value: "a b.com"}, {value: "http://a.com"}, {value: "a.com:80"},
		{value: strings.Repeat("a", 64) + ".com"}, {value: strings.Repeat("a.", 130) + "com"},
	} {
		t.Run(cutName(row.value), func(t *testing.T) {
			d := mapped(t, newMapper(t), observable(t, "domain-name", `{"value":`+quote(row.value)+`}`))
			u := d.Threat.Indicator.URL
			got := []string{strings.Join(u.Domain, ","), strings.Join(u.RegisteredDomain, ","), strings.Join(u.TopLevelDomain, ","), strings.Join(u.Subdomain, ",")}
			if diff := cmp.Diff([]string{row.domain, row.registered, row.suffix, row.subdomain}, got); diff != "" {
				t.Errorf("domain, registered, suffix, subdomain (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(row.hosts, d.Related.Hosts); diff != "" {
				t.Errorf("related.hosts (-want +got):\n%s", diff)
			}
			if row.domain == "" && row.value != "" && len(d.Dropped) == 0 {
				t.Error("not named in Dropped")
			}
		})
	}
}

func cutName(s string) string { return s[:min(len(s), 40)] }

func TestAddress(t *testing.T) {
	for _, row := range []struct{ value, ip, block string }{
		{"203.0.113.9", "203.0.113.9", ""},
		{" 203.0.113.9\n", "203.0.113.9", ""},
		{"203.0.113.9/32", "203.0.113.9", ""},
		{"203.0.113.0/24", "", "203.0.113.0/24"},
		{"203.0.113.9/24", "", "203.0.113.0/24"},
		{"0.0.0.0/0", "", "0.0.0.0/0"},
		{"2001:DB8:0::1", "2001:db8::1", ""},
		{"2001:db8::1/128", "2001:db8::1", ""},
		{"2001:db8::/32", "", "2001:db8::/32"},
		{"::ffff:1.2.3.4", "::ffff:1.2.3.4", ""},
		{"::ffff:1.2.3.0/120", "", "1.2.3.0/24"},
		{"fe80::1%eth0", "", ""}, {"1.2.3", "", ""}, {"01.2.3.4", "", ""}, {"1.2.3.4:80", "", ""}, {"1.2.3.0/33", "", ""}, {"1.2.3.4-1.2.3.9", "", ""}, {"", "", ""},
	} {
		t.Run(row.value, func(t *testing.T) {
			d := mapped(t, newMapper(t), observable(t, "ipv4-addr", `{"value":`+quote(row.value)+`}`))
			if got := strings.Join(d.Threat.Indicator.IP, ","); got != row.ip {
				t.Errorf("ip %q, want %q", got, row.ip)
			}
			block := ""
			for _, p := range d.OpenCTI.Observable.Properties {
				block, _ = p.Value.(string)
			}
			if block != row.block {
				t.Errorf("range %q, want %q", block, row.block)
			}
		})
	}
}

func TestHashes(t *testing.T) {
	const md5 = "d41d8cd98f00b204e9800998ecf8427e"
	sha256, sha384 := strings.Repeat("Ab", 32), strings.Repeat("0c", 48)
	tlsh := "T1" + strings.Repeat("A", 70)
	o := observable(t, "file", `{"hashes":{"md5":"`+strings.ToUpper(md5)+`","SHA256":"`+sha256+`","sha_384":"`+sha384+`","TLSH":"`+tlsh+`","imphash":"`+md5+
		`","SHA-1":"abc","SHA-512":"zz","SSDEEP":"3:AbC:dEf","X-Own":"Value","SHA3-256":"`+sha256+`"}}`)
	d := mapped(t, newMapper(t), o)
	want := ecs.Hashes{MD5: []string{md5}, SHA256: []string{strings.ToLower(sha256)}, SHA384: []string{sha384}, SSDEEP: []string{"3:AbC:dEf"}, TLSH: []string{tlsh}}
	if diff := cmp.Diff(want, d.Threat.Indicator.File.Hash); diff != "" {
		t.Errorf("file.hash (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{md5}, d.Threat.Indicator.File.Imphash); diff != "" {
		t.Errorf("imphash (-want +got):\n%s", diff)
	}
	related := []string{md5, strings.ToLower(sha256), sha384, tlsh, "abc", "zz", "3:AbC:dEf", "Value"}
	if diff := cmp.Diff(related, d.Related.Hash); diff != "" {
		t.Errorf("related.hash (-want +got):\n%s", diff)
	}
}

func TestRegistry(t *testing.T) {
	one := func(s ...string) []string { return s }
	for _, row := range []struct {
		name, properties string
		want             ecs.Registry
	}{
		{"no values", `{"key":"HKEY_LOCAL_MACHINE\\System\\Foo"}`, ecs.Registry{Hive: one("HKLM"), Key: one(`System\Foo`), Path: one(`HKLM\System\Foo`)}},
		{"short name in small letters", `{"key":"hkcu\\Software"}`, ecs.Registry{Hive: one("HKCU"), Key: one("Software"), Path: one(`HKCU\Software`)}},
		{"hive alone", `{"key":"HKEY_USERS"}`, ecs.Registry{Hive: one("HKU"), Path: one("HKU")}},
		{"no hive", `{"key":"{59031A47}\\x"}`, ecs.Registry{Key: one(`{59031A47}\x`)}},
		{"values", `{"key":"HKCR\\a","values":[{"name":"n","data":"12","data_type":"REG_DWORD"},{"name":"","data":"0xff","data_type":"REG_QWORD"},{"data":"AABB","data_type":"REG_BINARY"},{"data":"no hex","data_type":"REG_BINARY"},"odd",null]}`,
			ecs.Registry{
				Hive: one("HKCR"), Key: one("a"), Value: one("n"), Path: one(`HKCR\a\n`, `HKCR\a`), DataType: one("REG_DWORD", "REG_QWORD", "REG_BINARY"),
				DataStrings: one("12", "255", "no hex"), DataBytes: one("qrs="),
			}},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := mapped(t, newMapper(t), observable(t, "windows-registry-key", row.properties))
			if diff := cmp.Diff(&row.want, d.Threat.Indicator.Registry); diff != "" {
				t.Errorf("registry (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCertificate(t *testing.T) {
	for _, row := range []struct {
		issuer string
		want   []string
	}{
		{"CN=a, O=b", []string{"a"}},
		{"/C=US/O=b/CN=a", []string{"a"}},
		{`CN=Evil\, Inc., O=b`, []string{"Evil, Inc."}},
		{`O=b, CN="a, b"`, []string{"a, b"}},
		{"C=US, cn = a + CN=b", []string{"a", "b"}},
		{"no name", nil},
		{`CN=\`, []string{`\`}},
	} {
		t.Run(row.issuer, func(t *testing.T) {
			d := mapped(t, newMapper(t), observable(t, "x509-certificate", `{"issuer":`+quote(row.issuer)+`,"serial_number":"0x0aBc"}`))
			if diff := cmp.Diff(row.want, d.Threat.Indicator.X509.Issuer.CommonName); diff != "" {
				t.Errorf("common names (-want +got):\n%s", diff)
			}
			if got := d.Threat.Indicator.X509.SerialNumber; len(got) != 1 || got[0] != "0ABC" {
				t.Errorf("serial number %q", got)
			}
		})
	}
}

func TestDistinguishedName(t *testing.T) {
	for _, row := range []struct {
		name string
		want ecs.DistinguishedName
	}{
		{"C=GB, O=Acme Limited, CN=Acme CA", ecs.DistinguishedName{CommonName: []string{"Acme CA"}, Country: []string{"GB"}, Organization: []string{"Acme Limited"}}},
		{"/C=DE/ST=Berlin/L=Mitte/O=Evil GmbH/OU=A/OU=B/CN=evil.example/x", ecs.DistinguishedName{
			CommonName: []string{"evil.example/x"}, Country: []string{"DE"}, Locality: []string{"Mitte"}, Organization: []string{"Evil GmbH"}, Unit: []string{"A", "B"}, State: []string{"Berlin"},
		}},
		{"O=Acme, Inc., C=US", ecs.DistinguishedName{Country: []string{"US"}, Organization: []string{"Acme, Inc."}}},
		{`2.5.4.10=A\2CB,OID.2.5.4.3=c`, ecs.DistinguishedName{CommonName: []string{"c"}, Organization: []string{"A,B"}}},
		{"commonName = a + S=b ; emailAddress=x@y", ecs.DistinguishedName{CommonName: []string{"a"}, State: []string{"b"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.want.Name = []string{row.name}
			d := mapped(t, newMapper(t), observable(t, "x509-certificate", `{"subject":`+quote(row.name)+`}`))
			if diff := cmp.Diff(row.want, d.Threat.Indicator.X509.Subject); diff != "" {
				t.Errorf("attributes (-want +got):\n%s", diff)
			}
		})
	}
	d := mapped(t, newMapper(t), patternIndicator(t, `[x509-certificate:issuer = 'CN=A' AND x509-certificate:serial_number = '4c:0b:1d:19']`))
	want := &ecs.X509{SerialNumber: []string{"4C0B1D19"}, Issuer: ecs.DistinguishedName{Name: []string{"CN=A"}, CommonName: []string{"A"}}}
	if diff := cmp.Diff(want, d.Threat.Indicator.X509); diff != "" || d.Threat.Indicator.Type != "x509-certificate" {
		t.Errorf("issuer and serial number are shown as %q (-want +got):\n%s", d.Threat.Indicator.Type, diff)
	}
}

func TestMAC(t *testing.T) {
	for given, want := range map[string]string{
		"00:00:5e:00:53:23": "00-00-5E-00-53-23", "0000.5e00.5323": "00-00-5E-00-53-23", "00-00-5e-00-53-23": "00-00-5E-00-53-23",
		"02:00:5e:10:00:00:00:01": "02-00-5E-10-00-00-00-01", "no mac": "no mac",
	} {
		d := mapped(t, newMapper(t), observable(t, "mac-addr", `{"value":`+quote(given)+`}`))
		if got := d.OpenCTI.Observable.Value; got != want {
			t.Errorf("%q becomes %q, want %q", given, got, want)
		}
	}
}
