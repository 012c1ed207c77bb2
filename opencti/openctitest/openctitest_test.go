package openctitest_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

func TestHistory(t *testing.T) {
	a, b := openctitest.History(7, 8_000), openctitest.History(7, 8_000)
	if diff := cmp.Diff(len(a), len(b)); diff != "" || len(a) != 8_000 {
		t.Fatalf("events (-want +got): %s", diff)
	}
	names, types, languages := map[string]int{}, map[string]int{}, map[string]int{}
	repeated := 0
	for i, e := range a {
		if string(e.Data) != string(b[i].Data) || e.Position != b[i].Position {
			t.Fatalf("event %d differs between two histories of one seed", i)
		}
		env, err := stix.DecodeEnvelope(e.Data)
		if err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
		if i > 0 {
			switch c := a[i-1].Position.Compare(e.Position); {
			case c > 0:
				t.Fatalf("event %d: id %v after %v", i, e.Position, a[i-1].Position)
			case c == 0:
				repeated++
			}
		}
		names[e.Name+"/"+env.Type]++
		types[env.Object.EntityType]++
		if p, ok := env.Object.Root("pattern_type").Text(); ok {
			languages[p]++
		}
	}
	t.Log(names, repeated)
	for _, want := range []string{"create/create", "create/update", "update/update", "delete/delete", "delete/update", "merge/merge", "create/"} {
		if names[want] == 0 {
			t.Errorf("no event of kind %s", want)
		}
	}
	for _, want := range []string{
		"IPv4-Addr", "IPv6-Addr", "Domain-Name", "Url", "StixFile", "Email-Addr", "Email-Message", "Artifact", "Directory", "Mac-Addr", "Mutex",
		"Network-Traffic", "Process", "Software", "User-Account", "Windows-Registry-Key", "X509-Certificate", "Autonomous-System",
		"Hostname", "User-Agent", "Text", "Cryptographic-Key", "Cryptocurrency-Wallet", "Phone-Number", "Bank-Account", "Payment-Card",
		"Media-Content", "Credential", "Tracking-Number", "Persona", "IMEI", "IMSI", "ICCID", "SSH-Key", "Indicator", "Marking-Definition", "Organization",
	} {
		if types[want] == 0 {
			t.Errorf("no object of type %s", want)
		}
	}
	for _, want := range []string{"stix", "kql", "lucene", "eql", "esql", "sigma", "yara", "snort", "suricata", "pcre", "spl", "tanium-signal", "shodan"} {
		if languages[want] == 0 {
			t.Errorf("no indicator of pattern type %s", want)
		}
	}
	if repeated == 0 {
		t.Error("no ids repeat")
	}
}

func BenchmarkHistory(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		openctitest.History(1, 1000)
	}
}

// get reads the stream until the events' end has come, or the connection's; heartbeats are left out.
func get(tb testing.TB, s *openctitest.Server, query, header, until string) string {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, s.URL+"/stream/"+s.StreamID+query, nil)
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Token)
	if header != "" {
		req.Header.Set("Last-Event-ID", header)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return resp.Status
	}
	var out []string
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	id := ""
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case name == "id":
			id = value
		case name == "event" && value != "heartbeat":
			out = append(out, strings.TrimSpace(value+" "+id))
		case name == "data" && id == until:
			return strings.Join(out, ", ")
		}
	}
	return strings.Join(out, ", ")
}

