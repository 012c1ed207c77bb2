package endpoint

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "3": 3 * time.Second, " 3 ": 3 * time.Second, "0.5": 500 * time.Millisecond, "-4": 0, "1e300": maxRetryAfter, "86400": maxRetryAfter, "soon": 0,
		"NaN": 0, now.Add(9 * time.Second).Format(http.TimeFormat): 9 * time.Second, now.Add(-time.Hour).Format(http.TimeFormat): 0,
	} {
		if got := RetryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
}

func TestParseURL(t *testing.T) {
	for _, good := range []string{"http://x", "https://x:9200", "https://user:secret@x:443/kb/", "http://[::1]:9200", " https://x "} {
		if _, err := ParseURL(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", " ", "x", "x:9200", "ftp://x", "//x", "http://", "http://:9200", "http://x:", "http://x:0", "http://x:99999", "http://x:65536", "http://x:-1", "http://x:secret",
		"https://user:secret@", "https://user:secret@x:0", "http://x?secret=1", "http://x#secret", "http://x\n", "http://x y", "http://user:secret%zz@x",
	} {
		if _, err := ParseURL(bad); (err == nil) != (strings.TrimSpace(bad) == "http://x") {
			t.Errorf("%q is taken for an address", bad)
		} else if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error quotes it: %v", bad, err)
		}
	}
}

func TestSecrets(t *testing.T) {
	for _, tt := range []struct {
		secret          string
		token, password bool
	}{
		{"", true, true}, {"c2VjcmV0OmtleQ==", true, true}, {"two words", false, true}, {"pässwörd", false, true},
		{"line\nbreak", false, false}, {"tab\t", false, false}, {"nul\x00", false, false}, {"del\x7f", false, false}, {"esc\x1b[0m", false, false},
	} {
		if err := CheckToken(tt.secret); (err == nil) != tt.token {
			t.Errorf("token %q: %v", tt.secret, err)
		}
		if err := CheckPassword(tt.secret); (err == nil) != tt.password {
			t.Errorf("password %q: %v", tt.secret, err)
		}
	}
}

// FuzzParseURL: no address panics, and no error quotes one.
func FuzzParseURL(f *testing.F) {
	f.Add("https://user:hunter2hunter2@x:9200/p")
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := ParseURL(raw)
		if err == nil && (u.Hostname() == "" || u.Port() == "0") {
			t.Errorf("%q has no host or port", raw)
		}
		if err != nil && len(raw) > 12 && strings.Contains(err.Error(), raw) {
			t.Errorf("%v quotes %q", err, raw)
		}
	})
}
