package main

import "context"

// rules works on the rules that are in Kibana.
func (a app) rules(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return usage("rules what? usage: opencti-elastic rules adopt|preview")
	}
	switch args[0] {
	case "adopt":
		return a.rulesAdopt(ctx, args[1:])
	case "preview":
		return a.rulesPreview(ctx, args[1:])
	}
	return a.subcommands("rules", args[0], `opencti-elastic rules adopt [--dry-run]
  Takes over the rules that the Python connector made, and removes its doubles; and rules of ours that belong to no connector.
opencti-elastic rules preview [--days N] [--limit N] [FILE...]
  Counts in Elasticsearch what the rules of the indicators in STIX files would have matched.
Each has --help for its flags.`)
}
