package rules_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

// shared finds a file of the contracts and data that aren't part of the project.
func shared(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("OPENCTI_ELASTIC_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared")
	}
	file := filepath.Join(dir, name)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("%s is not here: set OPENCTI_ELASTIC_SHARED to the directory of the contracts", name)
	}
	return file
}

// validator checks rules against the schema of an import's line and of a create.
type validator struct {
	t       testing.TB
	schemas []*openapi3.Schema
	count   map[string]int
}

func newValidator(t testing.TB) *validator {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(shared(t, "contracts/kibana-detections.openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	v := &validator{t: t, count: make(map[string]int)}
	for _, name := range []string{"RuleToImport", "RuleUpdateProps"} { // the first asks for all of RuleCreateProps
		ref := doc.Components.Schemas[name]
		if ref == nil || ref.Value == nil {
			t.Fatalf("no schema %s", name)
		}
		v.schemas = append(v.schemas, ref.Value)
	}
	return v
}

func (v *validator) check(r rules.Rule) {
	v.t.Helper()
	b, err := rules.Marshal(r)
	if err != nil {
		v.t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(b, &value); err != nil {
		v.t.Fatal(err)
	}
	v.count[r.Type()]++
	for _, s := range v.schemas {
		if err := s.VisitJSON(value); err != nil {
			v.t.Fatalf("%v\n%s", err, b)
		}
	}
	known := knownFields(r.Type())
	for name := range value.(values) {
		if !known[name] {
			v.t.Errorf("%s rule: Kibana drops %s in silence", r.Type(), name)
		}
	}
}

// knownFields are the fields that Kibana keeps of a type: the schema lets unknown ones pass.
func knownFields(typ string) map[string]bool {
	names := "rule_id type name description risk_score severity enabled interval from to max_signals tags author license references false_positives note " +
		"threat timestamp_override investigation_fields building_block_type meta query language alert_suppression"
	if typ != "esql" {
		names += " index data_view_id"
	}
	switch typ {
	case "threshold":
		names += " threshold"
	case "threat_match":
		names += " threat_index threat_query threat_language threat_mapping threat_indicator_path"
	}
	out := make(map[string]bool)
	for _, n := range strings.Fields(names) {
		out[n] = true
	}
	return out
}

func TestManagedRulesFitTheSchema(t *testing.T) {
	v := newValidator(t)
	for _, policy := range []rules.Policy{rules.Match, rules.Lookup} {
		for _, o := range []rules.Options{{}, {BuildingBlock: true, DataViewID: "security-solution", OpenCTIURL: "https://cti.example", License: "x"}} {
			o.Policy = policy
			for _, r := range newBuilder(t, o).Managed() {
				v.check(r)
			}
		}
	}
	t.Log(v.count)
}

func TestRealIndicatorsFitTheSchema(t *testing.T) {
	v := newValidator(t)
	b := newBuilder(t, rules.Options{OpenCTIURL: "https://cti.example"})
	files, err := filepath.Glob(filepath.Join(shared(t, "data/stix-real/bundles"), "*"))
	if err != nil {
		t.Fatal(err)
	}
	none := make(map[rules.Why]int)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var bundle struct {
			Objects []json.RawMessage `json:"objects"`
		}
		if err := json.Unmarshal(data, &bundle); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, raw := range bundle.Objects {
			o, err := stix.DecodeObject(raw)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			r, err := b.Build(o)
			if no, ok := errors.AsType[*rules.NoRuleError](err); ok {
				none[no.Why]++
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			v.check(r)
		}
	}
	t.Logf("rules %v, none %v", v.count, none)
}

func TestGeneratedIndicatorsFitTheSchema(t *testing.T) {
	v := newValidator(t)
	rng := rand.New(rand.NewPCG(1, 7))
	builders := []*rules.Builder{
		newBuilder(t, rules.Options{OpenCTIURL: "https://cti.example", References: names{}}),
		newBuilder(t, rules.Options{SuppressBy: []string{"host.id"}, BuildingBlock: true, DataViewID: "view", DisableJoin: true, EventTime: true, License: "x"}),
		newBuilder(t, rules.Options{Policy: rules.Match}),
	}
	none := make(map[rules.Why]int)
	for n := range 10_000 {
		o := indicator(t, randomIndicator(rng, n))
		r, err := builders[n%len(builders)].Build(o)
		if no, ok := errors.AsType[*rules.NoRuleError](err); ok {
			none[no.Why]++
			continue
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, o.Raw())
		}
		v.check(r)
	}
	t.Logf("rules %v, none %v", v.count, none)
}

// randomIndicator makes indicators of all pattern types, with texts and values of every kind of oddness.
func randomIndicator(rng *rand.Rand, n int) values {
	pick := func(list ...any) any { return list[rng.IntN(len(list))] }
	odd := hostile()
	out := values{
		"id":         fmt.Sprintf("indicator--00000000-0000-5000-8000-%012d", n),
		"confidence": pick(nil, 0, 50, 100, "80", -1, 1000, 33.5), "labels": pick(nil, []any{}, []any{"a", "b"}, []any{odd[rng.IntN(len(odd))], 1, nil}, "one"),
		"octi": values{"id": fmt.Sprintf("7ad0f4ab-93b3-4a8e-9d3b-%012d", n), "score": pick(nil, 0, 50, 100, "x", 101)},
		"kill_chain_phases": pick(nil, []values{}, []values{{"kill_chain_name": "mitre-attack", "phase_name": pick("impact", "execution", "nix", odd[rng.IntN(len(odd))])},
			{"kill_chain_name": "lockheed", "phase_name": "x"}}),
		"valid_until": pick(nil, "2027-01-01T00:00:00Z", "soon", "5138-11-16T09:46:39.000Z"),
	}
	if rng.IntN(3) == 0 {
		out["name"], out["description"] = odd[rng.IntN(len(odd))], pick(odd[rng.IntN(len(odd))], nil, "")
	}
	out["pattern_type"], out["pattern"] = randomPattern(rng, odd)
	return out
}

func randomPattern(rng *rand.Rand, odd []string) (typ, pattern string) {
	switch rng.IntN(12) {
	case 0:
		return "kql", fmt.Sprintf("process.name : %q", odd[rng.IntN(len(odd))])
	case 1:
		return "lucene", `process.name:"a" AND user.name:b*`
	case 2:
		return "eql", []string{`process where process.name == "a"`, "sequence by host.id\n[any where true]\n[any where true]"}[rng.IntN(2)]
	case 3:
		return "esql", []string{"FROM logs-* | WHERE a == 1", "FROM logs-* METADATA _id | LIMIT 1", "FROM logs-* | STATS c = COUNT(*)"}[rng.IntN(3)]
	case 4:
		return []string{"sigma", "yara", "snort", "suricata", "pcre", "spl", "shodan", "tanium-signal", "x"}[rng.IntN(9)], "anything"
	}
	return "stix", randomObservation(rng, odd, 2)
}

func randomObservation(rng *rand.Rand, odd []string, depth int) string {
	if depth > 0 && rng.IntN(3) == 0 {
		a, b := randomObservation(rng, odd, depth-1), randomObservation(rng, odd, depth-1)
		return "(" + a + " " + []string{"AND", "OR", "FOLLOWEDBY"}[rng.IntN(3)] + " " + b + ")" + []string{"", " WITHIN 30 SECONDS", " REPEATS 3 TIMES"}[rng.IntN(3)]
	}
	return "[" + randomExpr(rng, odd, 2) + "]" + []string{"", "", " REPEATS 5 TIMES", " START t'2026-01-01T00:00:00Z' STOP t'2027-01-01T00:00:00Z'"}[rng.IntN(4)]
}

func randomExpr(rng *rand.Rand, odd []string, depth int) string {
	if depth > 0 && rng.IntN(3) == 0 {
		return "(" + randomExpr(rng, odd, depth-1) + []string{" AND ", " OR "}[rng.IntN(2)] + randomExpr(rng, odd, depth-1) + ")"
	}
	quote := func(s string) string {
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(strings.ToValidUTF8(s, "?")) + "'"
	}
	paths := []string{
		"ipv4-addr:value", "domain-name:value", "url:value", "file:name", "file:hashes.'SHA-256'", "email-addr:value", "process:command_line",
		"windows-registry-key:key", "mutex:name", "network-traffic:dst_port", "x509-certificate:serial_number", "user-account:user_id", "file:size",
	}
	value := quote([]string{"198.51.100.7", "evil.example", "https://evil.example/a?b=c", odd[rng.IntN(len(odd))], strings.Repeat("a", 64)}[rng.IntN(5)])
	path := paths[rng.IntN(len(paths))]
	switch rng.IntN(8) {
	case 0:
		return path + " IN (" + value + ", 'b')"
	case 1:
		return path + " LIKE 'a%b_'"
	case 2:
		return path + " MATCHES 'a+b|c'"
	case 3:
		return path + " != " + value
	case 4:
		return "network-traffic:dst_port > 1024"
	}
	return path + " = " + value
}
