package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic/internal/config"
	"github.com/opencti-elastic/opencti-elastic/elastic/kibana"
)

// rulesAdopt takes over the rules that the Python connector made, and those of ours that belong to no connector.
func (a app) rulesAdopt(ctx context.Context, args []string) error {
	fs := a.flags("rules adopt")
	file := fs.String("config", "", "settings `file` (default config.yml, if it is there)")
	dry := fs.Bool("dry-run", false, "only say what would be done")
	if err := parse(fs, args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return usage("rules adopt takes no arguments, got %q", fs.Arg(0))
	}
	c, err := a.load(*file, (*config.Config).ValidateAdoption)
	if err != nil {
		return err
	}
	client, err := newKibana(&c.Elastic)
	if err != nil {
		return usageError{err}
	}
	report, err := kibana.Adopt(ctx, client, kibana.AdoptOptions{Connector: c.Connector.ID, DryRun: *dry, Logger: a.logger(c)})
	if err != nil {
		return err
	}
	would := ""
	if *dry {
		would = "would be "
	}
	fmt.Fprintf(a.stdout, "%d rules of the Python connector found\n%d rules of no connector found\n%d %sadopted\n%d %sdeleted as doubles\n%d left alone: they do not say which indicator they are of\n",
		report.Found-report.Unowned, report.Unowned, report.Adopted, would, report.Doubles, would, len(report.Left))
	for _, name := range report.Left {
		fmt.Fprintf(a.stdout, "  %q\n", name)
	}
	return errors.Join(report.Failed...)
}
