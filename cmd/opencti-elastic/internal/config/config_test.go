package config_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic/internal/config"
)

var complete = []string{
	"OPENCTI_URL=https://cti.example.org/opencti/", "OPENCTI_TOKEN=secret-token", "CONNECTOR_ID=2a1d1b7e-6f2b-4d3a-9c55-0c8d3c1f4e21",
	"CONNECTOR_LIVE_STREAM_ID=live", "ELASTIC_SECURITY_URL=https://es.example.org:9200",
}

func TestLoadDefaults(t *testing.T) {
	c, err := config.Load(append(complete, "CONNECTOR_LOG_LEVEL=warning", "CONNECTOR_LIVE_STREAM_LISTEN_DELETE=no", "ELASTIC_SECURITY_BATCH_SIZE=", "CONNECTOR_SCOPE=a,b"), "", false, (*config.Config).Validate)
	if err != nil {
		t.Fatal(err)
	}
	if slog.Level(c.Connector.LogLevel) != slog.LevelWarn || c.Connector.ListenDelete || c.Elastic.BatchSize != 1000 || !c.Elastic.VerifySSL || c.OpenCTI.VerifySSL {
		t.Errorf("%+v", c)
	}
	if diff := cmp.Diff([]string{"a", "b"}, c.Connector.Scope); diff != "" {
		t.Error(diff)
	}
	if c.BaseURL() != "https://cti.example.org/opencti/" {
		t.Error(c.BaseURL())
	}
}

