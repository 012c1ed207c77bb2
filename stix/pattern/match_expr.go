package pattern

// expression is a comparison expression, ready to be evaluated.
type expression struct {
	tests int
	types []typeTests
	root  formula
}

// typeTests is the tests on one object type, by their numbers in the expression.
type typeTests struct {
	object  string
	tests   []*test
	numbers []int
}

// formula is an expression over the results of the tests: one test, or several
// formulas joined. No operator of the language turns a formula around, so what more
// tests satisfy holds all the more.
type formula struct {
	test  int // number of the test, if parts is empty
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
	x.root, err = x.compile(e, map[string]int{})
	return x, err
}

// compile numbers the tests; places tells where the tests on an object type are.
func (x *expression) compile(e Expr, places map[string]int) (formula, error) {
	switch e := e.(type) {
	case *Comparison:
		t, err := newTest(e)
		if err != nil {
			return formula{}, err
		}
		place, ok := places[e.Path.Object]
		if !ok {
			place = len(x.types)
			places[e.Path.Object] = place
			x.types = append(x.types, typeTests{object: e.Path.Object})
		}
		f := formula{test: x.tests}
		g := &x.types[place]
		g.tests, g.numbers = append(g.tests, t), append(g.numbers, x.tests)
		x.tests++
		return f, nil
	case *Junction:
		f := formula{op: e.Op}
		for _, operand := range e.Operands {
			part, err := x.compile(operand, places)
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
// different types each have an object of their own. The evaluation ends when step,
// which is told the cost of each stride, is false.
func (x *expression) holds(objects []map[string]any, step func(cost int) bool) bool {
	c := chooser{x: x, results: make([]bool, x.tests), step: step}
	for i := range x.types {
		g := &x.types[i]
		if !step(1 + len(objects) + len(g.tests)) {
			return false
		}
		choices := g.choices(objects)
		for _, choice := range choices {
			for n, ok := range choice {
				c.results[g.numbers[n]] = c.results[g.numbers[n]] || ok
			}
		}
		if len(choices) > 1 {
			c.open = append(c.open, openType{g, choices})
		}
	}
	return c.choose(0)
}

// chooser chooses an object for each type.
type chooser struct {
	x *expression
	// results is what the tests come to with the choices made so far, and at best
	// with those that are still open.
	results []bool
	open    []openType
	step    func(cost int) bool
}

// openType is a type with several objects to choose from.
type openType struct {
	*typeTests
	choices [][]bool
}

// choose makes the choices from the index on. When it is false, results are as before.
func (c *chooser) choose(i int) bool {
	if !c.step(1+len(c.results)/16) || !c.x.root.holds(c.results) {
		return false
	}
	if i == len(c.open) {
		return true
	}
	t := c.open[i]
	best := make([]bool, len(t.numbers))
	for n, number := range t.numbers {
		best[n] = c.results[number]
	}
	for _, choice := range t.choices {
		t.set(c.results, choice)
		if c.choose(i + 1) {
			return true
		}
	}
	t.set(c.results, best)
	return false
}

func (g *typeTests) set(results, choice []bool) {
	for n, number := range g.numbers {
		results[number] = choice[n]
	}
}

// choices is what the tests can come to, for one object each. A result that another
// one covers is left out.
func (g *typeTests) choices(objects []map[string]any) [][]bool {
	var out [][]bool
	found := false
	for _, o := range objects {
		if t, _ := o["type"].(string); t != g.object {
			continue
		}
		found = true
		out = addChoice(out, g.results(o, objects))
	}
	if !found {
		// Nothing of the type was seen: then no path on it exists.
		out = append(out, g.results(nil, nil))
	}
	return out
}

func (g *typeTests) results(object map[string]any, objects []map[string]any) []bool {
	results := make([]bool, len(g.tests))
	for i, t := range g.tests {
		results[i] = t.holds(object, objects)
	}
	return results
}

func addChoice(choices [][]bool, c []bool) [][]bool {
	kept := choices[:0]
	for _, other := range choices {
		if covers(other, c) {
			return choices
		}
		if !covers(c, other) {
			kept = append(kept, other)
		}
	}
	return append(kept, c)
}

func covers(a, b []bool) bool {
	for i := range a {
		if b[i] && !a[i] {
			return false
		}
	}
	return true
}