// TestServer holds the server to the platform's rules.
func TestServer(t *testing.T) {
	thing := func(n int, updated string) []byte {
		return fmt.Appendf(nil, `{"version":"4","type":"create","data":{"id":"indicator--%d","type":"indicator","extensions":{%q:{"id":"k%d","updated_at":%q}}}}`, n, stix.ExtensionOCTI, n, updated)
	}
	at := func(ms uint64) sync.Position { return sync.Position{Millis: ms} }
	s := openctitest.NewServer(openctitest.Options{Path: "/cti/", PageSize: 1}) // a page is in no order
	defer s.Close()
	s.Append(
		openctitest.Event{Position: at(1000), Name: "create", Data: thing(1, "1970-01-02T00:00:01Z")},
		openctitest.Event{Position: at(2000), Name: "create", Data: thing(2, "1970-01-02T00:00:02Z")},
		openctitest.Event{Position: at(3000), Name: "create", Data: thing(3, "1970-01-02T00:00:03Z")},
	)
	tests := []struct{ name, query, header, until, want string }{
		{"from the beginning", "?from=0-0", "", "3000-0", "connected, create 1000-0, create 2000-0, create 3000-0"},
		{"from zero", "?from=0", "", "3000-0", "connected, create 1000-0, create 2000-0, create 3000-0"},
		{"resume is exclusive", "?from=2000-0", "", "3000-0", "connected, create 3000-0"},
		{"by header", "", "2000-0", "3000-0", "connected, create 3000-0"},
		{"the query wins", "?from=1000-0", "2000-0", "3000-0", "connected, create 2000-0, create 3000-0"},
		{"by date", "?from=1970-01-01T00:00:02.500Z", "", "3000-0", "connected, create 3000-0"},
		{"recovery by the objects' dates, then events after it", "?from=0-0&recover=1970-01-02T00:00:02Z", "", "86402000-0", "connected, create 86401000-0, create 86402000-0"},
		{"recovery that ends before it begins is none", "?from=1000-0&recover=1970-01-01T00:00:00.500Z", "", "3000-0", "connected, create 2000-0, create 3000-0"},
		{"recovery without a start", "?recover=1970-01-02T00:00:02Z", "", "", "500 Internal Server Error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := get(t, s, tt.query, tt.header, tt.until); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	s.SetStopped(true)
	if got := get(t, s, "", "", ""); got != "410 Gone" {
		t.Errorf("stopped: %s", got)
	}
	s.SetRevoked(true)
	if got := get(t, s, "", "", ""); got != "401 Unauthorized" {
		t.Errorf("revoked: %s", got)
	}
}

// TestGraphQLIsStrict holds the server to refusing what not every version of the platform knows.
func TestGraphQLIsStrict(t *testing.T) {
	s := openctitest.NewServer(openctitest.Options{})
	defer s.Close()
	tests := []struct{ name, query, want string }{
		{"the least", `query { about { version } }`, `"version":"6.8.10"`},
		{"an unknown field", `query { about { version memory } }`, `Cannot query field \"memory\"`},
		{"an unknown root", `query { me { id } }`, `Cannot query field \"me\"`},
		{"an unknown argument", `mutation P($id: ID!) { pingConnector(id: $id, connectorInfo: {}) { id } }`, `Unknown argument \"connectorInfo\"`},
		{"no document", `query`, `Syntax Error`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body, err := json.Marshal(map[string]any{"query": tt.query, "variables": map[string]any{}})
			if err != nil {
				t.Fatal(err)
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/graphql", bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+s.Token)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			answer, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(answer), tt.want) {
				t.Errorf("%s %s %v: want 200 and %s", resp.Status, answer, err, tt.want)
			}
		})
	}
}

// BenchmarkServer is how fast the server streams, 20,000 events an op.
func BenchmarkServer(b *testing.B) {
	s := openctitest.NewServer(openctitest.Options{})
	defer s.Close()
	s.Append(openctitest.History(1, 20_000)...)
	last := []byte("id: " + s.Last().String() + "\n")
	b.ReportAllocs()
	for b.Loop() {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, s.URL+"/stream/"+s.StreamID+"?from=0-0", nil)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.Token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		in := bufio.NewReaderSize(resp.Body, 64<<10)
		for {
			line, err := in.ReadSlice('\n')
			if err != nil && err != bufio.ErrBufferFull {
				b.Fatal(err)
			}
			if bytes.Equal(line, last) {
				break
			}
		}
		resp.Body.Close()
	}
	b.ReportMetric(float64(b.N)*20_000/b.Elapsed().Seconds(), "events/s")
}
