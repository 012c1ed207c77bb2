package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/opencti-elastic/opencti-elastic/rules"
)

// ruleLines keeps the last line of each rule, in the order in which the rules were first seen. The lines are
// in a temporary file, and memory holds only where each is.
type ruleLines struct {
	file  *os.File
	out   *bufio.Writer
	size  int64
	at    map[string]int // rule_id to its place in lines
	lines []lineSpan
}

// lineSpan is where a line stands in the file; nowhere if its rule is gone.
type lineSpan struct{ from, to int64 }

func newRuleLines() (*ruleLines, error) {
	file, err := os.CreateTemp("", "opencti-elastic-*")
	if err != nil {
		return nil, fmt.Errorf("keep the rules until their last state is known (TMPDIR says where): %w", err)
	}
	return &ruleLines{file: file, out: bufio.NewWriterSize(file, 64<<10), at: make(map[string]int)}, nil
}

func (r *ruleLines) close() error { return errors.Join(r.file.Close(), os.Remove(r.file.Name())) }

func (r *ruleLines) put(id string, rule rules.Rule) error {
	line, err := rules.Marshal(rule)
	if err != nil {
		return fmt.Errorf("rule %s: %w", id, err)
	}
	if _, err := r.out.Write(append(line, '\n')); err != nil {
		return err
	}
	span := lineSpan{r.size, r.size + int64(len(line)) + 1}
	r.size = span.to
	if i, known := r.at[id]; known {
		r.lines[i] = span
		return nil
	}
	r.at[id] = len(r.lines)
	r.lines = append(r.lines, span)
	return nil
}

// drop forgets the rule's line, but not its place in the order.
func (r *ruleLines) drop(id string) {
	if i, known := r.at[id]; known {
		r.lines[i] = lineSpan{}
	}
}

// writeTo copies the lines that count.
func (r *ruleLines) writeTo(w io.Writer) error {
	if err := r.out.Flush(); err != nil {
		return err
	}
	for i := 0; i < len(r.lines); {
		whole := r.lines[i]
		for i++; i < len(r.lines) && r.lines[i].from == whole.to; i++ { // one copy of lines that stand side by side
			whole.to = r.lines[i].to
		}
		if _, err := io.Copy(w, io.NewSectionReader(r.file, whole.from, whole.to-whole.from)); err != nil {
			return err
		}
	}
	return nil
}
