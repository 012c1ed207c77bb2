package opencti_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// TestRefusals reads past each kind of refusal, and looks at what is said of it.
func TestRefusals(t *testing.T) {
	other := server(t, openctitest.Options{})
	tests := []struct {
		name    string
		fault   openctitest.Fault
		blocked bool
		says    string
	}{
		{"unauthorized", openctitest.Fault{Kind: openctitest.Status, Code: 401}, true, "check the token"},
		{"forbidden", openctitest.Fault{Kind: openctitest.Status, Code: 403}, true, "check the rights"},
		{"not found", openctitest.Fault{Kind: openctitest.Status, Code: 404}, true, "check the OpenCTI URL"},
		{"stopped", openctitest.Fault{Kind: openctitest.Status, Code: 410}, true, "start it in OpenCTI"},
		{"an error before the stream opened", openctitest.Fault{Kind: openctitest.Status, Code: 500}, false, "500 Internal Server Error"},
		{"a proxy's", openctitest.Fault{Kind: openctitest.Status, Code: 502}, false, "the proxy in front of OpenCTI cannot reach it"},
		{"too many requests", openctitest.Fault{Kind: openctitest.Status, Code: 429}, false, "429"},
		{"connection closed", openctitest.Fault{Kind: openctitest.Refuse}, false, "EOF"},
		{"a web page", openctitest.Fault{Kind: openctitest.HTML}, true, "text/html"},
		{"a redirect to another server", openctitest.Fault{Kind: openctitest.Redirect, Text: other.URL + "/stream/" + other.StreamID + "?x=secret"}, true, "was not followed"},
		{"cut", openctitest.Fault{Kind: openctitest.Cut, After: 1}, false, "unexpected EOF"},
		{"cut in a line", openctitest.Fault{Kind: openctitest.CutInLine, After: 1}, false, "unexpected EOF"},
		{"ended", openctitest.Fault{Kind: openctitest.End, After: 1}, false, "OpenCTI ended the stream"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, openctitest.Options{Path: "/cti"})
			s.Append(event("create", "create", "a", "1"), event("create", "create", "b", "2"), event("create", "create", "c", "3"))
			s.Fail(tt.fault)
			var log bytes.Buffer
			ends, got := &disconnects{}, newTarget()
			follow(t, newStream(t, s, func(c *opencti.Config) {
				noRecover(c)
				c.URL += "/"
				c.Observers, c.Logger = []any{ends}, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			}), nil, got, committed(s.Last()))
			got.check(t, s)
			if len(ends.all) != 1 || ends.all[0].Blocked != tt.blocked || !strings.Contains(ends.all[0].Err.Error(), tt.says) {
				t.Errorf("disconnects %+v: want one, blocked %v, that says %q", ends.all, tt.blocked, tt.says)
			}
			for _, text := range []string{log.String(), ends.all[0].Err.Error()} {
				if strings.Contains(text, s.Token) || strings.Contains(text, "secret") {
					t.Errorf("a secret in %q", text)
				}
			}
			if n := len(other.Requests()); n != 0 {
				t.Errorf("the other server saw %d requests", n)
			}
		})
	}
}

func TestMalformedAndOversizedEvents(t *testing.T) {
	s := server(t, openctitest.Options{})
	s.Append(event("create", "create", "a", "1"), event("create", "create", "b", strings.Repeat("x", 300<<10)), event("create", "create", "c", "3"))
	s.AppendRaw("create", `{"version":"4","data":{"id":"indicator--1",`)
	s.AppendRaw("update", ``)
	s.AppendRaw("delete", `{"version":"4","data":{"type":"indicator"}}`)
	s.Append(event("create", "create", "d", "4"))
	got := newTarget()
	follow(t, newStream(t, s, func(c *opencti.Config) { noRecover(c); c.MaxEventSize = 64 << 10 }), nil, got, committed(s.Last()))
	if len(got.objects) != 3 || len(s.Requests()) != 1 {
		t.Errorf("%d objects, %d requests: want a, c and d by one request", len(got.objects), len(s.Requests()))
	}
	if len(got.invalid) != 4 {
		t.Fatalf("%d invalid changes, want 4: %v", len(got.invalid), got.invalid)
	}
	for i, says := range []string{"more than", "decode envelope", "decode envelope", "/data/id"} {
		c := got.invalid[i]
		if c.Err == nil || !strings.Contains(c.Err.Error(), says) || c.Position.IsZero() || c.Commit.Position.Compare(c.Position) >= 0 {
			t.Errorf("invalid change %d: %v, commit %v: want %q", i, c.Err, c.Commit, says)
		}
	}
	if n := len(got.invalid[0].Raw); n == 0 || n > 64<<10 {
		t.Errorf("an oversized event kept %d bytes", n)
	}
}

