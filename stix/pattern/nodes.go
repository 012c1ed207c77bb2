package pattern

// nodes makes the nodes of a pattern a block at a time: the first block holds all
// that a pattern with one comparison needs, so that it costs one allocation.
type nodes struct {
	observeds   []Observed
	comparisons []Comparison
	steps       []Step
}

// firstNodes is the first block.
type firstNodes struct {
	pattern    Pattern
	observed   [1]Observed
	comparison [1]Comparison
	steps      [3]Step
}

// A block has as many nodes as there were before, within these bounds.
const (
	minBlock = 4
	maxBlock = 64
)

func (n *nodes) begin() *firstNodes {
	b := new(firstNodes)
	n.observeds = b.observed[:0]
	n.comparisons = b.comparison[:0]
	n.steps = b.steps[:0]
	return b
}

func (n *nodes) observed() *Observed {
	n.observeds = grow(n.observeds)
	return &n.observeds[len(n.observeds)-1]
}

func (n *nodes) comparison() *Comparison {
	n.comparisons = grow(n.comparisons)
	return &n.comparisons[len(n.comparisons)-1]
}

// grow adds a zero node; it begins a new block if the block is full.
func grow[T any](block []T) []T {
	if len(block) == cap(block) {
		block = make([]T, 0, min(max(2*cap(block), minBlock), maxBlock))
	}
	return block[:len(block)+1]
}

// room makes sure that the steps of a common path fit into the block, and is the
// index of its first step.
func (n *nodes) room() int {
	if cap(n.steps)-len(n.steps) < 2 {
		n.steps = make([]Step, 0, min(max(2*cap(n.steps), 2*minBlock), maxBlock))
	}
	return len(n.steps)
}

// step adds a step to the path that is being read.
func (n *nodes) step(s Step) { n.steps = append(n.steps, s) }

// cut takes the steps from the index on as those of one path.
func (n *nodes) cut(from int) []Step {
	return n.steps[from:len(n.steps):len(n.steps)]
}
