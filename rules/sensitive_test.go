package rules_test

import (
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
