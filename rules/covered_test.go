package rules_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/rules"
)

// TestCoveredValuesAreInTheDocument: an indicator that match rules are said to cover has no rule
// of its own, so its document must hold each value where they join.
func TestCoveredValuesAreInTheDocument(t *testing.T) {
	mapper, err := ecs.NewMapper(ecs.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	kinds := []struct {
		path   string
		seeds  []string
		joined func(v *ecs.Values) []string
	}{
		{"ipv4-addr:value", []string{"203.0.113.7", "203.0.113.7/32", "203.0.113.0/24", "01.2.3.4"}, func(v *ecs.Values) []string { return v.IP }},
		{"ipv6-addr:value", []string{"2001:db8::1", "2001:DB8::1/128", "2001:db8::/32", "::ffff:1.2.3.4", "fe80::1%eth0"}, func(v *ecs.Values) []string { return v.IP }},
		{"domain-name:value", []string{"evil.example", "EVIL.example.", "a_b.example", "1.2.3.4", "-.-"}, func(v *ecs.Values) []string { return v.URL.Domain }},
		{"hostname:value", []string{"evil.example", "host"}, func(v *ecs.Values) []string { return v.URL.Domain }},
		{"url:value", []string{"https://evil.example/a?b#c", "http://[::1]/", "ftp://a b/%zz", "http://evil[.]example/"}, func(v *ecs.Values) []string { return v.URL.Full }},
		{"file:hashes.MD5", []string{strings.Repeat("aB", 16), strings.Repeat("a", 40)}, func(v *ecs.Values) []string { return v.File.Hash.MD5 }},
		{"file:hashes.'SHA-512'", []string{strings.Repeat("aB", 64)}, func(v *ecs.Values) []string { return v.File.Hash.SHA512 }},
		{"email-addr:value", []string{"a@evil.example", "a.b+c@x"}, func(v *ecs.Values) []string { return v.Email }},
		{"file:name", []string{"evil.exe", `C:\evil.exe`, "a b"}, func(v *ecs.Values) []string { return v.File.Name }},
		{"windows-registry-key:key", []string{`HKEY_LOCAL_MACHINE\Software\Evil`, `hkey_users\a`, `HKLM\a`, `HKEY_USERS\`}, func(v *ecs.Values) []string {
			if v.Registry == nil {
				return nil
			}
			return v.Registry.Path
		}},
		{"x509-certificate:serial_number", []string{"4c:0b:1d", "4C0B1D", ":a:"}, func(v *ecs.Values) []string {
			if v.X509 == nil {
				return nil
			}
			return v.X509.SerialNumber
		}},
	}
	rng := rand.New(rand.NewPCG(3, 5))
	noise := []string{" ", ".", "@", "/", "/32", "/128", "<", ">", "[", "(", ")", "{", "*", ":", "-", `\`, "ä", "\u00a0", "\u200b", "'", strings.Repeat("a", 64)}
	b := newBuilder(t, rules.Options{Policy: rules.Match})
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	covered := 0
	for _, k := range kinds {
		for n := range 2000 {
			value := k.seeds[rng.IntN(len(k.seeds))]
			if n >= len(k.seeds) {
				for range 1 + rng.IntN(2) {
					at := []int{0, rng.IntN(len(value) + 1), len(value)}[rng.IntN(3)]
					value = strings.ToValidUTF8(value[:at]+noise[rng.IntN(len(noise))]+value[at:], "?")
				}
			} else {
				value = k.seeds[n]
			}
			o := indicator(t, values{"pattern": "[" + k.path + " = '" + quote.Replace(value) + "']"})
			_, err := b.Build(o)
			if none, ok := errors.AsType[*rules.NoRuleError](err); !ok || none.Why != rules.Covered {
				continue
			}
			covered++
			doc, err := mapper.Map(o)
			if err != nil {
				t.Fatal(err)
			}
			if got := k.joined(&doc.Threat.Indicator.Values); len(got) == 0 || slices.Contains(got, "") {
				t.Errorf("%s = %q is called covered; the document joins on %q and says %v", k.path, value, got, doc.Dropped)
			}
		}
	}
	if covered < 2000 {
		t.Errorf("only %d values are covered", covered)
	}
}
