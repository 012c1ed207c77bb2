package query

import (
	"regexp/syntax"
	"slices"
)

// textLanguage is the texts that an expression matches whole, as an automaton
// whose states are made when they are asked for.
type textLanguage struct {
	prog  *syntax.Prog
	start string
	// everything tells, once worked out, that every address is in it.
	everything bool
	steps      map[string]string
	fates      map[string]fate
}

// fate is what may become of a state: whether all texts from it on are accepted, or none.
type fate struct{ universal, dead bool }

// maxSteps bounds the automaton.
const maxSteps = 20_000

func newTextLanguage(re *syntax.Regexp) (*textLanguage, bool) {
	prog, err := syntax.Compile(re.Simplify())
	if err != nil || len(prog.Inst) > 500 {
		return nil, false
	}
	l := &textLanguage{prog: prog, steps: map[string]string{}, fates: map[string]fate{}}
	l.start = l.state(closure(prog, nil, uint32(prog.Start)))
	return l, true
}

func (l *textLanguage) state(set []uint32) string {
	slices.Sort(set)
	return stateKey(set)
}

// step reads a text.
func (l *textLanguage) step(state, text string) string {
	for i := range len(text) {
		key := text[i:i+1] + state
		next, ok := l.steps[key]
		if !ok {
			var set []uint32
			for j := 0; j < len(state); j += 3 {
				in := &l.prog.Inst[uint32(state[j])|uint32(state[j+1])<<8|uint32(state[j+2])<<16]
				if isRune(in.Op) && in.MatchRune(rune(text[i])) {
					set = closure(l.prog, set, in.Out)
				}
			}
			next = l.state(set)
			l.steps[key] = next
		}
		state = next
	}
	return state
}

func (l *textLanguage) accepts(state string) bool {
	for j := 0; j < len(state); j += 3 {
		if l.prog.Inst[uint32(state[j])|uint32(state[j+1])<<8|uint32(state[j+2])<<16].Op == syntax.InstMatch {
			return true
		}
	}
	return false
}

func (l *textLanguage) universal(state, alphabet string) bool {
	return l.fate(state, alphabet).universal
}

func (l *textLanguage) dead(state, alphabet string) bool { return l.fate(state, alphabet).dead }

// fate looks at all states that can be reached with the alphabet.
func (l *textLanguage) fate(state, alphabet string) fate {
	key := alphabet[:1] + alphabet[len(alphabet)-1:] + state
	if f, ok := l.fates[key]; ok {
		return f
	}
	f := fate{true, true}
	seen := map[string]bool{state: true}
	queue := []string{state}
	for len(queue) > 0 && (f.universal || f.dead) {
		s := queue[0]
		queue = queue[1:]
		if l.accepts(s) {
			f.dead = false
		} else {
			f.universal = false
		}
		if len(l.steps) > maxSteps {
			f = fate{}
			break
		}
		for i := range len(alphabet) {
			if next := l.step(s, alphabet[i:i+1]); !seen[next] {
				seen[next] = true
				queue = append(queue, next)
			}
		}
	}
	l.fates[key] = f
	return f
}
