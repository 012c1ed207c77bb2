package pattern

import "slices"

// expression is a comparison expression, ready to be evaluated.
type expression struct {
	tests []*test
	types []string // the object types that it speaks of
	root  formula
}

// formula is an expression over the results of the tests: one test, or several
// formulas joined. No operator of the language turns a formula around, so what more
// tests satisfy holds all the more.
type formula struct {
	test  int // index of the test, if parts is empty
	op    JunctionOp
	parts []formula
}

func (f *formula) holds(results []bool) bool {
	if len(f.parts) == 0 {
		return results[f.test]
	}
	for i := range f.parts {
		if f.parts[i].holds(results) == (f.op == AnyOf) {
			return f.op == AnyOf
		}
	}
	return f.op == AllOf
}

func compileExpr(e Expr) (expression, error) {
	var x expression
	var err error
	x.root, err = x.compile(e)
	return x, err
}

func (x *expression) compile(e Expr) (formula, error) {
	switch e := e.(type) {
	case *Comparison:
		t, err := newTest(e)
		if err != nil {
			return formula{}, err
		}
		x.tests = append(x.tests, t)
		if !slices.Contains(x.types, e.Path.Object) {
			x.types = append(x.types, e.Path.Object)
		}
		return formula{test: len(x.tests) - 1}, nil
	case *Junction:
		f := formula{op: e.Op}
		for _, operand := range e.Operands {
			part, err := x.compile(operand)
			if err != nil {
				return formula{}, err
			}
			f.parts = append(f.parts, part)
		}
		return f, nil
	}
	return formula{}, nil
}

// holds tells whether objects of one observation satisfy the expression. All
// comparisons on one object type have to hold for the same object; comparisons on
// different types each have an object of their own. It ends when step is false.
func (x *expression) holds(objects []map[string]any, step func() bool) bool {
	choices := make([][][]bool, len(x.types))
	best := make([][]bool, len(x.types)+1) // what the types from the index on can come to at best
	best[len(x.types)] = make([]bool, len(x.tests))
	for i, name := range slices.Backward(x.types) {
		choices[i] = x.choices(name, objects)
		best[i] = best[i+1]
		for _, c := range choices[i] {
			best[i] = union(best[i], c)
		}
	}
	return x.choose(choices, best, make([]bool, len(x.tests)), step)
}

// choose tries the choices of each type in turn.
func (x *expression) choose(choices [][][]bool, best [][]bool, results []bool, step func() bool) bool {
	if !step() || !x.root.holds(union(results, best[0])) {
		return false
	}
	if len(choices) == 0 {
		return true
	}
	for _, c := range choices[0] {
		if x.choose(choices[1:], best[1:], union(results, c), step) {
			return true
		}
	}
	return false
}

func union(a, b []bool) []bool {
	out := slices.Clone(a)
	for i, ok := range b {
		out[i] = out[i] || ok
	}
	return out
}

// choices is what the tests on one type can come to, for one object each. A
// result that another one covers is left out.
func (x *expression) choices(name string, objects []map[string]any) [][]bool {
	var out [][]bool
	found := false
	for _, o := range objects {
		if t, _ := o["type"].(string); t != name {
			continue
		}
		found = true
		out = addChoice(out, x.results(name, o, objects))
	}
	if !found {
		// Nothing of the type was seen: then no path on it exists.
		out = append(out, x.results(name, nil, nil))
	}
	return out
}

func (x *expression) results(name string, object map[string]any, objects []map[string]any) []bool {
	results := make([]bool, len(x.tests))
	for i, t := range x.tests {
		if t.path.Object == name {
			results[i] = t.holds(object, objects)
		}
	}
	return results
}

func addChoice(choices [][]bool, c []bool) [][]bool {
	for _, other := range choices {
		if covers(other, c) {
			return choices
		}
	}
	choices = slices.DeleteFunc(choices, func(other []bool) bool { return covers(c, other) })
	return append(choices, c)
}

func covers(a, b []bool) bool {
	for i := range a {
		if b[i] && !a[i] {
			return false
		}
	}
	return true
}
