package openctitest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/opencti/openctitest"
	"github.com/opencti-elastic/opencti-elastic/stix"
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
