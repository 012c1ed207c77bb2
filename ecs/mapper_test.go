package ecs_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

const octi = `"extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba"`

// indicator decodes an indicator: root is its own properties, octi those of OpenCTI's extension.
func indicator(t testing.TB, root, extension string) *stix.Object {
	t.Helper()
	o, err := stix.DecodeObject([]byte(`{"type":"indicator","id":"indicator--1","pattern":"[ipv4-addr:value = '203.0.113.7']","pattern_type":"stix",` +
		strings.TrimSuffix(strings.TrimPrefix(root, "{"), "}") + comma(root) + `"extensions":{` + octi + `:` + extension + `}}`))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func comma(object string) string {
	if object == "{}" {
		return ""
	}
	return ","
}

func TestSkip(t *testing.T) {
	for _, row := range []struct {
		name, object string
		document     bool
	}{
		{"identity", `{"type":"identity","id":"identity--1"}`, false},
		{"marking", `{"type":"marking-definition","id":"m--1"}`, false},
		{"relationship", `{"type":"relationship","id":"r--1","created":"2026-01-01T00:00:00Z"}`, false},
		{"report", `{"type":"report","id":"r--1"}`, false},
		{"unknown with a date of creation is no observable", `{"type":"x-thing","id":"x--1","created":"2026-01-01T00:00:00Z"}`, false},
		{"unknown domain object of OpenCTI", `{"type":"x-thing","id":"x--1","extensions":{` + octi + `:{"extension_type":"new-sdo","id":"1"}}}`, false},
		{"unknown observable", `{"type":"x-thing","id":"x--1","value":"v"}`, true},
		{"unknown observable of OpenCTI", `{"type":"x-thing","id":"x--1","created":"2026-01-01T00:00:00Z","extensions":{"extension-definition--f93e2c80-4231-4f9a-af8b-95c9bd566a82":{"extension_type":"new-sco"}}}`, true},
		{"old name of OpenCTI's own type", `{"type":"x-opencti-hostname","id":"x--1","value":"a.example"}`, true},
		{"type known by OpenCTI's spelling", `{"type":"stixfile","id":"x--1","extensions":{` + octi + `:{"id":"1","type":"StixFile"}}}`, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			o, err := stix.DecodeObject([]byte(row.object))
			if err != nil {
				t.Fatal(err)
			}
			d, err := newMapper(t).Map(o)
			if row.document {
				if err != nil || d.Threat.Indicator.Name == "" {
					t.Errorf("Map: %v, %+v", err, d)
				}
				return
			}
			if skip, ok := errors.AsType[*ecs.SkipError](err); !ok || skip.Filtered || skip.Type != o.Type {
				t.Errorf("Map: %v, want a SkipError that is not filtered", err)
			}
		})
	}
	if _, err := newMapper(t).Map(nil); err == nil {
		t.Error("Map(nil) gives a document")
	}
}

func TestExpiry(t *testing.T) {
	const forever = 0
	for _, row := range []struct {
		name, object string
		after        time.Duration
		want         string
		expired      bool
	}{
		{"valid_until", `{"valid_until":"2027-01-01T00:00:00Z"}`, time.Hour, "2027-01-01T00:00:00Z", false},
		{"past valid_until", `{"valid_until":"2026-01-01T00:00:00Z"}`, time.Hour, "2026-01-01T00:00:00Z", true},
		{"when handled plus the setting", `{}`, time.Hour, "2026-11-23T19:00:00.004Z", false},
		{"never", `{}`, forever, "0001-01-01T00:00:00Z", false},
		{"a date that is none", `{"valid_until":"soon"}`, time.Hour, "2026-11-23T19:00:00.004Z", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := newMapper(t, func(o *ecs.Options) { o.ExpireAfter = row.after })
			d := mapped(t, m, indicator(t, row.object, `{"id":"1"}`))
			if got := d.ExpiresAt.Format(time.RFC3339Nano); got != row.want || d.Expired != row.expired {
				t.Errorf("expires at %s, expired %v; want %s, %v", got, d.Expired, row.want, row.expired)
			}
		})
	}
}

