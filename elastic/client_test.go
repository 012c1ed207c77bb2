package elastic_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

const secret = "s3cr3t-value"

func TestConfigValidate(t *testing.T) {
	for _, c := range []struct {
		name   string
		config elastic.Config
		want   []string
	}{
		{name: "nothing", want: []string{"a URL is needed"}},
		{name: "no such port", config: elastic.Config{URLs: []string{"http://a", "http://a:99999"}}, want: []string{"port"}},
		{name: "control character", config: elastic.Config{URLs: []string{"http://a"}, APIKey: secret + "\x1b"}, want: []string{"API key"}},
		{name: "all faults at once", config: elastic.Config{URLs: []string{"ftp://a", "http://u:" + secret + "@%zz"}, Username: "u", TLS: elastic.TLS{CertFile: "c", Fingerprint: "zz"}},
			want: []string{"must begin with http", "malformed", "user needs a password", "both a certificate file and a key file", "64 hexadecimal digits"}},
		{name: "line break", config: elastic.Config{URLs: []string{"http://a"}, APIKey: secret + "\nX-Evil: 1"}, want: []string{"line break"}},
		{name: "query", config: elastic.Config{URLs: []string{"http://a/?key=" + secret}}, want: []string{"no query"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := elastic.NewClient(c.config)
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q lacks %q", err, w)
				}
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
}

func TestErrorsTellNoSecrets(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	address := strings.TrimPrefix(gone.URL, "http://")
	for _, config := range []elastic.Config{
		{URLs: []string{"http://elastic:" + secret + "@" + address}},
		{URLs: []string{"http://" + address}, APIKey: secret},
		{URLs: []string{"http://" + address}, Username: "elastic", Password: secret},
	} {
		c, err := elastic.NewClient(config)
		if err == nil {
			_, err = c.Info(t.Context())
			c.Close()
		}
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("got %v, want an error without the secret", err)
		}
	}
}

func TestCredentials(t *testing.T) {
	s := newServer(t, elastictest.Options{APIKey: secret, Username: "elastic", Password: secret})
	withUser := strings.Replace(s.URL, "http://", "http://elastic:"+secret+"@", 1)
	for _, c := range []struct {
		name   string
		config elastic.Config
		class  sync.Class
		fails  bool
	}{
		{name: "key", config: elastic.Config{URLs: []string{s.URL}, APIKey: " " + secret + " "}},
		{name: "user", config: elastic.Config{URLs: []string{s.URL}, Username: "elastic", Password: secret}},
		{name: "user in the URL", config: elastic.Config{URLs: []string{withUser}}},
		{name: "key before the URL's user", config: elastic.Config{URLs: []string{strings.Replace(withUser, secret, "x", 1)}, APIKey: secret}},
		{name: "none", config: elastic.Config{URLs: []string{s.URL}}, fails: true, class: sync.Blocked},
		{name: "wrong", config: elastic.Config{URLs: []string{s.URL}, APIKey: "x"}, fails: true, class: sync.Blocked},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, err := elastic.NewClient(c.config)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			_, err = client.Info(t.Context())
			if (err != nil) != c.fails || err != nil && sync.Classify(err) != c.class {
				t.Errorf("got %v of class %d", err, sync.Classify(err))
			}
		})
	}
}

func TestProductCheck(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		class  sync.Class
	}{
		{name: "a page of something else", status: 200, class: sync.Blocked},
		{name: "a proxy whose server is away", status: 502, class: sync.Transient},
		{name: "a proxy that is overloaded", status: 429, class: sync.Transient},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.status) }))
			defer s.Close()
			_, err := newClient(t, s.URL).Info(t.Context())
			if err == nil || sync.Classify(err) != c.class {
				t.Errorf("got %v of class %d, want class %d", err, sync.Classify(err), c.class)
			}
		})
	}
}

func TestStall(t *testing.T) {
	hold := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}))
	defer s.Close()
	defer close(hold)
	c, err := elastic.NewClient(elastic.Config{URLs: []string{s.URL}, StallTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Info(t.Context()); err == nil || sync.Classify(err) != sync.Transient {
		t.Errorf("got %v of class %d, want a transient error", err, sync.Classify(err))
	}
}

func TestContextEnds(t *testing.T) {
	s := newServer(t, elastictest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newClient(t, s.URL).Info(ctx)
	if !errors.Is(err, context.Canceled) || sync.Classify(err) != sync.Canceled {
		t.Errorf("got %v of class %d, want it canceled", err, sync.Classify(err))
	}
}

func TestRetryAfterDate(t *testing.T) {
	s := newServer(t, elastictest.Options{})
	s.Inject(elastictest.Fault{Status: 503, Header: http.Header{"Retry-After": {time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}}})
	_, err := newClient(t, s.URL).Info(t.Context())
	if d := sync.RetryAfter(err); d != 10*time.Minute {
		t.Errorf("retry after %v, want the most that is taken, 10m", d)
	}
}

func TestInfo(t *testing.T) {
	s := newServer(t, elastictest.Options{Version: "9.2.1", Serverless: true})
	info, err := newClient(t, s.URL+"/").Info(t.Context())
	if err != nil || info.Version != "9.2.1" || !info.Serverless {
		t.Errorf("got %+v, %v", info, err)
	}
}
