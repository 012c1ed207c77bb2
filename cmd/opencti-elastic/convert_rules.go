package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// convertRules writes a rule a line, as Kibana's import takes them: the last state of each indicator.
func (a app) convertRules(ctx context.Context, args []string) error {
	c, source, err := a.convertInput("convert rules", args)
	if err != nil {
		return err
	}
	refs := opencti.NewReferences(0)
	builder, err := newBuilder(c, refs)
	if err != nil {
		return usageError{err}
	}
	made, left := newRuleLines(), tally{}
	for _, rule := range builder.Managed() {
		if err := made.put(rule.Base().RuleID, rule); err != nil {
			return err
		}
	}
	for change, err := range source.Learn(refs.Learn).Changes(ctx, nil) {
		if err != nil {
			return err
		}
		if reason := made.apply(builder, change); reason != "" {
			left.add(reason)
		}
	}
	out := bufio.NewWriterSize(a.stdout, 64<<10)
	for _, id := range made.order {
		if line, ok := made.lines[id]; ok {
			if _, err := fmt.Fprintf(out, "%s\n", line); err != nil {
				return err
			}
		}
	}
	left.print(a.stderr, "no rule")
	return out.Flush()
}

// ruleLines keeps the last line of each rule, in the order in which the rules were first seen.
type ruleLines struct {
	order []string
	lines map[string][]byte
}

func newRuleLines() *ruleLines { return &ruleLines{lines: make(map[string][]byte)} }

func (r *ruleLines) put(id string, rule rules.Rule) error {
	line, err := rules.Marshal(rule)
	if err != nil {
		return fmt.Errorf("rule %s: %w", id, err)
	}
	if _, known := r.lines[id]; !known {
		r.order = append(r.order, id)
	}
	r.lines[id] = line
	return nil
}

// apply takes one change; it gives the reason why there is no rule.
func (r *ruleLines) apply(builder *rules.Builder, c sync.Change) string {
	switch c.Op {
	case sync.Invalid:
		return c.Err.Error()
	case sync.Delete:
		delete(r.lines, builder.RuleID(c.Key))
		return ""
	case sync.Progress:
		return ""
	}
	id := builder.RuleID(c.Key)
	rule, err := builder.Build(c.Object)
	if err == nil {
		err = r.put(id, rule)
	} else {
		delete(r.lines, id)
	}
	if none, ok := errors.AsType[*rules.NoRuleError](err); ok && none.Why == rules.NotIndicator {
		return c.Object.Type + ": not an indicator"
	} else if ok {
		return none.Detail
	} else if err != nil {
		return err.Error()
	}
	return ""
}