func TestRevoked(t *testing.T) {
	for _, row := range []struct {
		name, object string
		status       ecs.Status
		from         string
	}{
		{"revoked before its end", `{"revoked":true,"modified":"2026-11-01T00:00:00Z","valid_until":"2027-01-01T00:00:00Z"}`, ecs.Revoked, "2026-11-01T00:00:00Z"},
		{"revoked without an end", `{"revoked":true,"modified":"2026-11-01T00:00:00Z"}`, ecs.Revoked, "2026-11-01T00:00:00Z"},
		{"revoked after its end", `{"revoked":true,"modified":"2026-11-01T00:00:00Z","valid_until":"2026-10-01T00:00:00Z"}`, ecs.Revoked, "2026-10-01T00:00:00Z"},
		{"expired", `{"valid_until":"2026-10-01T00:00:00Z"}`, ecs.Expired, "2026-10-01T00:00:00Z"},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := indicator(t, row.object, `{"id":"1"}`)
			d := mapped(t, newMapper(t), o)
			if d.OpenCTI.Status != row.status || len(d.Threat.Indicator.IP) != 1 {
				t.Errorf("status %q, ip %q; the writer deletes it", d.OpenCTI.Status, d.Threat.Indicator.IP)
			}
			if got := d.OpenCTI.Indicator.InvalidOrRevokedFrom.Format(time.RFC3339); got != row.from {
				t.Errorf("invalid or revoked from %s, want %s", got, row.from)
			}
			d = mapped(t, newMapper(t, func(o *ecs.Options) { o.OnRevoke = ecs.MarkRevoked }), o)
			if diff := cmp.Diff(ecs.Values{}, d.Threat.Indicator.Values); diff != "" {
				t.Errorf("a marked document has joined fields:\n%s", diff)
			}
			if d.OpenCTI.Status != row.status || len(d.Related.IP) != 1 {
				t.Errorf("status %q, related.ip %q", d.OpenCTI.Status, d.Related.IP)
			}
		})
	}
}

func TestTimestamp(t *testing.T) {
	for _, row := range []struct{ name, modified, want string }{
		{"the last change", "2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"},
		{"too old to be seen", "2026-10-01T10:00:00Z", "2026-11-23T18:00:00.004Z"},
		{"a platform's clock is a little ahead", "2026-11-23T18:00:20Z", "2026-11-23T18:00:20Z"},
		{"no change can be that far ahead", "2099-01-01T00:00:00Z", "2026-11-23T18:00:00.004Z"},
		{"no date", "yesterday", "2026-11-23T18:00:00.004Z"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := mapped(t, newMapper(t), indicator(t, `{"modified":`+quote(row.modified)+`}`, `{"id":"1"}`))
			if got := d.Timestamp.Format(time.RFC3339Nano); got != row.want {
				t.Errorf("@timestamp is %s, want %s", got, row.want)
			}
		})
	}
	old := indicator(t, `{"modified":"2020-10-01T10:00:00Z"}`, `{"id":"1"}`)
	d := mapped(t, newMapper(t, func(o *ecs.Options) { o.DisableRefresh = true }), old)
	if d.Timestamp.Year() != 2020 {
		t.Errorf("without refresh @timestamp is %s", d.Timestamp)
	}
}

func TestObservablePolicy(t *testing.T) {
	o := observable(t, "ipv4-addr", `{"value":"203.0.113.7","extensions":{`+octi+`:{"id":"1","score":50}}}`)
	for _, row := range []struct {
		name   string
		change func(*ecs.Options)
		joined bool
	}{
		{"default", func(*ecs.Options) {}, true},
		{"reference", func(o *ecs.Options) { o.Observables = ecs.ReferenceObservables }, false},
		{"score reached", func(o *ecs.Options) { o.ObservableScore = 50 }, true},
		{"score not reached", func(o *ecs.Options) { o.ObservableScore = 51 }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := mapped(t, newMapper(t, row.change), o)
			if got := len(d.Threat.Indicator.IP) == 1; got != row.joined || len(d.Related.IP) != 1 {
				t.Errorf("joined %v, want %v; related.ip %q", got, row.joined, d.Related.IP)
			}
		})
	}
	_, err := newMapper(t, func(o *ecs.Options) { o.Observables = ecs.NoObservables }).Map(o)
	if skip, ok := errors.AsType[*ecs.SkipError](err); !ok || !skip.Filtered {
		t.Errorf("left out observables give %v, want a SkipError that says filtered: documents of theirs have to go", err)
	}
}

// TestReferenceHasNoJoinedFields maps every observable without the fields that rules join on.
func TestReferenceHasNoJoinedFields(t *testing.T) {
	m := newMapper(t, func(o *ecs.Options) { o.Observables = ecs.ReferenceObservables })
	for _, g := range goldens(t) {
		if g.object.Type == "indicator" {
			continue
		}
		if diff := cmp.Diff(ecs.Values{}, mapped(t, m, g.object).Threat.Indicator.Values); diff != "" {
			t.Errorf("%s: %s", g.name, diff)
		}
	}
}

