package kibana_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/opencti-elastic/opencti-elastic/elastic/elastictest"
	"github.com/opencti-elastic/opencti-elastic/elastic/kibana"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

func fileBuilder(t *testing.T, policy rules.Policy) *rules.Builder {
	t.Helper()
	b, err := rules.NewBuilder(rules.Options{Policy: policy})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// importInto gives what Kibana makes of the file.
func importInto(t *testing.T, file string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return importText(t, data)
}

func importText(t *testing.T, data []byte) map[string]string {
	t.Helper()
	kt := newKibanaTest(t, elastictest.KibanaOptions{})
	var lines []jsontext.Value
	for line := range bytes.Lines(data) {
		lines = append(lines, jsontext.Value(bytes.TrimSpace(line)))
	}
	res, err := kt.client().ImportRules(t.Context(), lines, false)
	if err != nil || len(res.Failed) > 0 || res.Lost {
		t.Fatalf("import: %v %+v", err, res)
	}
	out := make(map[string]string)
	for _, r := range kt.kibana.Rules("") {
		out[r["rule_id"].(string)] = r["name"].(string)
	}
	return out
}

func TestRuleFilesHoldTheLastState(t *testing.T) {
	dir := t.TempDir()
	write := func(changes ...sync.Change) {
		f, err := kibana.NewFiles(dir, fileBuilder(t, ""))
		if err != nil {
			t.Fatal(err)
		}
		mustWrite(t, f, changes...)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write(ruleUpsert(t, 1, nil), ruleUpsert(t, 2, nil), ruleUpsert(t, 3, values{"revoked": true}))
	write(ruleUpsert(t, 1, values{"name": "b"}), ruleDelete(2), ruleUpsert(t, 4, nil))
	got := importInto(t, filepath.Join(dir, kibana.FileName))
	if len(got) != 2 || got[rules.RuleID("", ruleKey(1))] != "OpenCTI: b" || got[rules.RuleID("", ruleKey(4))] == "" {
		t.Errorf("rules: %v", got)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.part*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestRuleFilesGoOnAfterACrash(t *testing.T) {
	dir := t.TempDir()
	f, err := kibana.NewFiles(dir, fileBuilder(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	mustWrite(t, f, ruleUpsert(t, 1, nil))
	spool := filepath.Join(dir, kibana.FileName+".part")
	whole, err := os.ReadFile(spool)
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	_ = os.Remove(filepath.Join(dir, kibana.FileName))
	if err := os.WriteFile(spool, append(whole, `{"rule_id":"cut`...), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err = kibana.NewFiles(dir, fileBuilder(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	mustWrite(t, f, ruleUpsert(t, 2, nil))
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := importInto(t, filepath.Join(dir, kibana.FileName)); len(got) != 2 {
		t.Errorf("rules: %v", got)
	}
}

func TestRulesNDJSON(t *testing.T) {
	var out bytes.Buffer
	changes := []sync.Change{ruleUpsert(t, 1, nil), ruleUpsert(t, 2, nil), ruleUpsert(t, 1, values{"name": "b"}), ruleUpsert(t, 3, values{"pattern_type": "sigma"}), ruleDelete(2)}
	results, err := kibana.WriteNDJSON(&out, fileBuilder(t, ""), changes)
	if err != nil {
		t.Fatal(err)
	}
	if got := importText(t, out.Bytes()); len(got) != 1 || got[rules.RuleID("", ruleKey(1))] != "OpenCTI: b" {
		t.Errorf("rules: %v", got)
	}
	if results[3].Outcome != sync.Ignored || !strings.Contains(results[3].Err.Error(), "sigma") {
		t.Errorf("%v", results[3])
	}
	out.Reset()
	if _, err := kibana.WriteNDJSON(&out, fileBuilder(t, rules.Match), changes); err != nil {
		t.Fatal(err)
	}
	if got := importText(t, out.Bytes()); len(got) != 10 {
		t.Errorf("%d rules of the policy match", len(got))
	}
}
