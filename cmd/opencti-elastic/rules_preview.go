package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic/internal/config"
	"github.com/opencti-elastic/opencti-elastic/elastic"
	"github.com/opencti-elastic/opencti-elastic/opencti"
	"github.com/opencti-elastic/opencti-elastic/rules"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// rulesPreview counts what the rules of indicators would have matched.
func (a app) rulesPreview(ctx context.Context, args []string) error {
	fs := a.flags("rules preview")
	file := fs.String("config", "", "settings `file` (default config.yml, if it is there)")
	days := fs.Int("days", 7, "how many days to look back")
	limit := fs.Int64("limit", 1000, "mark rules that would have matched more often")
	if err := parse(fs, args); err != nil {
		return err
	}
	if *days < 1 || *limit < 0 {
		return usage("rules preview takes --days of at least 1 and --limit of at least 0")
	}
	c, err := a.load(*file, (*config.Config).ValidateTarget)
	if err != nil {
		return err
	}
	source, err := a.open(fs.Args())
	if err != nil {
		return usageError{err}
	}
	refs := opencti.NewReferences(0)
	builder, err := newBuilder(c, refs)
	if err != nil {
		return usageError{err}
	}
	client, err := newElastic(&c.Elastic)
	if err != nil {
		return usageError{err}
	}
	defer client.Close()

	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "matches in %d days\trule\tname\t\n", *days)
	previewer, left := elastic.Previewer{Client: client, Days: *days}, tally{}
	for change, err := range source.Learn(refs.Learn).Changes(ctx, nil) {
		switch {
		case err != nil:
			return errors.Join(err, table.Flush())
		case change.Op == sync.Invalid:
			left.add(change.Err.Error())
			continue
		case change.Op != sync.Upsert || change.Object.Type != "indicator":
			continue
		}
		rule, err := builder.Build(change.Object)
		if none, ok := errors.AsType[*rules.NoRuleError](err); ok {
			left.add(none.Detail)
			continue
		} else if err != nil {
			return errors.Join(err, table.Flush())
		}
		n, err := previewer.Count(ctx, rule)
		if err != nil {
			left.add(err.Error())
			continue
		}
		verdict := ""
		if n > *limit {
			verdict = "TOO MANY"
		}
		fmt.Fprintf(table, "%d\t%s\t%q\t%s\n", n, rule.Base().RuleID, rule.Base().Name, verdict)
	}
	left.print(a.stderr, "not counted")
	return table.Flush()
}
