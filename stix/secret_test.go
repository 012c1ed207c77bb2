package stix_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

func decode(t testing.TB, s string) *stix.Object {
	t.Helper()
	o, err := stix.DecodeObject([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestSecrets: no form of an object lets its secret, which always has "hunter2" in it, out of the decoder.
func TestSecrets(t *testing.T) {
	const octi = `"extensions":{"` + stix.ExtensionOCTI + `":`
	for _, row := range []struct{ name, object, text, want string }{
		{"credential", `{"type":"credential","id":"credential--1","value":"hunter2-secret","description":"was hunter2-secret, then none"}`, "description", "was ***, then none"},
		{"credential by OpenCTI's spelling", `{"type":"x-thing","id":"x--1","value":"hunter2",` + octi + `{"type":"Credential","id":"1"}}}`, "value", "***"},
		{"credential of an export", `{"type":"x-opencti-credential","id":"x--1","value":"hunter2","x_opencti_description":"hunter2!"}`, "description", "***!"},
		{"account", `{"type":"user-account","id":"user-account--1","account_login":"admin","credential":"hunter2","display_name":"admin hunter2"}`, "account_login", "admin"},
		{"account whose login is its secret", `{"type":"user-account","id":"user-account--1","account_login":"admin","credential":"admin","display_name":"x"}`, "account_login", "admin"},
		{"card", `{"type":"payment-card","id":"payment-card--1","card_number":"4111111111111111","cvv":"hunter2"}`, "cvv", "***"},
		{"number", `{"type":"payment-card","id":"payment-card--1","card_number":"4111111111111111","cvv":123}`, "cvv", "***"},
		{"artifact", `{"type":"artifact","id":"artifact--1","decryption_key":"hunter2"}`, "decryption_key", "***"},
		{"simple observable", `{"type":"x-opencti-simple-observable","id":"x--1","key":"Credential.value","value":"hunter2"}`, "value", "***"},
		{"pattern and name", `{"type":"indicator","id":"indicator--1","name":"hunter2-secret","pattern":"[credential:value = 'hunter2-secret']","pattern_type":"stix"}`, "pattern", "[credential:value = '***']"},
		{"name is the pattern", `{"type":"indicator","id":"indicator--1","name":"[credential:value = 'hunter2']","pattern":"[credential:value = 'hunter2']"}`, "name", "[credential:value = '***']"},
		{"escapes", `{"type":"indicator","id":"indicator--1","name":"it's hunter2\\","pattern":"[credential:value = 'it\\'s hunter2\\\\']"}`, "name", "***"},
		{"OR", `{"type":"indicator","id":"indicator--1","name":"n","pattern":"[credential:value = 'hunter2' OR ipv4-addr:value = '203.0.113.66']"}`, "pattern", "[credential:value = '***' OR ipv4-addr:value = '203.0.113.66']"},
		{"IN and NOT", `{"type":"indicator","id":"indicator--1","name":"hunter2-b","pattern":"[user-account:credential NOT IN ('hunter2-a', 'hunter2-b')]"}`, "pattern", "[user-account:credential NOT IN ('***', '***')]"},
		{"LIKE", `{"type":"indicator","id":"indicator--1","name":"hunter2","pattern":"[credential:value LIKE '%hunter2%']"}`, "name", "***"},
		{"MATCHES", `{"type":"indicator","id":"indicator--1","name":"hunter2","pattern":"[credential:value MATCHES '^hunter2$']"}`, "name", "***"},
		{"by reference", `{"type":"indicator","id":"indicator--1","name":"n","pattern":"[process:creator_user_ref.credential = 'hunter2']"}`, "pattern", "[process:creator_user_ref.credential = '***']"},
		{"JSON escapes", `{"type":"indicator","id":"indicator--1","name":"h\u0075nter2","pattern":"[credentia\u006c:value = 'hunter2']"}`, "name", "***"},
		{"no word", `{"type":"indicator","id":"indicator--1","name":"bare pw, no word","pattern":"[credential:value = 'pw']"}`, "name", "bare ***, no word"},
		{"broken", `{"type":"indicator","id":"indicator--1","name":"hunter2","pattern":"[credential:value = 'hunter2'"}`, "name", "***"},
		{"broken, no end", `{"type":"indicator","id":"indicator--1","name":"hunter2","pattern":"[credential:value = 'hunter2]"}`, "pattern", "***"},
		{"broken, no quotes", `{"type":"indicator","id":"indicator--1","name":"hunter2","pattern":"[credential:value = hunter2]"}`, "name", "***"},
		{"observable values", `{"type":"indicator","id":"indicator--1","name":"n","pattern":"[a:b = 1]",` + octi + `{"id":"1","observable_values":[{"type":"Credential","value":"hunter2"}]}}}`, "name", "n"},
		{"account in its extension", `{"type":"user-account","id":"user-account--1",` + octi + `{"id":"1","credential":"hunter2"}}}`, "credential", "***"},
		{"no secret", `{"type":"indicator","id":"indicator--1","name":"credential theft","pattern":"[domain-name:value = 'credential.example']"}`, "pattern", "[domain-name:value = 'credential.example']"},
		{"another language", `{"type":"indicator","id":"indicator--1","name":"n","pattern":"credential:value","pattern_type":"kql"}`, "pattern", "credential:value"},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := decode(t, row.object)
			if got := o.Text(row.text); got != row.want {
				t.Errorf("%s is %q, want %q", row.text, got, row.want)
			}
			if bytes.Contains(o.Raw(), []byte("hunter2")) || bytes.Contains(o.Raw(), []byte(`nter2`)) {
				t.Errorf("the secret is in %s", o.Raw())
			}
			again := decode(t, string(o.Raw()))
			if diff := cmp.Diff(string(o.Raw()), string(again.Raw())); diff != "" {
				t.Errorf("masked once more (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSecretDigest(t *testing.T) {
	sum := sha256.Sum256([]byte("hunter2"))
	o := decode(t, `{"type":"credential","id":"credential--1","value":"hunter2"}`)
	if got, want := o.SecretDigest(), hex.EncodeToString(sum[:]); got != want {
		t.Errorf("digest %q, want %q", got, want)
	}
	if got := decode(t, string(o.Raw())).SecretDigest(); got != "" {
		t.Errorf("digest of a mask: %q", got)
	}
}

func TestEnvelopeHidesSecrets(t *testing.T) {
	e, err := stix.DecodeEnvelope([]byte(`{"version":"4","type":"update","message":"replaces ` + "`hunter2-old` with `hunter2` in `Value`" + `","data":{"type":"credential","id":"credential--1","value":"hunter2"},` +
		`"context":{"patch":[{"op":"replace","path":"/value","value":"hunter2"}],"reverse_patch":[{"op":"replace","path":"/value","value":"hunter2-old"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(e.Message, "`hunter2`") || e.Patch != nil || e.ReversePatch != nil {
		t.Errorf("%q %s %s", e.Message, e.Patch, e.ReversePatch)
	}
}

func TestMaskUndecoded(t *testing.T) {
	for _, row := range []struct {
		data string
		kept bool
	}{
		{`{"type" : "credential","value":"hunter2"`, false},
		{`{"pattern":"[credential:value = 'hunter2']"`, false},
		{`{"type":"user-account","credential":"hunter2"`, false},
		{`{"pattern":"[user-account:credential = 'hunter2'`, false},
		{`{"phase_name":"credential-access","labels":["credential"]`, true},
		{`not JSON`, true},
	} {
		if got := stix.MaskUndecoded([]byte(row.data)); bytes.Contains(got, []byte("hunter2")) || row.kept != (string(got) == row.data) {
			t.Errorf("%s gives %s", row.data, got)
		}
	}
}

func TestMasked(t *testing.T) {
	for _, row := range []struct{ name, object, text, want string }{
		{"URL", `{"type":"url","id":"url--1","value":"http://bob:hunter2@host.example/a?b=c@d"}`, "value", "http://bob:***@host.example/a?b=c@d"},
		{"no password", `{"type":"url","id":"url--1","value":"http://bob@host.example:80/"}`, "value", "http://bob@host.example:80/"},
		{"two in a text", `{"type":"indicator","id":"indicator--1","description":"ftp://a:hunter2@b and ftp://c:hunter2@d"}`, "description", "ftp://a:***@b and ftp://c:***@d"},
		{"pattern", `{"type":"indicator","id":"indicator--1","pattern":"[url:value = 'http://bob:hunter2@host.example/']"}`, "pattern", "[url:value = 'http://bob:***@host.example/']"},
		{"at sign in the password", `{"type":"url","id":"url--1","value":"http://bob:hunt@hunter2@host.example/"}`, "value", "http://bob:***@host.example/"},
		{"escaped slashes", `{"type":"url","id":"url--1","value":"http:\/\/bob:hunter2@host.example\/"}`, "value", "http://bob:***@host.example/"},
		{"defanged", `{"type":"url","id":"url--1","value":"hxxp[:]//bob:hunter2@host[.]example"}`, "value", "hxxp[:]//bob:***@host[.]example"},
		{"mail and address", `{"type":"text","id":"text--1","value":"http://a.example mail b@c.example:80"}`, "value", "http://a.example mail b@c.example:80"},
		{"card", `{"type":"payment-card","id":"payment-card--1","card_number":"4111 1111-11111111"}`, "card_number", "**** ****-****1111"},
		{"card as a number", `{"type":"payment-card","id":"payment-card--1","card_number":4111111111111111}`, "card_number", "************1111"},
		{"card in a pattern", `{"type":"indicator","id":"indicator--1","name":"4111111111111111","pattern":"[payment-card:card_number = '4111111111111111']"}`, "name", "************1111"},
		{"wrong checksum", `{"type":"payment-card","id":"payment-card--1","card_number":"4111111111111112"}`, "card_number", "4111111111111112"},
		{"no card", `{"type":"imei","id":"imei--1","value":"490154203237518"}`, "value", "490154203237518"},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := decode(t, row.object)
			masked := o.Masked()
			if got := masked.Text(row.text); got != row.want {
				t.Errorf("%s is %q, want %q", row.text, got, row.want)
			}
			if bytes.Contains(masked.Raw(), []byte("hunter2")) {
				t.Errorf("the password is in %s", masked.Raw())
			}
			if o.Sensitive() == 0 && masked != o {
				t.Error("another object, though there is nothing to mask")
			}
		})
	}
}

// FuzzMasked: masking keeps an object an object, of the same id, and what is masked once stays as it is.
func FuzzMasked(f *testing.F) {
	f.Add(`{"type":"credential","id":"c--1","value":"hunter2"}`)
	f.Add(`{"type":"indicator","id":"i--1","pattern":"[credential:value = 'a' OR payment-card:card_number = '4111 1111 1111 1111']","name":"http://a:b@c//d:e@f"}`)
	f.Add(`{"type":"indicator","id":"i--1","pattern":"[credential:value = 'a"}`)
	f.Fuzz(func(t *testing.T, s string) {
		o, err := stix.DecodeObject([]byte(s))
		if err != nil {
			return
		}
		masked := o.Masked()
		again, err := stix.DecodeObject(bytes.Clone(masked.Raw()))
		if err != nil || again.Key() != o.Key() || again.Type != o.Type {
			t.Fatalf("%v: %s became %s", err, s, masked.Raw())
		}
		if twice := again.Masked(); !bytes.Equal(twice.Raw(), masked.Raw()) {
			t.Errorf("%s became %s", masked.Raw(), twice.Raw())
		}
	})
}
