package main

import (
	"context"
	"errors"

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
	made, err := newRuleLines()
	if err != nil {
		return err
	}
	defer made.close() // a temporary file that stays is no fault of the rules
	left := tally{}
	for _, rule := range builder.Managed() {
		if err := made.put(rule.Base().RuleID, rule); err != nil {
			return err
		}
	}
	var faults error // of files: what the others give is written all the same
	for change, err := range source.Learn(refs.Learn).Changes(ctx, nil) {
		if err != nil {
			faults = err
			break
		}
		if reason := made.apply(builder, change); reason != "" {
			left.add(reason)
		}
	}
	left.print(a.stderr, "no rule")
	return errors.Join(faults, made.writeTo(a.stdout))
}

// apply takes one change; it gives the reason why there is no rule.
func (r *ruleLines) apply(builder *rules.Builder, c sync.Change) string {
	switch c.Op {
	case sync.Invalid:
		return c.Err.Error()
	case sync.Delete:
		r.drop(builder.RuleID(c.Key))
		return ""
	case sync.Progress:
		return ""
	}
	id := builder.RuleID(c.Key)
	rule, err := builder.Build(c.Object)
	if err == nil {
		err = r.put(id, rule)
	} else {
		r.drop(id)
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