func TestFaults(t *testing.T) {
	tests := []struct {
		name    string
		environ []string
		want    []string // the variables named, one a line
	}{
		{"nothing set", nil, []string{"OPENCTI_URL", "OPENCTI_TOKEN", "CONNECTOR_ID", "CONNECTOR_LIVE_STREAM_ID", "ELASTIC_SECURITY_URL"}},
		{"placeholders", []string{"OPENCTI_URL=ChangeMe", "OPENCTI_TOKEN=ChangeMe", "CONNECTOR_ID=changeme", "CONNECTOR_LIVE_STREAM_ID=ChangeMe", "ELASTIC_SECURITY_URL=ChangeMe", "ELASTIC_SECURITY_API_KEY=ChangeMe"}, []string{"OPENCTI_URL", "OPENCTI_TOKEN", "CONNECTOR_ID", "CONNECTOR_LIVE_STREAM_ID", "ELASTIC_SECURITY_URL", "ELASTIC_SECURITY_API_KEY"}},
		{"no URL", append(complete, "OPENCTI_URL=cti.example.org", "ELASTIC_SECURITY_URL=ftp://x", "ELASTIC_SECURITY_KIBANA_URL=x"), []string{"OPENCTI_URL", "ELASTIC_SECURITY_URL", "ELASTIC_SECURITY_KIBANA_URL"}},
		{"no UUID v4", append(complete, "CONNECTOR_ID=2a1d1b7e-6f2b-1d3a-9c55-0c8d3c1f4e21"), []string{"CONNECTOR_ID"}},
		{"no numbers", append(complete, "ELASTIC_SECURITY_BATCH_SIZE=many", "ELASTIC_SECURITY_MIN_SCORE=1.5"), []string{"ELASTIC_SECURITY_BATCH_SIZE", "ELASTIC_SECURITY_MIN_SCORE"}},
		{"out of range", append(complete, "ELASTIC_SECURITY_BATCH_SIZE=0", "ELASTIC_SECURITY_REFRESH_DAYS=30"), []string{"ELASTIC_SECURITY_BATCH_SIZE", "ELASTIC_SECURITY_REFRESH_DAYS"}},
		{"custom fields", append(complete, "ELASTIC_SECURITY_CUSTOM_FIELDS=risk=high,owner"), []string{"ELASTIC_SECURITY_CUSTOM_FIELDS"}},
		{"words", append(complete, "ELASTIC_SECURITY_RULES=all", "ELASTIC_SECURITY_ON_REVOKE=x", "ELASTIC_SECURITY_MAX_TLP=PURPLE", "CONNECTOR_TYPE=EXTERNAL_IMPORT"), []string{"CONNECTOR_TYPE", "ELASTIC_SECURITY_ON_REVOKE", "ELASTIC_SECURITY_RULES", "ELASTIC_SECURITY_MAX_TLP"}},
		{"booleans and levels", append(complete, "CONNECTOR_LIVE_STREAM_LISTEN_DELETE=perhaps", "CONNECTOR_LOG_LEVEL=loud"), []string{"CONNECTOR_LOG_LEVEL", "CONNECTOR_LIVE_STREAM_LISTEN_DELETE"}},
		{"pairs", append(complete, "ELASTIC_SECURITY_CLIENT_CERT=a", "OPENCTI_CLIENT_KEY=b", "ELASTIC_SECURITY_API_KEY=k", "ELASTIC_SECURITY_USERNAME=u"), []string{"OPENCTI_CLIENT_CERT", "ELASTIC_SECURITY_CLIENT_CERT", "ELASTIC_SECURITY_API_KEY", "ELASTIC_SECURITY_USERNAME"}},
		{"index", append(complete, "ELASTIC_SECURITY_INDEX_NAME=Logs-*"), []string{"ELASTIC_SECURITY_INDEX_NAME"}},
		{"dates", append(complete, "CONNECTOR_LIVE_STREAM_RECOVER_ISO_DATE=soon", "CONNECTOR_LIVE_STREAM_START_TIMESTAMP=yesterday"), []string{"CONNECTOR_LIVE_STREAM_START_TIMESTAMP", "CONNECTOR_LIVE_STREAM_RECOVER_ISO_DATE"}},
		{"control characters", append(complete, "OPENCTI_TOKEN=a\nb", "ELASTIC_SECURITY_API_KEY=a\tb"), []string{"OPENCTI_TOKEN", "ELASTIC_SECURITY_API_KEY"}},
		{"ports", append(complete, "OPENCTI_URL=http://x:0", "ELASTIC_SECURITY_URL=http://u:p@x:99999999"), []string{"OPENCTI_URL", "ELASTIC_SECURITY_URL"}},
		{"all at once", []string{"ELASTIC_SECURITY_BATCH_SIZE=abc", "CONNECTOR_LOG_LEVEL=loud", "ELASTIC_SECURITY_RULES=all", "CONNECTOR_TYPE=STREAMS", "OPENCTI_TOKEN=t", "OPENCTI_TOKEN_FILE=/x", "OPENCTI_URL=http://x", "CONNECTOR_LIVE_STREAM_ID=live"},
			[]string{"OPENCTI_TOKEN_FILE", "CONNECTOR_LOG_LEVEL", "ELASTIC_SECURITY_BATCH_SIZE", "CONNECTOR_ID", "CONNECTOR_TYPE", "ELASTIC_SECURITY_URL", "ELASTIC_SECURITY_RULES"}},
		{"pairs of settings", append(complete, "ELASTIC_SECURITY_RULES=lookup", "ELASTIC_SECURITY_API_KEY=id:key"), []string{"ELASTIC_SECURITY_API_KEY", "ELASTIC_SECURITY_RULES"}},
		{"secret files", append(complete, "ELASTIC_SECURITY_API_KEY_FILE=/does/not/exist"), []string{"ELASTIC_SECURITY_API_KEY_FILE"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := config.Load(tt.environ, "", false, (*config.Config).Validate)
			if err == nil {
				t.Fatal("no error")
			}
			var got []string
			for line := range strings.Lines(err.Error()) {
				name, _, _ := strings.Cut(line, ":")
				got = append(got, name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("variables named (-want +got):\n%s\n%v", diff, err)
			}
			if strings.Contains(err.Error(), "secret-token") {
				t.Errorf("the token shows: %v", err)
			}
		})
	}
}

func anything(*config.Config) error { return nil }

func TestFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("config.yml", `
opencti:
  url: http://opencti:8080
  token: from-file
connector:
  id: 2a1d1b7e-6f2b-4d3a-9c55-0c8d3c1f4e21
  live_stream_id: live
  scope: [a, b]
  auto: false
  live_stream_start_timestamp: 1795446740123
elastic_security:
  url: http://es:9200
  verify_ssl: False
  batch_size: 100
`)
	key := write("key", "the-key\n")
	c, err := config.Load([]string{"ELASTIC_SECURITY_BATCH_SIZE=250", "ELASTIC_SECURITY_API_KEY_FILE=" + key, "ELASTIC_SECURITY_BATCHSIZE=1"}, file, true, (*config.Config).Validate)
	if err != nil {
		t.Fatal(err)
	}
	if c.Elastic.BatchSize != 250 || c.OpenCTI.Token != "from-file" || c.Elastic.VerifySSL || c.Elastic.APIKey != "the-key" || c.Connector.StartTimestamp != "1795446740123" {
		t.Errorf("%+v", c)
	}
	want := []string{"ELASTIC_SECURITY_BATCHSIZE: no such setting; did you mean ELASTIC_SECURITY_BATCH_SIZE?"}
	if diff := cmp.Diff(want, c.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}

	bad := write("bad.yml", "connector:\n  live_stream: x\nelastic_security:\n  bach_size: 3\n")
	_, err = config.Load(nil, bad, true, anything)
	if err == nil || !strings.Contains(err.Error(), "did you mean ELASTIC_SECURITY_BATCH_SIZE?") || !strings.Contains(err.Error(), "connector.live_stream") {
		t.Errorf("error %v, want both unknown settings named", err)
	}
	if _, err := config.Load(nil, filepath.Join(dir, "none.yml"), false, anything); err != nil {
		t.Errorf("an absent default file: %v", err)
	}
	if _, err := config.Load(nil, filepath.Join(dir, "none.yml"), true, anything); err == nil {
		t.Error("an absent file that was asked for: no error")
	}
}

func TestRecover(t *testing.T) {
	tests := []struct {
		in    string
		want  time.Time
		never bool
	}{
		{"", time.Time{}, false},
		{"None", time.Time{}, true},
		{"2026-11-23T15:00:00Z", time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC), false},
		{"2026-11-23", time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), false},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			c := config.Connector{RecoverISODate: tt.in}
			got, never, err := c.Recover()
			if err != nil || !got.Equal(tt.want) || never != tt.never {
				t.Errorf("got %v %v %v", got, never, err)
			}
		})
	}
}

func TestTableNamesEverySetting(t *testing.T) {
	table := config.Table()
	for s := range config.Settings() {
		if s.Text == "" || !strings.Contains(table, "`"+s.Name+"`") {
			t.Errorf("%s: not described", s.Name)
		}
	}
}