func TestConfidenceAndTLP(t *testing.T) {
	const amber, red, oasis = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
	for _, row := range []struct{ object, confidence, tlp string }{
		{`{}`, "Not Specified", ""},
		{`{"confidence":0}`, "None", ""},
		{`{"confidence":1}`, "Low", ""},
		{`{"confidence":29}`, "Low", ""},
		{`{"confidence":30}`, "Medium", ""},
		{`{"confidence":69}`, "Medium", ""},
		{`{"confidence":70}`, "High", ""},
		{`{"confidence":100}`, "High", ""},
		{`{"confidence":101}`, "Not Specified", ""},
		{`{"confidence":-1}`, "Not Specified", ""},
		{`{"confidence":null}`, "Not Specified", ""},
		{`{"object_marking_refs":["` + amber + `"]}`, "Not Specified", "AMBER"},
		{`{"object_marking_refs":["` + amber + `","` + red + `"]}`, "Not Specified", "RED"},
		{`{"object_marking_refs":["` + oasis + `","` + amber + `"]}`, "Not Specified", "AMBER+STRICT"},
		{`{"object_marking_refs":["learned"]}`, "Not Specified", "CLEAR"},
		{`{"object_marking_refs":["marking-definition--0"]}`, "Not Specified", ""},
	} {
		t.Run(row.object, func(t *testing.T) {
			i := mapped(t, newMapper(t, func(o *ecs.Options) { o.References = learned{} }), indicator(t, row.object, `{"id":"1"}`)).Threat.Indicator
			if i.Confidence != row.confidence || i.TLP != row.tlp {
				t.Errorf("confidence %q, TLP %q; want %q, %q", i.Confidence, i.TLP, row.confidence, row.tlp)
			}
		})
	}
}

// learned knows one marking, by the name that TLP 1.0 had for it.
type learned struct{ names }

func (learned) Marking(ref string) (name, definitionType string, ok bool) {
	return "TLP:WHITE", "TLP", ref == "learned"
}

func TestNames(t *testing.T) {
	for _, row := range []struct{ name, object, want string }{
		{"its own", `{"name":"Evil"}`, "Evil"},
		{"blank: the first value", `{"name":" "}`, "203.0.113.7"},
		{"the pattern", `{"pattern":"rule a {}","pattern_type":"yara"}`, "rule a {}"},
		{"too long", `{"name":"` + strings.Repeat("ü", 2000) + `"}`, strings.Repeat("ü", 1024)},
	} {
		t.Run(row.name, func(t *testing.T) {
			object := row.object
			if strings.Contains(object, "pattern") {
				o, err := stix.DecodeObject([]byte(`{"type":"indicator","id":"indicator--1",` + object[1:]))
				if err != nil {
					t.Fatal(err)
				}
				if got := mapped(t, newMapper(t), o).Threat.Indicator.Name; got != row.want {
					t.Errorf("name %q, want %q", got, row.want)
				}
				return
			}
			if got := mapped(t, newMapper(t), indicator(t, object, `{"id":"1"}`)).Threat.Indicator.Name; got != row.want {
				t.Errorf("name %q, want %q", got, row.want)
			}
		})
	}
}

// TestSecrets looks for secrets in documents that keep as much as they can.
func TestSecrets(t *testing.T) {
	m := newMapper(t, func(o *ecs.Options) { o.KeepOriginal, o.CredentialHash = true, true })
	for name, secrets := range map[string][]string{
		"credential": {"hunter2"}, "user-account": {"hunter2"}, "payment-card": {`"123"`, "4111111111111111"}, "artifact": {"UEsFBg", "infected", "payload_bin"},
	} {
		for _, g := range goldens(t) {
			if g.name != name {
				continue
			}
			doc := string(mapJSON(t, m, g.object))
			original, _ := at([]byte(doc), "event.original").Text()
			if !json.Valid([]byte(original)) {
				t.Errorf("%s: event.original is no JSON: %s", name, original)
			}
			for _, s := range secrets {
				if strings.Contains(doc, s) || strings.Contains(original, s) {
					t.Errorf("%s: the document holds %q", name, s)
				}
			}
			if name == "credential" && !strings.Contains(doc, "f52fbd32b2b3b86ff88ef6c490628285f482af15ddcb29541f94bcf526a3f6c7") {
				t.Error("the credential's hash was asked for and is not there")
			}
		}
	}
}

