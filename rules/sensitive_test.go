package rules_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

// TestPasswordsOfURLs: the query asks for the URL as it is; people read it without its password.
func TestPasswordsOfURLs(t *testing.T) {
	const given, masked = "http://bob:hunter2@evil.example/a", "http://bob:***@evil.example/a"
	o := indicator(t, values{"name": given, "description": "seen at " + given, "pattern": "[url:value = '" + given + "']"})
	for _, keep := range []bool{false, true} {
		r, err := newBuilder(t, rules.Options{KeepPasswords: keep}).Build(o)
		if err != nil {
			t.Fatal(err)
		}
		c := r.Base()
		shown := strings.Join(append(c.References, c.Name, c.Description, c.Note), "\n")
		if strings.Contains(shown, "hunter2") != keep || strings.Contains(shown, stix.Mask) == keep {
			t.Errorf("kept: %v, shown: %s", keep, shown)
		}
		line, err := rules.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if !keep && strings.Count(string(line), "hunter2") == 0 {
			t.Errorf("%s is not asked for: %s", masked, line)
		}
	}
}

// TestManyURLs: a pattern of many URLs has a rule like any other.
func TestManyURLs(t *testing.T) {
	var urls []string
	for i := range 100 {
		urls = append(urls, fmt.Sprintf("url:value = 'http://h%d.example/'", i))
	}
	for _, policy := range []rules.Policy{rules.PerIndicator, rules.Match} {
		_, err := newBuilder(t, rules.Options{Policy: policy}).Build(indicator(t, values{"confidence": 80, "pattern": "[" + strings.Join(urls, " OR ") + "]"}))
		if none, ok := errors.AsType[*rules.NoRuleError](err); err != nil && (!ok || none.Why != rules.Covered) {
			t.Errorf("%s: %v", policy, err)
		}
	}
}
