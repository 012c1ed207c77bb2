package ecs_test

import (
	"encoding/csv"
	"fmt"
	"math"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/opencti-elastic/opencti-elastic/ecs"
	"github.com/opencti-elastic/opencti-elastic/stix"
)

// validator checks documents against ECS's own list of fields, our own fields below
// opencti.* against [ecs.Fields], and all of them against the rules of the contract.
type validator struct {
	ecs   map[string]ecsField
	field map[string]ecs.Field
}

type ecsField struct {
	kind    string
	list    bool
	allowed []string
}

func newValidator(t testing.TB) *validator {
	t.Helper()
	f, err := os.Open("testdata/ecs/ecs_flat.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	v := &validator{ecs: map[string]ecsField{}, field: map[string]ecs.Field{}}
	for _, row := range rows[1:] {
		field := ecsField{kind: row[1], list: row[2] == "true"}
		if row[3] != "" {
			field.allowed = strings.Split(row[3], "|")
		}
		v.ecs[row[0]] = field
	}
	for _, field := range ecs.Fields() {
		v.field[field.Name] = field
	}
	return v
}

// single is the fields that must never be an array.
var single = []string{
	"event.kind", "event.module", "event.dataset", "threat.indicator.type", "threat.indicator.confidence",
	"threat.indicator.name", "threat.indicator.provider", "threat.indicator.reference", "threat.indicator.marking.tlp",
}

var roots = []string{"@timestamp", "ecs", "event", "threat", "related", "tags", "opencti"}

// check returns what is wrong with a document.
func (v *validator) check(doc []byte) (findings []string) {
	if !jsontext.Value(doc).IsValid() {
		return []string{"not valid JSON"}
	}
	for name := range stix.Value(doc).Members() {
		if !slices.Contains(roots, name) {
			findings = append(findings, "root field "+name)
		}
	}
	for _, name := range []string{"@timestamp", "ecs.version", "event.kind", "event.category", "event.type", "event.module",
		"event.dataset", "event.id", "event.ingested", "threat.feed.name", "threat.indicator.name", "threat.indicator.confidence"} {
		if len(at(doc, name)) == 0 {
			findings = append(findings, "lacks "+name)
		}
	}
	v.walk("", doc, func(format string, args ...any) { findings = append(findings, fmt.Sprintf(format, args...)) })
	return findings
}

func (v *validator) walk(path string, value stix.Value, fail func(string, ...any)) {
	if field, ok := v.field[path]; value.Kind() == '{' && !(ok && field.Type == ecs.Flattened) {
		n := 0
		for name, member := range value.Members() {
			n++
			if strings.Contains(name, ".") {
				fail("%s: dotted name %q", path, name)
			}
			v.walk(strings.TrimPrefix(path+"."+name, "."), member, fail)
		}
		if n == 0 {
			fail("%s: empty object", path)
		}
		return
	}
	field, ok := v.field[path]
	if !ok {
		fail("%s: not in Fields", path)
		return
	}
	kind, list, allowed := field.Type.String(), value.Kind() == '[', []string(nil)
	if !strings.HasPrefix(path, "opencti.") {
		e, ok := v.ecs[path]
		if !ok {
			fail("%s: not a field of ECS", path)
			return
		}
		if e.kind != kind {
			fail("%s: mapped as %s, ECS says %s", path, kind, e.kind)
		}
		if e.list && field.Form != ecs.List {
			fail("%s: ECS wants an array", path)
		}
		allowed = e.allowed
	}
	n := 0
	for range value.Elements() {
		n++
	}
	if list && (field.Form == ecs.Single || field.Form == ecs.Some && n < 2 || slices.Contains(single, path)) || !list && field.Form == ecs.List {
		fail("%s: array or not: %.100s", path, value)
	}
	if !list {
		checkValue(path, kind, allowed, value, fail)
		return
	}
	for e := range value.Elements() {
		checkValue(path, kind, allowed, e, fail)
	}
	if n == 0 {
		fail("%s: empty array", path)
	}
}

var dateForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)

func checkValue(path, kind string, allowed []string, v stix.Value, fail func(string, ...any)) {
	text, isText := v.Text()
	if isText && text == "" && path != "threat.indicator.url.query" {
		fail("%s: empty text", path)
	}
	if allowed != nil && !slices.Contains(allowed, text) {
		fail("%s: %q is not allowed", path, text)
	}
	ok := isText
	switch kind {
	case "long":
		_, err := strconv.ParseInt(string(v), 10, 64)
		ok = err == nil
	case "float":
		f, err := strconv.ParseFloat(string(v), 64)
		ok = err == nil && !math.IsInf(f, 0)
	case "flattened":
		ok = v.Kind() == '{' && !v.Empty()
	case "boolean":
		ok = v.Kind() == 't' || v.Kind() == 'f'
	case "date":
		_, err := time.Parse(time.RFC3339, text)
		ok = err == nil && dateForm.MatchString(text)
	case "ip":
		a, err := netip.ParseAddr(text)
		ok = err == nil && a.Zone() == ""
	case "ip_range":
		_, err := netip.ParsePrefix(text)
		ok = err == nil
	}
	if !ok {
		fail("%s: %.100s is no %s", path, v, kind)
	}
}

// at gives the value at a dotted path.
func at(doc []byte, path string) stix.Value {
	v := stix.Value(doc)
	for name := range strings.SplitSeq(path, ".") {
		v = v.Member(name)
	}
	return v
}

func TestGoldenDocumentsAreECS(t *testing.T) {
	v := newValidator(t)
	for _, g := range goldens(t) {
		t.Run(g.name, func(t *testing.T) {
			for _, finding := range v.check(g.document) {
				t.Error(finding)
			}
		})
	}
}

// TestFieldsAreECS checks every field that a document could have, whether a test makes one or not.
func TestFieldsAreECS(t *testing.T) {
	v := newValidator(t)
	for _, f := range ecs.Fields() {
		if strings.HasPrefix(f.Name, "opencti.") {
			continue
		}
		e, ok := v.ecs[f.Name]
		switch {
		case !ok:
			t.Errorf("%s: not a field of ECS", f.Name)
		case e.kind != f.Type.String():
			t.Errorf("%s: mapped as %s, ECS says %s", f.Name, f.Type, e.kind)
		case e.list && f.Form != ecs.List:
			t.Errorf("%s: ECS wants an array", f.Name)
		}
	}
}
