package elastic

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEdit(t *testing.T) {
	for _, c := range []struct {
		name, object, want string
		drop               []string
		set                map[string]string
	}{
		{name: "nothing", object: `{"a":1,"b":{"c":[{}]}}`, want: `{"a":1,"b":{"c":[{}]}}`},
		{name: "drop", object: `{"a":1,"b":2}`, drop: []string{"a"}, want: `{"b":2}`},
		{name: "drop the last", object: `{"a":1,"b":2}`, drop: []string{"b"}, want: `{"a":1}`},
		{name: "drop deep", object: `{"a":{"b":{"c":1,"d":2}},"e":3}`, drop: []string{"a.b.c"}, want: `{"a":{"b":{"d":2}},"e":3}`},
		{name: "no empty object is left", object: `{"a":{"b":{"c":1}},"e":3}`, drop: []string{"a.b.c"}, want: `{"e":3}`},
		{name: "an empty one that was there stays", object: `{"a":{},"e":3}`, drop: []string{"a.b"}, want: `{"a":{},"e":3}`},
		{name: "drop what is not there", object: `{"a":1}`, drop: []string{"x.y"}, want: `{"a":1}`},
		{name: "drop below a value", object: `{"a":"text"}`, drop: []string{"a.b"}, want: `{"a":"text"}`},
		{name: "set", object: `{"a":1,"b":{"c":2}}`, set: map[string]string{"b.c": `"new"`}, want: `{"a":1,"b":{"c":"new"}}`},
		{name: "set what is not there", object: `{"a":1}`, set: map[string]string{"b.c": `3`}, want: `{"a":1,"b":{"c":3}}`},
		{name: "set in an empty one", object: `{}`, set: map[string]string{"b": `3`}, want: `{"b":3}`},
		{name: "drop and set", object: `{"b":{"d":1}}`, drop: []string{"b.d"}, set: map[string]string{"b.c": `3`}, want: `{"b":{"c":3}}`},
		{name: "bytes are kept", object: `{"a": 1.50e3 ,"b":"\u00e9\/"}`, drop: []string{"x"}, want: `{"a":1.50e3,"b":"\u00e9\/"}`},
		{name: "escaped name", object: `{"\u0061":1,"q\"":2}`, drop: []string{"a"}, want: `{"q\"":2}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := &edit{}
			if p := newPaths(c.drop).root; p != nil {
				e = p.clone()
			}
			for name, v := range c.set {
				e.set(name, []byte(v))
			}
			got, err := e.append([]byte("before"), []byte(c.object))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff("before"+c.want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for _, broken := range []string{``, `[]`, `{"a":`, `{"a":1`, `{"a":{"b":1}`} {
		e := &edit{}
		e.at("a.b").drop = true
		if got, err := e.append(nil, []byte(broken)); err == nil {
			t.Errorf("%s: no error but %s", broken, got)
		}
	}
}

func FuzzEdit(f *testing.F) {
	f.Add([]byte(`{"a":{"b":1,"c":[1,2]},"d":"x"}`))
	f.Add([]byte(`{"a":null,"é":{"b":{}}}`))
	f.Fuzz(func(t *testing.T, object []byte) {
		var before map[string]any
		d := json.NewDecoder(bytes.NewReader(object))
		if d.Decode(&before) != nil || before == nil || d.More() {
			t.Skip()
		}
		e := &edit{}
		e.at("a.b").drop = true
		e.set("a.n", []byte(`1`))
		got, err := e.append(nil, object)
		if err != nil {
			t.Skip() // two readers of JSON differ in what they take
		}
		var after map[string]any
		if err := json.Unmarshal(got, &after); err != nil {
			t.Fatalf("%q became %q: %v", object, got, err)
		}
		delete(before, "a")
		delete(after, "a")
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("%q (-before +after):\n%s", object, diff)
		}
	})
}

func TestCompareMappings(t *testing.T) {
	ours, err := parseMapping([]byte(`{"properties":{"a":{"type":"keyword"},"n":{"type":"long"},"o":{"properties":{"x":{"type":"keyword"},"y":{"type":"date"}}},"w":{"type":"wildcard"},"z":{"properties":{"q":{"type":"keyword"}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := parseMapping([]byte(`{"properties":{"a":{"type":"long"},"n":{"type":"integer"},"o":{"properties":{"x":{"type":"text"}}},"w":{"type":"keyword"},"z":{"type":"keyword"},"more":{"type":"ip"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	d := compareMappings(ours, *theirs)
	if diff := cmp.Diff([]string{"a", "z"}, sortedSet(d.refused)); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "n", "o.x", "w", "z"}, sortedSet(d.different)); diff != "" {
		t.Errorf("different (-want +got):\n%s", diff)
	}
	if !d.missing {
		t.Error("o.y is missing")
	}
	got := string(ours.without(d.different).properties())
	if want := `{"properties":{"o":{"properties":{"y":{"type":"date"}}}}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
