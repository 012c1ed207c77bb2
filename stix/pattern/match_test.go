package pattern_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

type object = map[string]any

func parse(tb testing.TB, text string) *pattern.Pattern {
	tb.Helper()
	p, err := pattern.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestMatchObjects(t *testing.T) {
	file := object{
		"type": "file", "id": "file--1", "name": "foo.DLL", "size": json.Number("1280"),
		"hashes":     object{"MD5": "aa", "SHA-256": "bb"},
		"created":    "2020-01-01T00:00:00.5Z",
		"magic_hex":  "ffd8",
		"body_bin":   "YWxpY2U=",
		"tags":       []any{"x", "y", json.Number("3")},
		"nothing":    nil,
		"is_hidden":  true,
		"entropy":    7.25,
		"parent_ref": "directory--1", "contains_refs": []any{"file--1", "file--9"},
	}
	objects := []object{
		file,
		{"type": "directory", "id": "directory--1", "path": `C:\Windows`},
		{"type": "ipv4-addr", "value": "198.51.100.7"},
		{"type": "ipv4-addr", "value": "203.0.113.0/24"},
		{"type": "ipv6-addr", "value": "2001:db8::1"},
	}
	tests := []struct {
		expr string
		want bool
	}{
		{"file:name = 'foo.DLL'", true},
		{"file:name = 'foo.dll'", false},
		{"file:name != 'x'", true},
		{"file:name NOT = 'x'", true},
		{"file:name NOT != 'foo.DLL'", true},
		{"file:absent != 'x'", false},
		{"file:absent NOT = 'x'", false},
		{"file:nothing != 'x'", false},
		{"nosuch:name != 'x'", false},
		{"file:size = 1280", true},
		{"file:size = 1280.0", true},
		{"file:size > 1279.999999999999999999", true},
		{"file:size < 99999999999999999999999999", true},
		{"file:size NOT < 1280", true},
		{"file:size = '1280'", false},
		{"file:size != '1280'", true},
		{"file:size > '1'", false},
		{"file:entropy >= 7.25", true},
		{"file:is_hidden = true", true},
		{"file:is_hidden != false", true},
		{"file:is_hidden = 1", false},
		{"file:name < 'g'", true},
		{"file:name LIKE 'foo.%'", true},
		{"file:name LIKE 'foo'", false},
		{"file:name LIKE '%o_DLL%'", true},
		{"file:name NOT LIKE 'x%'", true},
		{"file:size LIKE '%'", false},
		{"file:size NOT LIKE '%'", true},
		{"file:name MATCHES 'DLL$'", true},
		{"file:name MATCHES '^DLL'", false},
		{"file:name NOT MATCHES '^DLL'", true},
		{"file:name IN ('x', 'foo.DLL', 5)", true},
		{"file:name IN ()", false},
		{"file:name NOT IN ()", true},
		{"file:size IN (1280)", true},
		{"file:created = t'2020-01-01T00:00:00.500Z'", true},
		{"file:created > t'2020-01-01T00:00:00Z'", true},
		{"file:name = t'2020-01-01T00:00:00Z'", false},
		{"file:magic_hex = h'FFD8'", true},
		{"file:magic_hex = b'/9g='", true},
		{"file:magic_hex = 'ÿØ'", true},
		{"file:magic_hex = 'ffd8'", false},
		{"file:body_bin = 'alice'", true},
		{"file:body_bin LIKE 'al%'", true},
		{"file:body_bin MATCHES 'ic'", true},
		{"file:name = h'666f6f2e444c4c'", true},
		{"file:name > h'66'", true},
		{"file:name = 'ă' OR file:body_bin = 'ă'", false},
		{"file:hashes.'SHA-256' = 'bb'", true},
		{"file:hashes.MD5 = 'aa'", true},
		{"file:tags[0] = 'x'", true},
		{"file:tags[-1] = 3", true},
		{"file:tags[-3] = 'x'", true},
		{"file:tags[-4] = 'x'", false},
		{"file:tags[3] = 'x'", false},
		{"file:tags[*] = 'y'", true},
		{"file:tags[*] != 'y'", true},
		{"file:tags[*] NOT IN ('x', 'y', 3)", false},
		{"file:tags = 'x'", false},
		{"file:parent_ref.path = 'C:\\\\Windows'", true},
		{"file:parent_ref = 'directory--1'", true},
		{"file:contains_refs[0].name = 'foo.DLL'", true},
		{"file:contains_refs[*].size = 1280", true},
		{"file:contains_refs[1].name = 'foo.DLL'", false},
		{"EXISTS file:name", true},
		{"EXISTS file:nothing", false},
		{"NOT EXISTS file:nothing", true},
		{"NOT EXISTS file:name", false},
		{"EXISTS nosuch:name", false},
		{"NOT EXISTS nosuch:name", true},
		{"ipv4-addr:value ISSUBSET '198.51.100.0/24'", true},
		{"ipv4-addr:value ISSUBSET '203.0.112.0/20'", true},
		{"ipv4-addr:value ISSUBSET '203.0.113.0/25'", false},
		{"ipv4-addr:value ISSUPERSET '203.0.113.9'", true},
		{"ipv4-addr:value ISSUPERSET '203.0.113.9/8'", false},
		{"ipv6-addr:value ISSUBSET '2001:db8::/32'", true},
		{"ipv6-addr:value ISSUBSET '::/0'", true},
		{"ipv4-addr:value ISSUBSET '::/0'", false},
		{"ipv4-addr:value ISSUBSET 'x'", false},
		{"ipv4-addr:value NOT ISSUBSET 'x'", true},
		{"file:name = 'foo.DLL' AND file:size = 1280", true},
		{"file:name = 'foo.DLL' AND ipv6-addr:value = '2001:db8::1'", true},
		{"file:name = 'x' AND ipv6-addr:value = '2001:db8::1'", false},
		{"file:name = 'x' OR ipv6-addr:value = '2001:db8::1'", true},
		{"ipv4-addr:value = '198.51.100.7' AND ipv4-addr:value = '203.0.113.0/24'", false}, // not one object
		{"file:name = 'x' OR file:size > 1 AND file:size < 1", false},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			p := parse(t, "["+tt.expr+"]")
			got, err := pattern.MatchObjects(p.Root.(*pattern.Observed).Expr, objects...)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("%s = %v, want %v", tt.expr, got, tt.want)
			}
		})
	}
}

