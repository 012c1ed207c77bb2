package ecs_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// TestNormalise says for each kind how events carry what people write. A row without a
// result is no value of its kind.
func TestNormalise(t *testing.T) {
	const tlsh = "AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF"
	for _, row := range []struct {
		kind   ecs.Kind
		text   string
		want   string
		others []string
	}{
		{ecs.AddressValue, " 203.0.113[.]7 ", "203.0.113.7", nil},
		{ecs.AddressValue, "203.0.113(.)7/32", "203.0.113.7", nil},
		{ecs.AddressValue, "2001[:]DB8::1", "2001:db8::1", nil},
		{ecs.AddressValue, "203.0.113.0/24", "", nil},
		{ecs.AddressValue, "evil.example", "", nil},
		{ecs.BlockValue, "203.0.113.9/24", "203.0.113.0/24", nil},
		{ecs.DomainValue, "Evil[.]Example.", "evil.example", nil},
		{ecs.DomainValue, "evil [dot] example", "evil.example", nil},
		{ecs.DomainValue, "BÜCHER.example", "xn--bcher-kva.example", []string{"bücher.example"}},
		{ecs.DomainValue, "xn--bcher-kva.example", "xn--bcher-kva.example", []string{"bücher.example"}},
		{ecs.DomainValue, "*.evil.example", "", nil},
		{ecs.URLValue, "hxxps://evil[.]example/A", "https://evil.example/A", nil},
		{ecs.URLValue, "http[:]//evil.example/A", "http://evil.example/A", nil},
		{ecs.URLValue, " HTTP://User:Pass@EVIL.example:80/A?B#C ", "http://User:Pass@evil.example:80/A?B#C", nil},
		{ecs.URLValue, "http://evil.example./a", "http://evil.example/a", nil},
		{ecs.URLValue, "http://evil.example", "http://evil.example", []string{"http://evil.example/"}},
		{ecs.URLValue, "http://evil.example/", "http://evil.example/", []string{"http://evil.example"}},
		{ecs.URLValue, "http://evil.example/a/", "http://evil.example/a/", nil},
		{ecs.URLValue, "http://203.0.113.7", "http://203.0.113.7", []string{"http://203.0.113.7/"}},
		{ecs.URLValue, "http://[2001:DB8::1]/a", "http://[2001:db8::1]/a", nil},
		{ecs.URLValue, "evil.example/a", "http://evil.example/a", []string{"https://evil.example/a", "evil.example/a"}},
		{ecs.URLValue, "203.0.113.7:8080/a", "http://203.0.113.7:8080/a", []string{"https://203.0.113.7:8080/a", "203.0.113.7:8080/a"}},
		{ecs.URLValue, "/gate.php?id=1", "/gate.php?id=1", nil},
		{ecs.URLValue, "1.2.3", "1.2.3", nil},
		{ecs.EmailValue, "Eve <eve[@]evil[.]example>", "eve@evil.example", nil},
		{ecs.EmailValue, "mailto:eve@evil.example", "eve@evil.example", nil},
		{ecs.EmailValue, "Eve@Evil.example", "Eve@evil.example", []string{"Eve@Evil.example", "eve@evil.example"}},
		{ecs.EmailValue, "@evil.example", "", nil},
		{ecs.HashValue, " B94D27B9934D3E08A52E52D7DA7DABFAC484EFE37A5380EE9088F7ACE2EFCDE9", "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9", nil},
		{ecs.HashValue, "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C", "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C", nil},
		{ecs.TLSHValue, strings.ToLower(tlsh), "T1" + tlsh, []string{tlsh, "t1" + strings.ToLower(tlsh), strings.ToLower(tlsh)}},
		{ecs.TLSHValue, "T1" + tlsh, "T1" + tlsh, []string{tlsh, "t1" + strings.ToLower(tlsh), strings.ToLower(tlsh)}},
		{ecs.TLSHValue, "T1", "", nil},
		{ecs.PathValue, ` "C:/Windows/x.exe" `, `C:\Windows\x.exe`, nil},
		{ecs.PathValue, "/tmp/x", "/tmp/x", nil},
		{ecs.DirectoryValue, `C:\Windows\Temp\`, `C:\Windows\Temp`, []string{`C:\Windows\Temp\`}},
		{ecs.DirectoryValue, `C:\`, `C:\`, nil},
		{ecs.DirectoryValue, "/tmp", "/tmp", []string{"/tmp/"}},
		{ecs.DirectoryValue, "/", "/", nil},
		{ecs.RegistryValue, `HKLM\Software\A\`, `HKEY_LOCAL_MACHINE\Software\A`, nil},
		{ecs.RegistryValue, `HKLM:\Software\A`, `HKEY_LOCAL_MACHINE\Software\A`, nil},
		{ecs.RegistryValue, `\REGISTRY\MACHINE\Software\A`, `HKEY_LOCAL_MACHINE\Software\A`, nil},
		{ecs.RegistryValue, `\Registry\User\S-1-5-21\Software\A`, `HKEY_USERS\S-1-5-21\Software\A`, nil},
		{ecs.RegistryValue, `Registry::HKEY_CURRENT_USER\Software\A`, `HKEY_CURRENT_USER\Software\A`, nil},
		{ecs.RegistryValue, `Computer\HKEY_CURRENT_USER\Software\A`, `HKEY_CURRENT_USER\Software\A`, nil},
		{ecs.RegistryValue, `HKEY_CURRENT_USER\Software\A`, `HKEY_CURRENT_USER\Software\A`, nil},
		{ecs.RegistryValue, `\`, "", nil},
		{ecs.MACValue, "00:00:5e:00:53:23", "00-00-5E-00-53-23", nil},
		{ecs.MACValue, "0000.5e00.5323", "00-00-5E-00-53-23", nil},
		{ecs.SystemValue, "AS64512", "64512", nil},
		{ecs.SystemValue, "asn 064512", "64512", nil},
		{ecs.SystemValue, "ACME", "", nil},
		{ecs.SerialValue, "0x4c:0b:1d", "4C0B1D", nil},
		{ecs.SerialValue, "none", "", nil},
		{ecs.UserValue, " bob ", "bob", nil},
		{ecs.UserValue, " ", "", nil},
	} {
		t.Run(row.text, func(t *testing.T) {
			got, err := row.kind.Normalise(row.text)
			if (err != nil) != (row.want == "") {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(ecs.Spellings{Canonical: row.want, Others: row.others}, got); diff != "" {
				t.Errorf("spellings (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzNormalise: of any text, the canonical value is its own, no spelling is empty or there
// twice, and nothing but texts comes of texts.
func FuzzNormalise(f *testing.F) {
	for _, seed := range []string{"evil[.]example", "hxxp://Bücher.example:80/?q", "203.0.113[.]7:80", `HKLM:\a\`, "Eve <Eve@Evil.example>", `"C:/a/b"`, "T1AB", "AS1", "a.b/c", "http://a@b@[::1]:8/"} {
		for kind := range 16 {
			f.Add(uint8(kind), seed)
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		k := ecs.Kind(kind)
		n, err := k.Normalise(text)
		if err != nil {
			return
		}
		seen := map[string]bool{n.Canonical: true}
		for _, other := range n.Others {
			if other == "" || seen[other] {
				t.Errorf("kind %d: %q has the spelling %q twice, or an empty one", kind, text, other)
			}
			seen[other] = true
			if utf8.ValidString(text) && !utf8.ValidString(other) {
				t.Errorf("kind %d: %q has the spelling %q", kind, text, other)
			}
		}
		again, err := k.Normalise(n.Canonical)
		if err != nil || again.Canonical != n.Canonical {
			t.Errorf("kind %d: %q is %q, and that is %q (%v)", kind, text, n.Canonical, again.Canonical, err)
		}
	})
}

// TestReadIsFree: a pattern whose values are as events carry them is read without a copy.
func TestReadIsFree(t *testing.T) {
	for _, text := range []string{
		"[ipv4-addr:value = '203.0.113.7']", "[domain-name:value = 'evil.example']", "[url:value = 'http://evil.example/a']",
		"[file:hashes.'SHA-256' = 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9' OR file:name = 'x.exe']",
		"[process:command_line LIKE '%-enc%'] FOLLOWEDBY [email-addr:value = 'eve@evil.example']",
	} {
		p, err := pattern.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := (ecs.Reading{}).Read(p); got.Pattern != p {
			t.Errorf("%s is copied to %s", p, got.Pattern)
		}
		if n := testing.AllocsPerRun(10, func() { ecs.Reading{}.Read(p) }); n > 0 {
			t.Errorf("%s: %v allocations", p, n)
		}
	}
}

// FuzzRead: what a pattern means is a pattern, and means itself.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"[domain-name:value IN ('Bücher.example', 'evil[.]example:80') AND url:value != 'hxxp://A.example']",
		`[file:name = 'C:\\a\\b' AND file:hashes.TLSH = 'AB' OR user-account:account_login = 'CORP\\bob']`,
		"[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113[.]7:80']",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := pattern.Parse(text)
		if err != nil {
			return
		}
		written := p.String()
		meant := ecs.Reading{}.Read(p).Pattern
		if p.String() != written {
			t.Fatalf("%s has been changed to %s", written, p)
		}
		if meant == nil {
			return
		}
		again := ecs.Reading{}.Read(meant).Pattern
		if again == nil || again.String() != meant.String() {
			t.Fatalf("%s\nmeans %s\nand that %s", written, meant, again)
		}
		if _, err := pattern.Parse(meant.String()); err != nil {
			t.Fatalf("%s\nmeans %s: %v", written, meant, err)
		}
	})
}
