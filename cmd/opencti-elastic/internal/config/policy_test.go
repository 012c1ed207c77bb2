package config

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPolicy(t *testing.T) {
	fingerprints := func(environ map[string]string) [2]string {
		t.Helper()
		var c Config
		if err := c.parse(environ); err != nil {
			t.Fatal(err)
		}
		return [2]string{c.Policy("index"), c.Policy("rules")}
	}
	base := fingerprints(map[string]string{})
	if base[0] == "" || base[1] == "" {
		t.Fatalf("no fingerprints: %q", base)
	}
	tests := []struct {
		name         string
		set          map[string]string
		index, rules bool // whether it is another sink then
	}{
		{"a default that is written out", map[string]string{"ELASTIC_SECURITY_MIN_SCORE": "0"}, false, false},
		{"where and how fast", map[string]string{"ELASTIC_SECURITY_URL": "http://other:9200", "ELASTIC_SECURITY_BATCH_SIZE": "10", "CONNECTOR_NAME": "n"}, false, false},
		{"a secret", map[string]string{"ELASTIC_SECURITY_API_KEY": "k"}, false, false},
		{"a filter", map[string]string{"ELASTIC_SECURITY_MIN_SCORE": "90"}, true, true},
		{"labels", map[string]string{"ELASTIC_SECURITY_LABELS": "a,b"}, true, true},
		{"the policy for rules, which documents speak of", map[string]string{"ELASTIC_SECURITY_RULES": "match"}, true, true},
		{"what concerns documents alone", map[string]string{"ELASTIC_SECURITY_EVENT_ORIGINAL": "true"}, true, false},
		{"what concerns rules alone", map[string]string{"ELASTIC_SECURITY_RULE_INTERVAL": "10m"}, false, true},
		{"links", map[string]string{"ELASTIC_SECURITY_OPENCTI_EXTERNAL_URL": "https://cti.example.org"}, true, true},
		{"another stream", map[string]string{"CONNECTOR_LIVE_STREAM_ID": "s"}, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := fingerprints(tt.set)
			if (got[0] != base[0]) != tt.index || (got[1] != base[1]) != tt.rules {
				t.Errorf("documents differ: %v, rules differ: %v; want %v, %v", got[0] != base[0], got[1] != base[1], tt.index, tt.rules)
			}
		})
	}
	if a, b := fingerprints(map[string]string{"ELASTIC_SECURITY_LABELS": "a,b"}), fingerprints(map[string]string{"ELASTIC_SECURITY_LABELS": "b,a"}); a != b {
		t.Error("the order of a list counts")
	}
}

// TestEverySettingIsJudged: whoever adds a setting says whether it changes what the sinks make of the stream.
func TestEverySettingIsJudged(t *testing.T) {
	neither := []string{
		"CONNECTOR_ID", "CONNECTOR_LIVE_STREAM_LISTEN_DELETE", "CONNECTOR_LIVE_STREAM_MAX_EVENT_MIB", "CONNECTOR_LIVE_STREAM_RECOVERY_WINDOW",
		"CONNECTOR_LIVE_STREAM_RECOVER_ISO_DATE", "CONNECTOR_LIVE_STREAM_SILENCE", "CONNECTOR_LIVE_STREAM_START_TIMESTAMP",
		"CONNECTOR_LOG_LEVEL", "CONNECTOR_NAME", "CONNECTOR_PING_INTERVAL", "CONNECTOR_SCOPE", "CONNECTOR_TYPE",
		"ELASTIC_SECURITY_API_KEY", "ELASTIC_SECURITY_BATCH_SIZE", "ELASTIC_SECURITY_CA_CERT", "ELASTIC_SECURITY_CA_FINGERPRINT",
		"ELASTIC_SECURITY_CLIENT_CERT", "ELASTIC_SECURITY_CLIENT_KEY", "ELASTIC_SECURITY_COMPRESS", "ELASTIC_SECURITY_DEAD_LETTERS",
		"ELASTIC_SECURITY_KIBANA_URL", "ELASTIC_SECURITY_LOOKUP",
		"ELASTIC_SECURITY_OPENCTI_EXTERNAL_URL", // by what it stands for
		"ELASTIC_SECURITY_PASSWORD", "ELASTIC_SECURITY_REFERENCES", "ELASTIC_SECURITY_REFRESH_DAYS",
		"ELASTIC_SECURITY_RULES_ENABLED", "ELASTIC_SECURITY_RULES_PREVIEW_LIMIT", // of rules that are new
		"ELASTIC_SECURITY_SWEEP_INTERVAL", "ELASTIC_SECURITY_URL", "ELASTIC_SECURITY_USERNAME", "ELASTIC_SECURITY_VERIFY_SSL",
		"OPENCTI_CA_CERT", "OPENCTI_CA_FINGERPRINT", "OPENCTI_CLIENT_CERT", "OPENCTI_CLIENT_KEY", "OPENCTI_CUSTOM_HEADERS",
		"OPENCTI_JSON_LOGGING", "OPENCTI_SSL_VERIFY", "OPENCTI_TOKEN", "OPENCTI_URL",
	}
	got := make(map[string]bool)
	for s := range Settings() {
		if s.makes[0] == "" {
			got[s.Name] = true
		}
	}
	if diff := cmp.Diff(neither, slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("settings without a tag `makes` (-want +got); give it one, or name it here:\n%s", diff)
	}
}