// at is a sighting of a person at a second, until another, so many times.
func at(name string, first, last, count int) pattern.Sighting {
	base := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	return pattern.Sighting{
		First:   base.Add(time.Duration(first) * time.Second),
		Last:    base.Add(time.Duration(last) * time.Second),
		Count:   count,
		Objects: []object{{"type": "p", "n": name}},
	}
}

func TestFind(t *testing.T) {
	sightings := []pattern.Sighting{at("alice", 0, 0, 1), at("bob", 5, 5, 1), at("carol", 10, 20, 1), at("bob", 30, 30, 3)}
	tests := []struct {
		pattern string
		want    []int
	}{
		{"[p:n = 'alice']", []int{0}},
		{"[p:n = 'nobody']", nil},
		{"[p:n = 'alice'] AND [p:n = 'bob']", []int{0, 1}},
		{"[p:n = 'alice'] AND [p:n = 'alice']", nil},
		{"[p:n = 'alice'] OR [p:n = 'nobody']", []int{0}},
		{"[p:n = 'alice'] FOLLOWEDBY [p:n = 'bob']", []int{0, 1}},
		{"[p:n = 'bob'] FOLLOWEDBY [p:n = 'alice']", nil},
		{"[p:n = 'alice'] FOLLOWEDBY [p:n = 'carol'] FOLLOWEDBY [p:n = 'bob']", []int{0, 2, 3}},
		{"[p:n = 'bob'] FOLLOWEDBY ([p:n = 'carol'] AND [p:n = 'alice'])", nil},
		{"([p:n = 'alice'] AND [p:n = 'bob']) WITHIN 5 SECONDS", []int{0, 1}},
		{"([p:n = 'alice'] AND [p:n = 'bob']) WITHIN 4.999 SECONDS", nil},
		{"([p:n = 'bob'] AND [p:n = 'carol']) WITHIN 5 SECONDS", []int{1, 2}},
		{"([p:n = 'alice'] AND [p:n = 'carol'] AND [p:n = 'bob']) WITHIN 30 SECONDS", []int{0, 1, 2}},
		{"[p:n = 'alice'] FOLLOWEDBY [p:n = 'bob'] WITHIN 1 SECONDS", []int{0, 1}}, // bounds the second only
		{"([p:n = 'carol'] FOLLOWEDBY [p:n = 'bob']) WITHIN 10 SECONDS", []int{2, 3}},
		{"[p:n = 'bob'] WITHIN 0 SECONDS", []int{1}},
		{"[p:n = 'bob'] REPEATS 4 TIMES", []int{1, 3}},
		{"[p:n = 'bob'] REPEATS 5 TIMES", nil},
		{"[p:n = 'bob'] REPEATS 0 TIMES", nil},
		{"[p:n = 'bob'] REPEATS 3 TIMES WITHIN 1 SECONDS", []int{3}},
		{"[p:n = 'bob'] REPEATS 4 TIMES WITHIN 1 SECONDS", nil},
		{"[p:n = 'bob'] REPEATS 99999999999999999999 TIMES", nil},
		{"([p:n = 'bob'] REPEATS 2 TIMES) REPEATS 2 TIMES", []int{1, 3}},
		{"([p:n = 'bob'] OR [p:n = 'carol']) REPEATS 5 TIMES", []int{1, 2, 3}},
		{"([p:n = 'carol'] FOLLOWEDBY [p:n = 'bob']) REPEATS 2 TIMES", nil},
		{"[p:n = 'bob'] START t'2020-01-01T00:00:05Z' STOP t'2020-01-01T00:00:06Z'", []int{1}},
		{"[p:n = 'bob'] START t'2020-01-01T00:00:06Z' STOP t'2020-01-01T00:00:31Z'", []int{3}},
		{"[p:n = 'bob'] START t'2020-01-01T00:00:01Z' STOP t'2020-01-01T00:00:05Z'", nil},
		{"[p:n = 'carol'] START t'2020-01-01T00:00:20Z' STOP t'2020-01-01T00:01:00Z'", []int{2}},
		{"[p:n = 'bob'] START t'2021-01-01T00:00:00Z' STOP t'2019-01-01T00:00:00Z'", nil},
		{"([p:n = 'bob'] AND [p:n = 'carol']) START t'2020-01-01T00:00:06Z' STOP t'2020-01-01T00:01:00Z'", []int{2, 3}},
		{"[p:n = 'bob'] REPEATS 3 TIMES AND [p:n = 'bob']", []int{1, 3}}, // the rest must leave room
		{"[p:n LIKE '%'] REPEATS 6 TIMES AND [p:n = 'alice']", nil},
		{"[p:n LIKE '%'] REPEATS 5 TIMES AND [p:n = 'alice']", []int{0, 1, 2, 3}},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			m, err := pattern.NewMatcher(parse(t, tt.pattern), pattern.MatchOptions{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Find(t.Context(), sightings)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("sightings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFindEndsOnHardPatterns(t *testing.T) {
	var sightings []pattern.Sighting
	for i := range 60 {
		sightings = append(sightings, at("x", i, i, 1))
	}
	hard := parse(t, "("+strings.Repeat("[p:n = 'x'] AND ", 30)+"[p:n = 'x']) WITHIN 5 SECONDS FOLLOWEDBY [p:n = 'x'] FOLLOWEDBY ([p:n = 'x'] AND [p:n != 'y']) REPEATS 40 TIMES")
	t.Run("impossible by number", func(t *testing.T) {
		if ok, err := pattern.Match(hard, sightings...); ok || err != nil {
			t.Errorf("Match = %v, %v", ok, err)
		}
	})
	harder := parse(t, "("+strings.Repeat("([p:n = 'x'] AND [p:n != 'y']) FOLLOWEDBY ", 12)+"[p:n = 'x']) WITHIN 11 SECONDS")
	t.Run("too many ways", func(t *testing.T) {
		m, err := pattern.NewMatcher(harder, pattern.MatchOptions{MaxSteps: 100_000})
		if err != nil {
			t.Fatal(err)
		}
		if found, err := m.Find(t.Context(), sightings); !errors.Is(err, pattern.ErrTooHard) || found != nil {
			t.Errorf("Find = %v, %v, want ErrTooHard", found, err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		m, err := pattern.NewMatcher(harder, pattern.MatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if found, err := m.Find(ctx, sightings); !errors.Is(err, context.Canceled) || found != nil {
			t.Errorf("Find = %v, %v, want context.Canceled", found, err)
		}
	})
	t.Run("many types", func(t *testing.T) {
		var text []string
		var objects []object
		for i := range 20 {
			for j := range 5 {
				objects = append(objects, object{"type": fmt.Sprintf("t%d", i), "v": json.Number(fmt.Sprint(j))})
			}
			text = append(text, fmt.Sprintf("(t%d:v = 1 OR t%d:v = 2)", i, i), fmt.Sprintf("(t%d:v = 3 OR t%d:v = 1)", i, (i+1)%20))
		}
		e := parse(t, "["+strings.Join(text, " AND ")+" AND (t0:v = 2 OR t1:v = 9)]").Root.(*pattern.Observed).Expr
		if _, err := pattern.MatchObjects(e, objects...); err != nil && !errors.Is(err, pattern.ErrTooHard) {
			t.Error(err)
		}
	})
}

func TestMatchManySightings(t *testing.T) {
	var sightings []pattern.Sighting
	for i := range 5000 {
		sightings = append(sightings, at("x", 10*i, 10*i, 1))
	}
	p := parse(t, "[p:n = 'x'] REPEATS 100 TIMES WITHIN 60 SECONDS")
	if ok, err := pattern.Match(p, sightings...); ok || err != nil {
		t.Errorf("Match = %v, %v, want false", ok, err)
	}
	p = parse(t, "[p:n = 'x'] REPEATS 4000 TIMES WITHIN 86400 SECONDS")
	if ok, err := pattern.Match(p, sightings...); !ok || err != nil {
		t.Errorf("Match = %v, %v, want true", ok, err)
	}
}

func TestUnsupportedRegularExpression(t *testing.T) {
	_, err := pattern.Match(parse(t, "[a:b MATCHES 'x(?=y)']"))
	e, ok := errors.AsType[*pattern.UnsupportedError](err)
	if !ok {
		t.Fatalf("error %v is not an *UnsupportedError", err)
	}
	if e.Span.Start != 13 {
		t.Errorf("place %d, want 13", e.Span.Start)
	}
}