func TestResentBatch(t *testing.T) {
	s := server(t, openctitest.Options{})
	s.Append(openctitest.History(11, 600)...)
	s.Fail(openctitest.Fault{Kind: openctitest.Resend, After: 300, Count: 100})
	got := newTarget()
	last := sync.Position{}
	follow(t, newStream(t, s, noRecover), nil, got, func(c sync.Change) bool {
		if c.Commit.Position.Compare(last) < 0 {
			t.Errorf("commit went back from %v to %v", last, c.Commit.Position)
		}
		last = c.Commit.Position
		return committed(s.Last())(c)
	})
	got.check(t, s)
	if len(s.Requests()) != 1 {
		t.Errorf("%d requests, want 1", len(s.Requests()))
	}
}

func TestLiveOnly(t *testing.T) {
	for _, tt := range []struct {
		name string
		old  []openctitest.Event
	}{
		{"with events before", []openctitest.Event{event("create", "create", "old", "1")}},
		{"on an empty stream", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, openctitest.Options{})
			s.Append(tt.old...)
			live := func(c *opencti.Config) { c.Start.Live = true }
			got := newTarget()
			// A run that ends before anything has happened still knows where it was.
			follow(t, newStream(t, s, live), nil, got, func(c sync.Change) bool { return c.Op == sync.Progress })
			saved := got.commit
			s.Append(event("create", "create", "new", "2"))
			follow(t, newStream(t, s, live), &saved, got, committed(s.Last()))
			if _, ok := got.objects["new"]; !ok || len(got.objects) != 1 {
				t.Errorf("objects %v: want the new one alone", got.objects)
			}
			if r := s.Requests()[0]; r.From != "" || r.Recover != "" {
				t.Errorf("asked from %q, recover %q: want neither", r.From, r.Recover)
			}
		})
	}
}

func TestOriginFiltersRefuseRecovery(t *testing.T) {
	s := server(t, openctitest.Options{Version: "7.260817.0", OriginFilters: true})
	s.Append(event("create", "create", "a", "1"))
	got := newTarget()
	// The database's history is refused; what the event stream holds comes all the same.
	follow(t, newStream(t, s, nil), nil, got, func(c sync.Change) bool { return c.Key == "a" })
	saved := got.commit
	s.Append(openctitest.Event{Position: sync.Position{Millis: uint64(time.Now().Add(2 * time.Second).UnixMilli())}, Name: "create", Data: indicator("create", "b", "2", time.Now())})
	follow(t, newStream(t, s, nil), &saved, got, func(c sync.Change) bool { return c.Key == "b" })
}

// script answers each request with the next body; the last one for ever.
type script struct {
	bodies []func() io.ReadCloser
	times  []time.Time
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	body := s.bodies[min(len(s.times), len(s.bodies)-1)]
	s.times = append(s.times, time.Now())
	r := body()
	return replies{func() io.ReadCloser { return &untilDone{r, req} }}.RoundTrip(req)
}

// untilDone ends a read when the request is given up, as a connection does.
type untilDone struct {
	io.ReadCloser
	req *http.Request
}

func (u *untilDone) Read(p []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	go func() {
		n, err := u.ReadCloser.Read(p)
		done <- result{n, err}
	}()
	select {
	case r := <-done:
		return r.n, r.err
	case <-u.req.Context().Done():
		u.Close()
		<-done
		return 0, u.req.Context().Err()
	}
}

// body sends texts, each after a pause, and then stays silent.
func body(pause time.Duration, texts ...string) func() io.ReadCloser {
	return func() io.ReadCloser {
		r, w := io.Pipe()
		go func() {
			for _, text := range texts {
				time.Sleep(pause)
				if _, err := io.WriteString(w, text); err != nil {
					return
				}
			}
		}()
		return r
	}
}

func frameOf(id, name, data string) string {
	return fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", id, name, data)
}

func scripted(tb testing.TB, s *script, edit func(*opencti.Config)) *opencti.Stream {
	tb.Helper()
	cfg := opencti.Config{URL: "http://opencti.example", Token: "t", StreamID: "live", Recover: opencti.Recover{Disable: true}, HTTPClient: &http.Client{Transport: s}}
	if edit != nil {
		edit(&cfg)
	}
	stream, err := opencti.NewStream(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return stream
}

// TestSilence: any byte is life; without one the connection is given up.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := frameOf("5-0", "create", string(indicator("create", "a", "1", time.Now())))
		b := frameOf("6-0", "create", string(indicator("create", "b", "2", time.Now())))
		slow := strings.SplitAfter(a, "\"") // one event takes longer than the timeout, but never stops
		s := &script{bodies: []func() io.ReadCloser{body(50*time.Second, slow...), body(0, b)}}
		ends, begin := &disconnects{}, time.Now()
		stream := scripted(t, s, func(c *opencti.Config) { c.Observers = []any{ends} })
		for c := range stream.Changes(t.Context(), nil) {
			if c.Key == "a" && len(ends.all) > 0 {
				t.Errorf("the slow event came after %v", ends.all)
			}
			if c.Key == "b" {
				break
			}
		}
		if len(ends.all) != 1 || !errors.Is(ends.all[0].Err, opencti.ErrSilence) {
			t.Fatalf("disconnects %+v, want one of silence", ends.all)
		}
		if took, want := time.Since(begin), time.Duration(len(slow))*50*time.Second+time.Minute; took < want || took > want+time.Minute {
			t.Errorf("took %v, want about %v", took, want)
		}
	})
}

