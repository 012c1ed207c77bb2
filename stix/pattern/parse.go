package pattern

import (
	"math"
	"strconv"
	"time"
)

// parser reads a pattern by recursive descent, one token ahead. A method that
// fails sets err and returns nil; the callers then return at once.
type parser struct {
	scanner
	options Options
	nodes   nodes
	depth   int
	// last is the end of the token before the current one.
	last int
	err  *SyntaxError
}

// parse reads the whole text.
func (p *parser) parse() (*Pattern, error) {
	if err := p.checkText(); err != nil {
		return nil, err
	}
	first := p.nodes.begin()
	p.next()
	root := p.combined(FollowedBy)
	if root != nil && p.kind != tokEnd {
		p.unexpected("AND, OR, FOLLOWEDBY, a qualifier (WITHIN, REPEATS, START) or the end of the pattern")
	}
	if p.err != nil {
		return nil, p.err
	}
	first.pattern = Pattern{Text: p.text, Version: p.options.Version, Root: root}
	return &first.pattern, nil
}

// advance passes the current token.
func (p *parser) advance() {
	p.last = p.end
	p.next()
}

// take passes a token of the kind, or fails.
func (p *parser) take(k kind, expected string) bool {
	if p.kind != k {
		return p.unexpected(expected)
	}
	p.advance()
	return true
}

// deeper goes one level down, or fails; every success is paired with p.depth--.
func (p *parser) deeper() bool {
	if p.depth >= p.options.MaxDepth {
		return p.fail(p.start, "the pattern is nested deeper than the limit of "+strconv.Itoa(p.options.MaxDepth))
	}
	p.depth++
	return true
}

// combined reads observation expressions joined by op, or by those that bind closer.
func (p *parser) combined(op ObservationOp) Observation {
	start := p.start
	first := p.operand(op)
	if first == nil || p.kind != op.keyword() {
		return first
	}
	var buffer [8]Observation
	operands := append(buffer[:0], first)
	for p.kind == op.keyword() {
		p.advance()
		next := p.operand(op)
		if next == nil {
			return nil
		}
		operands = append(operands, next)
	}
	return &Combined{Span: Span{start, p.last}, Op: op, Operands: append([]Observation(nil), operands...)}
}

func (p *parser) operand(op ObservationOp) Observation {
	if op == And {
		return p.qualified()
	}
	return p.combined(op - 1)
}

// keyword is the token of the operator.
func (op ObservationOp) keyword() kind {
	switch op {
	case And:
		return kwAnd
	case Or:
		return kwOr
	}
	return kwFollowedBy
}

// qualified reads one observation expression and the qualifiers behind it.
func (p *parser) qualified() Observation {
	start, depth := p.start, p.depth
	observation, bracketed := p.primary()
	if observation == nil {
		return nil
	}
	var seen [3]bool
	for {
		at, q := p.start, Qualifier(nil)
		switch p.kind {
		case kwWithin:
			q = p.within()
		case kwRepeats:
			q = p.repeats()
		case kwStart:
			q = p.startStop()
		default:
			p.depth = depth
			return observation
		}
		if p.err != nil || !p.deeper() {
			return nil
		}
		k := qualifierKind(q)
		if seen[k] && bracketed && !p.v20 {
			p.fail(at, "a qualifier of this kind is there already: STIX 2.1 allows one of each kind; "+
				"put the expression and its first qualifier in parentheses to qualify both")
			return nil
		}
		seen[k] = true
		observation = &Qualified{Span: Span{start, p.last}, Operand: observation, Qualifier: q}
	}
}

// primary reads what stands in square brackets or in parentheses, and tells if it was the former.
func (p *parser) primary() (o Observation, bracketed bool) {
	switch p.kind {
	case tokLeftBracket:
		start := p.start
		p.advance()
		expr := p.junction(AnyOf)
		if expr == nil || !p.take(tokRightBracket, "AND, OR or ]") {
			return nil, false
		}
		n := p.nodes.observed()
		*n = Observed{Span: Span{start, p.last}, Expr: expr}
		return n, true
	case tokLeftParen:
		if !p.deeper() {
			return nil, false
		}
		p.advance()
		o := p.combined(FollowedBy)
		if o == nil || !p.take(tokRightParen, "AND, OR, FOLLOWEDBY, a qualifier or )") {
			return nil, false
		}
		p.depth--
		return o, false
	}
	p.unexpected("[ or (")
	return nil, false
}

func (p *parser) within() Qualifier {
	start := p.start
	p.advance()
	number := p.text[p.start:p.end]
	if (p.kind != tokInteger && p.kind != tokFloat) || number[0] == '-' {
		p.unexpected("a number of seconds that is not negative")
		return nil
	}
	number = plainNumber(number, p.kind == tokFloat)
	p.advance()
	if !p.take(kwSeconds, "SECONDS") {
		return nil
	}
	seconds, err := strconv.ParseFloat(number, 64)
	if err != nil {
		seconds = math.MaxFloat64
	}
	return &Within{Span: Span{start, p.last}, Seconds: seconds, Text: number}
}

func (p *parser) repeats() Qualifier {
	start := p.start
	p.advance()
	number := p.text[p.start:p.end]
	if p.kind != tokInteger || number[0] == '-' {
		p.unexpected("a whole number of times that is not negative")
		return nil
	}
	number = plainNumber(number, false)
	p.advance()
	if !p.take(kwTimes, "TIMES") {
		return nil
	}
	times, err := strconv.Atoi(number)
	if err != nil {
		times = math.MaxInt
	}
	return &Repeats{Span: Span{start, p.last}, Times: times, Text: number}
}

func (p *parser) startStop() Qualifier {
	q := &StartStop{Span: Span{Start: p.start}}
	p.advance()
	if !p.instant(&q.Start, &q.StartText) || !p.take(kwStop, "STOP") || !p.instant(&q.Stop, &q.StopText) {
		return nil
	}
	q.End = p.last
	return q
}

// instant reads a timestamp. STIX 2.0 was published with a text in its place, and
// later with a timestamp: both are read.
func (p *parser) instant(t *time.Time, written *string) bool {
	switch {
	case p.kind == tokTimestamp:
		*written = p.text[p.start+2 : p.end-1]
	case p.v20 && p.kind == tokText && badTimestamp(p.text[p.start+1:p.end-1]) < 0:
		*written = p.text[p.start+1 : p.end-1]
	default:
		return p.unexpected("a timestamp such as t'2026-11-23T15:12:20Z'")
	}
	*t = timeOf(*written)
	p.advance()
	return true
}