// TestPasswords: passwords of URLs stand in the fields that rules join on, and nowhere else.
func TestPasswords(t *testing.T) {
	const given = "http://bob:hunter2@evil.example/a"
	for name, o := range map[string]*stix.Object{
		"observable": observable(t, "url", `{"value":"`+given+`","description":"from `+given+`"}`),
		"indicator":  observable(t, "indicator", `{"pattern_type":"stix","name":"`+given+`","pattern":"[url:value = '`+given+`']","extensions":{`+octi+`:{"id":"1","observable_values":[{"type":"Url","value":"`+given+`"}]}}}`),
		"no name":    observable(t, "indicator", `{"pattern":"[url:value = '`+given+`']"}`),
		"key":        observable(t, "x-opencti-simple-observable", `{"key":"Url.value","value":"`+given+`"}`),
	} {
		t.Run(name, func(t *testing.T) {
			reason := func(o *ecs.Options) {
				o.KeepOriginal = true
				o.RuleReason = func(*stix.Object) string { return given + " is too common" }
			}
			d := mapped(t, newMapper(t, reason), o)
			if diff := cmp.Diff([][]string{{given}, {given}}, [][]string{d.Threat.Indicator.URL.Full, d.Threat.Indicator.URL.Original}); diff != "" {
				t.Errorf("joined fields (-want +got):\n%s", diff)
			}
			d.Threat.Indicator.URL.Full, d.Threat.Indicator.URL.Original = nil, nil
			if doc, _ := d.AppendJSON(nil); strings.Contains(string(doc), "hunter2") || !strings.Contains(string(doc), "http://bob:***@evil.example/a") {
				t.Errorf("the password is shown in %s", doc)
			}
			kept := mapJSON(t, newMapper(t, reason, func(o *ecs.Options) { o.KeepPasswords = true }), o)
			if strings.Contains(string(kept), stix.Mask) {
				t.Errorf("masked, though it was to be kept: %s", kept)
			}
		})
	}
}

// TestSecretOfPattern: a pattern that names a credential is shown with a mask, and its other values count.
func TestSecretOfPattern(t *testing.T) {
	o := observable(t, "indicator", `{"name":"hunter3-secret","pattern":"[credential:value = 'hunter3-secret' OR ipv4-addr:value = '203.0.113.66']"}`)
	d := mapped(t, newMapper(t, func(o *ecs.Options) { o.KeepOriginal = true }), o)
	if doc, _ := d.AppendJSON(nil); strings.Contains(string(doc), "hunter3") {
		t.Errorf("the secret is in %s", doc)
	}
	got := []any{d.Threat.Indicator.Name, d.Threat.Indicator.IP, d.OpenCTI.Indicator.Value, d.OpenCTI.Indicator.Pattern}
	want := []any{"***", []string{"203.0.113.66"}, []string{"203.0.113.66"}, "[credential:value = '***' OR ipv4-addr:value = '203.0.113.66']"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRuleReason(t *testing.T) {
	m := newMapper(t, func(o *ecs.Options) { o.RuleReason = func(*stix.Object) string { return "yara has no Elastic form" } })
	doc := mapJSON(t, m, indicator(t, `{}`, `{"id":"1"}`))
	if got, _ := at(doc, "opencti.rule.reason").Text(); got != "yara has no Elastic form" {
		t.Errorf("opencti.rule.reason is %q", got)
	}
}

func TestDocumentID(t *testing.T) {
	long := strings.Repeat("k", 513)
	if got := ecs.DocumentID("a"); got != "a" {
		t.Errorf("a short key becomes %q", got)
	}
	if got := ecs.DocumentID(long); len(got) > 512 || got == ecs.DocumentID(long+"k") {
		t.Errorf("a long key becomes %q", got)
	}
}

// TestMarshalers compares the three ways to write a document.
func TestMarshalers(t *testing.T) {
	for _, g := range goldens(t) {
		d := mapped(t, newMapper(t), g.object)
		want := mapJSON(t, newMapper(t), g.object)
		v1, err1 := json.Marshal(d)
		v2, err2 := jsonv2.Marshal(d)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		// The first version escapes <, > and & in what a marshaler gives it.
		unescaped := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(v1))
		if string(v2) != string(want) || unescaped != string(want) {
			t.Errorf("%s:\n%s\n%s\n%s", g.name, want, v1, v2)
		}
	}
}

func TestOptionsValidate(t *testing.T) {
	_, err := ecs.NewMapper(ecs.Options{
		Module: "TI!", OpenCTIURL: "https://bob:secret@cti.example", ExpireAfter: -1, Observables: "some", ObservableScore: 101, OnRevoke: "forget",
		Filter: ecs.Filter{Score: 101, Confidence: -1, TLP: "PURPLE", MaxAge: -1},
	})
	if err == nil {
		t.Fatal("invalid options are taken")
	}
	for _, want := range []string{"module", "OpenCTI URL", "negative", "observables", "observable score", "on revoke", "score 101", "confidence -1", "PURPLE", "age"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error holds the password: %v", err)
	}
	for _, bad := range []string{"cti.example", "ftp://cti.example", "https://", "https://cti.example/?token=x", "://"} {
		if _, err := ecs.NewMapper(ecs.Options{OpenCTIURL: bad}); err == nil {
			t.Errorf("URL %q is taken", bad)
		}
	}
}
