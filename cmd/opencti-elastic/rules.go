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
	return usage("rules adopt or rules preview, not %q", args[0])
}