// TestBackoff: a server that accepts and closes is not stormed; progress makes the waits short again.
func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closing := func() io.ReadCloser { return io.NopCloser(strings.NewReader(": hello\n\n")) }
		s := &script{}
		for range 12 {
			s.bodies = append(s.bodies, closing)
		}
		one := frameOf("5-0", "create", string(indicator("create", "a", "1", time.Now())))
		s.bodies = append(s.bodies, func() io.ReadCloser { return io.NopCloser(strings.NewReader(one)) })
		ends := &disconnects{}
		stream := scripted(t, s, func(c *opencti.Config) {
			c.Observers = []any{ends, disconnectObserver(func(opencti.Disconnected) {})}
		})
		n := 0
		for range stream.Changes(t.Context(), nil) { // the same event again and again is no progress
			if n++; n == 12 {
				break
			}
		}
		for i, d := range ends.all[:12] {
			want := min(250*time.Millisecond<<i, 30*time.Second)
			if d.Wait < want/2 || d.Wait > want*3/2+time.Millisecond {
				t.Errorf("wait %d: %v, want %v give or take half", i, d.Wait, want)
			}
		}
		if d := ends.all[12].Wait; d > 375*time.Millisecond+time.Millisecond {
			t.Errorf("after the first event: wait %v, want the first one again", d)
		}
		if d := ends.all[20].Wait; d < 15*time.Second {
			t.Errorf("the same event for the 9th time: wait %v, want it grown", d)
		}
	})
}

// TestBufferingProxy: heartbeats that come in one piece are said, once.
func TestBufferingProxy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var burst []string
		for i := range 6 {
			ms := 1795446740000 + 30_000*i
			burst = append(burst, frameOf(fmt.Sprint(ms, "-0"), "heartbeat", `""`)+frameOf(fmt.Sprint(ms+5000, "-0"), "heartbeat", `""`))
		}
		last := frameOf("1795446999000-0", "create", string(indicator("create", "a", "1", time.Now())))
		s := &script{bodies: []func() io.ReadCloser{body(10*time.Second, append(burst, last)...)}}
		var log bytes.Buffer
		stream := scripted(t, s, func(c *opencti.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		for c := range stream.Changes(t.Context(), nil) {
			if c.Key == "a" {
				break
			}
		}
		if n := strings.Count(log.String(), "holds events back"); n != 1 {
			t.Errorf("buffering was said %d times, want once:\n%s", n, log.String())
		}
	})
}

func TestConfigValidate(t *testing.T) {
	err := opencti.Config{URL: "ftp://user:pass@x", Token: "a b", MaxEventSize: 1, SilenceTimeout: -1, HTTPClient: &http.Client{Timeout: 1}}.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, says := range []string{"OpenCTI URL", "token", "stream id", "maximum event size", "silence timeout", "HTTP client"} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("error does not name the %s: %v", says, err)
		}
	}
	if strings.Contains(err.Error(), "pass@") || strings.Contains(err.Error(), "a b") {
		t.Errorf("error holds a secret: %v", err)
	}
}

// untilDisconnect ends a run with the first disconnection.
type untilDisconnect struct {
	end  context.CancelFunc
	wait time.Duration
}

func (u *untilDisconnect) OnDisconnect(d opencti.Disconnected) {
	u.wait = d.Wait
	u.end()
}

// TestRetryAfterIsBounded: a proxy that asks for hours is not obeyed that long.
func TestRetryAfterIsBounded(t *testing.T) {
	for _, tt := range []struct {
		name    string
		seconds int
		want    time.Duration
	}{
		{"as asked", 60, time.Minute},
		{"an hour", 3600, 5 * time.Minute},
		{"for ever", math.MaxInt, 5 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, openctitest.Options{})
			s.Fail(openctitest.Fault{Kind: openctitest.Status, Code: 503, RetryAfter: tt.seconds})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			until := &untilDisconnect{end: cancel}
			for range newStream(t, s, func(c *opencti.Config) { c.Observers = []any{until} }).Changes(ctx, nil) {
			}
			if until.wait != tt.want {
				t.Errorf("waits %v, want %v", until.wait, tt.want)
			}
		})
	}
}
