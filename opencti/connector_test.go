package opencti_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

const connectorID = "4f6cf1a2-7c3b-4c1d-9f4e-0b2a3c4d5e6f"

func newConnector(tb testing.TB, s *openctitest.Server, edit func(*opencti.ConnectorConfig)) *opencti.Connector {
	tb.Helper()
	client, err := opencti.NewClient(opencti.ClientConfig{URL: s.URL + "/", Token: s.Token})
	if err != nil {
		tb.Fatal(err)
	}
	cfg := opencti.ConnectorConfig{
		ID: connectorID, Name: "Elastic Security", Sinks: []string{"index", "rules"}, PatternTypes: []string{"kql", "EQL", "esql"},
		PingInterval: 5 * time.Millisecond, Backoff: sync.Backoff{Initial: time.Millisecond, Max: 5 * time.Millisecond},
	}
	if edit != nil {
		edit(&cfg)
	}
	c, err := opencti.NewConnector(client, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func save(tb testing.TB, s *opencti.State, c map[string]sync.Checkpoint) {
	tb.Helper()
	if err := s.Save(tb.Context(), c); err != nil {
		tb.Fatal(err)
	}
}

func load(tb testing.TB, s *opencti.State) map[string]sync.Checkpoint {
	tb.Helper()
	got, err := s.Load(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

// pinged is told of each ping.
type pinged chan struct{}

func (p pinged) OnPing(error) {
	select {
	case p <- struct{}{}:
	default:
	}
}

// wait waits until a ping has brought about what done looks for.
func (p pinged) wait(tb testing.TB, what string, done func() bool) {
	tb.Helper()
	limit := time.After(10 * time.Second)
	for !done() {
		select {
		case <-p:
		case <-limit:
			tb.Fatalf("no %s within 10 s", what)
		}
	}
}

func TestRegister(t *testing.T) {
	s := server(t, openctitest.Options{NoVocabularyRights: true})
	s.FailGraphQL(3, 503)
	var log bytes.Buffer
	c := newConnector(t, s, func(c *opencti.ConnectorConfig) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	if err := c.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, says := range []string{"cannot register with OpenCTI yet", "503", "could not be added", "FORBIDDEN_ACCESS", "platform_version=6.8.10"} {
		if !strings.Contains(log.String(), says) {
			t.Errorf("the log does not say %q:\n%s", says, log.String())
		}
	}
	if diff := cmp.Diff([]string{"null"}, s.Pings()); diff != "" {
		t.Errorf("pings (-want +got):\n%s", diff)
	}
}

func TestRegisterEndsWithItsContext(t *testing.T) {
	s := server(t, openctitest.Options{})
	client, err := opencti.NewClient(opencti.ClientConfig{URL: s.URL, Token: "a-wrong-token"})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	c, err := opencti.NewConnector(client, opencti.ConnectorConfig{
		ID: connectorID, Name: "x", Logger: slog.New(slog.NewTextHandler(&log, nil)), Backoff: sync.Backoff{Initial: time.Millisecond, Max: time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := c.Register(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the context's", err)
	}
	if text := log.String(); !strings.Contains(text, "AUTH_REQUIRED") || strings.Contains(text, "a-wrong-token") {
		t.Errorf("log %q: want the platform's error, and no token", text)
	}
}

func at(id string) sync.Position {
	p, err := sync.ParsePosition(id)
	if err != nil {
		panic(err)
	}
	return p
}

func TestStateOfOtherConnectors(t *testing.T) {
	until := time.Date(2026, 11, 23, 15, 12, 11, 0, time.UTC)
	both := func(c sync.Checkpoint) map[string]sync.Checkpoint {
		return map[string]sync.Checkpoint{"index": c, "rules": c}
	}
	ours := map[string]sync.Checkpoint{
		"index": {Position: at("1795446740123-4"), RecoverUntil: until},
		"rules": {Position: at("1795446740100-0")},
	}
	tests := []struct {
		name, state string
		want        map[string]sync.Checkpoint
	}{
		{"none", `null`, nil},
		{"reset", ``, nil},
		{"empty", `{}`, nil},
		{"no JSON", `start_from`, nil},
		{"pycti, live", `{"start_from":"1795446740123-0","recover_until":false}`, both(sync.Checkpoint{Position: at("1795446680123-0")})},
		{"pycti, its first recovery long over", `{"start_from":"1795446740123-0","recover_until":"2025-01-01T00:00:00Z"}`, both(sync.Checkpoint{Position: at("1795446680123-0")})},
		{"pycti, recovering", `{"start_from":"1700000000000-0","recover_until":"2026-11-23T15:12:11Z"}`, both(sync.Checkpoint{Position: at("1700000000000-0"), RecoverUntil: until})},
		{"pycti, before anything came", `{"start_from":"0-0","recover_until":"2026-11-23T15:12:11Z"}`, both(sync.Checkpoint{RecoverUntil: until})},
		{"pycti of old", `{"connectorLastEventId":"1795446740123-0","connectorStartTime":"2020-01-01T00:00:00Z"}`, both(sync.Checkpoint{Position: at("1795446680123-0")})},
		{"pycti of old, a number", `{"connectorLastEventId":1795446740123}`, both(sync.Checkpoint{Position: at("1795446680123-0")})},
		{"JSON in JSON", `"{\"start_from\":\"1795446740123-0\",\"recover_until\":false}"`, both(sync.Checkpoint{Position: at("1795446680123-0")})},
		{"unreadable id", `{"start_from":"yesterday"}`, nil},
		{"ours", `{"start_from":"1795446740123-4","recover_until":"2026-11-23T15:12:11Z","acknowledged":{"index":{"position":"1795446740123-4","recover_until":"2026-11-23T15:12:11Z"},"rules":{"position":"1795446740100-0"}}}`, ours},
		{"ours, moved by pycti", `{"start_from":"1795446800000-0","recover_until":false,"acknowledged":{"index":{"position":"1795446740123-4"},"rules":{"position":"1795446740100-0"}}}`, both(sync.Checkpoint{Position: at("1795446740000-0")})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, openctitest.Options{})
			s.SetState(tt.state)
			c := newConnector(t, s, nil)
			if err := c.Register(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, load(t, c.State()), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("checkpoints (-want +got):\n%s", diff)
			}
			// What was loaded is what is pinged, in a form that reads back.
			again := newConnector(t, s, nil)
			if err := again.Register(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, load(t, again.State()), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("checkpoints of the next run (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStateIsReadableByPycti(t *testing.T) {
	s := server(t, openctitest.Options{})
	c := newConnector(t, s, nil)
	if err := c.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	save(t, c.State(), map[string]sync.Checkpoint{"rules": {Position: at("5-1")}, "index": {Position: at("4-0")}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the ping at the end carries it
	if err := c.Run(ctx); err != nil {
		t.Fatal(err)
	}
	const want = `{"acknowledged":{"index":{"position":"4-0"},"rules":{"position":"5-1"}},"recover_until":false,"start_from":"4-0"}`
	got, _ := s.State()
	v := jsontext.Value(got)
	if err := v.Canonicalize(); err != nil || string(v) != want {
		t.Errorf("state %s, want %s", v, want)
	}
}

// TestPingsFailWithoutHarm: a platform that does not answer pings changes nothing.
func TestPingsFailWithoutHarm(t *testing.T) {
	s := server(t, openctitest.Options{})
	hook, each := &pings{}, make(pinged, 1)
	c := newConnector(t, s, func(c *opencti.ConnectorConfig) { c.Observers = []any{hook, each} })
	if err := c.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	save(t, c.State(), map[string]sync.Checkpoint{"index": {Position: at("4-0")}})
	s.FailGraphQL(3, 502)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	each.wait(t, "a ping after the failures", func() bool { got, _ := s.State(); return strings.Contains(got, "4-0") })
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if hook.failed != 3 || hook.answered < 2 {
		t.Errorf("%d pings failed, %d were answered: want 3, and some", hook.failed, hook.answered)
	}
	select {
	case <-c.State().Resets():
		t.Error("a failed ping was taken for a reset")
	default:
	}
}

type pings struct{ failed, answered int }

func (p *pings) OnPing(err error) {
	if err != nil {
		p.failed++
	} else {
		p.answered++
	}
}

func TestClientNeverFollowsElsewhere(t *testing.T) {
	other := server(t, openctitest.Options{})
	front := httptest.NewServer(http.RedirectHandler(other.URL+"/graphql", http.StatusTemporaryRedirect))
	defer front.Close()
	client, err := opencti.NewClient(opencti.ClientConfig{URL: front.URL, Token: "t0ken-value", Headers: map[string]string{"CF-Access-Client-Secret": "another-secret"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.About(t.Context())
	if _, ok := errors.AsType[*opencti.RedirectError](err); !ok {
		t.Errorf("error %v, want a redirect's", err)
	}
	if len(other.Operations()) != 0 {
		t.Error("the other server was asked")
	}
}

func TestDeletedConnectorRegistersAgain(t *testing.T) {
	s := server(t, openctitest.Options{})
	each := make(pinged, 1)
	c := newConnector(t, s, func(c *opencti.ConnectorConfig) { c.Observers = []any{each} })
	if err := c.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	save(t, c.State(), map[string]sync.Checkpoint{"index": {Position: at("4-0")}})
	s.DeleteConnector()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	each.wait(t, "state at the platform again", func() bool { got, _ := s.State(); return strings.Contains(got, "4-0") })
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestEndOfRecoveryIsSavedAtOnce: until it is, a run after a crash would recover anew and miss what was deleted since.
func TestEndOfRecoveryIsSavedAtOnce(t *testing.T) {
	s := server(t, openctitest.Options{})
	each := make(pinged, 1)
	c := newConnector(t, s, func(c *opencti.ConnectorConfig) { c.Observers, c.PingInterval = []any{each}, time.Hour })
	if err := c.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	until := time.Date(2026, 11, 25, 4, 5, 6, 0, time.UTC)
	save(t, c.State(), map[string]sync.Checkpoint{"index": {RecoverUntil: until}})
	each.wait(t, "end of the recovery at the platform", func() bool { got, _ := s.State(); return strings.Contains(got, "2026-11-25T04:05:06") })
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
