package query

import (
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// maxEffort bounds the work of making an automaton deterministic. Elasticsearch
// stops at 10,000 of its own measure, which this one was set below by trial.
const maxEffort = 50_000

// tooManyStates tells whether making the expression's automaton deterministic
// takes more work than Elasticsearch does, by doing it here.
func tooManyStates(re *syntax.Regexp) bool {
	prog, err := syntax.Compile(re.Simplify())
	if err != nil || len(prog.Inst) > maxEffort/4 {
		return true
	}
	points := samplePoints(prog)
	start := closure(prog, nil, uint32(prog.Start))
	seen := map[string]bool{stateKey(start): true}
	queue := [][]uint32{start}
	effort := 0
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		for _, r := range points {
			var next []uint32
			for _, pc := range state {
				if in := &prog.Inst[pc]; isRune(in.Op) && in.MatchRune(r) {
					next = closure(prog, next, in.Out)
				}
			}
			effort += len(state)
			if effort > maxEffort*len(points) {
				return true
			}
			if len(next) == 0 {
				continue
			}
			slices.Sort(next)
			if key := stateKey(next); !seen[key] {
				if seen[key] = true; len(seen) > maxEffort/10 {
					return true
				}
				queue = append(queue, next)
			}
		}
	}
	return false
}

// samplePoints returns one character for each set that the program can't tell apart.
func samplePoints(prog *syntax.Prog) []rune {
	points := []rune{0}
	for i := range prog.Inst {
		in := &prog.Inst[i]
		if !isRune(in.Op) {
			continue
		}
		switch {
		case len(in.Rune) == 1:
			points = append(points, in.Rune[0], in.Rune[0]+1)
		default:
			for j, r := range in.Rune {
				points = append(points, r+rune(j%2))
			}
		}
	}
	slices.Sort(points)
	points = slices.Compact(points)
	if n := len(points); points[n-1] > utf8.MaxRune {
		points = points[:n-1]
	}
	return points
}

func isRune(op syntax.InstOp) bool {
	return op == syntax.InstRune || op == syntax.InstRune1 || op == syntax.InstRuneAny || op == syntax.InstRuneAnyNotNL
}

// closure adds the states that are reached without reading a character.
func closure(prog *syntax.Prog, set []uint32, pc uint32) []uint32 {
	if slices.Contains(set, pc) {
		return set
	}
	set = append(set, pc)
	switch in := &prog.Inst[pc]; in.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		return closure(prog, closure(prog, set, in.Out), in.Arg)
	case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
		return closure(prog, set, in.Out)
	default:
		return set
	}
}

func stateKey(set []uint32) string {
	key := make([]byte, 0, 3*len(set))
	for _, pc := range set {
		key = append(key, byte(pc), byte(pc>>8), byte(pc>>16))
	}
	return string(key)
}
