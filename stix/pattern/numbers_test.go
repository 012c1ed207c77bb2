package pattern_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// holds evaluates "x:v <test>" on one value.
func holds(t *testing.T, test string, v any) bool {
	t.Helper()
	p := parse(t, "[x:v "+test+"]")
	ok, err := pattern.MatchObjects(p.Root.(*pattern.Observed).Expr, object{"type": "x", "v": v})
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func TestNumbersAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	digits := func(n int) string {
		s := ""
		for range r.IntN(n) {
			s += fmt.Sprint(r.IntN(3)) // zeros and ties are frequent
		}
		return s
	}
	number := func() string {
		s := []string{"", "-"}[r.IntN(2)] + "0" + digits(4)
		if r.IntN(2) == 0 {
			s += "." + digits(4) + "0"
		}
		return s
	}
	for range 5000 {
		a, exponent, b := number(), r.IntN(5)-2, number()
		literal := new(big.Rat)
		value := new(big.Rat)
		if _, ok := literal.SetString(b); !ok {
			t.Fatal(b)
		}
		withExponent := fmt.Sprintf("%se%d", a, exponent)
		if _, ok := value.SetString(withExponent); !ok {
			t.Fatal(withExponent)
		}
		inPattern := literal.FloatString(10) // the grammar has no leading zeros in integers
		for op, want := range map[string]bool{
			"=": value.Cmp(literal) == 0, "!=": value.Cmp(literal) != 0, "<": value.Cmp(literal) < 0,
			"<=": value.Cmp(literal) <= 0, ">": value.Cmp(literal) > 0, ">=": value.Cmp(literal) >= 0,
		} {
			if got := holds(t, op+" "+inPattern, json.Number(withExponent)); got != want {
				t.Errorf("%s %s %s = %v, want %v", withExponent, op, inPattern, got, want)
			}
		}
	}
}

func TestNumberTypes(t *testing.T) {
	for _, v := range []any{
		7, int8(7), int16(7), int32(7), int64(7), uint(7), uint8(7), uint16(7), uint32(7), uint64(7),
		7.0, float32(7), json.Number("7"), json.Number("0.7E+1"), json.Number("700e-2"), pattern.Number("7.00"),
	} {
		if !holds(t, "= 7", v) || !holds(t, "= 7.0", v) || !holds(t, "> -7", v) || holds(t, "> 7", v) {
			t.Errorf("%T(%v) is not 7", v, v)
		}
	}
	for _, v := range []any{math.NaN(), math.Inf(1), json.Number("x"), json.Number(""), json.Number("1e"), json.Number("."), struct{}{}, []byte("7")} {
		if holds(t, "= 7", v) || holds(t, "< 7", v) || holds(t, "NOT < 7", v) || !holds(t, "!= 7", v) {
			t.Errorf("%T(%v) is a number", v, v)
		}
	}
	huge := json.Number("1e99999999999999999999")
	if !holds(t, "> 99999999999999999999999999999999", huge) || !holds(t, "< 0.1", json.Number("1e-99999999999999999999")) {
		t.Error("exponents overflow")
	}
	if !holds(t, "= 0", math.Copysign(0, -1)) || !holds(t, "= -0.0", 0) {
		t.Error("zero has a sign")
	}
}

func TestVersionOf(t *testing.T) {
	tests := []struct {
		patternVersion, specVersion string
		want                        pattern.Version
	}{
		{"", "", pattern.V21}, {"", "2.1", pattern.V21}, {"", "2.0", pattern.V20},
		{"2.1", "2.0", pattern.V21}, {"2.0", "2.1", pattern.V20}, {"2.0.1", "2.1", pattern.V20},
		{"3.0", "2.0", pattern.V20}, {"3.0", "", pattern.V21},
	}
	for _, tt := range tests {
		if got := pattern.VersionOf(tt.patternVersion, tt.specVersion); got != tt.want {
			t.Errorf("VersionOf(%q, %q) = %s, want %s", tt.patternVersion, tt.specVersion, got, tt.want)
		}
	}
}
