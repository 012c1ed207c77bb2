package main

import "context"

// convert is the command line's way to use the library without a server.
func (a app) convert(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return usage("convert what? usage: opencti-elastic convert queries|documents|rules")
	}
	switch args[0] {
	case "queries":
		return a.convertQueries(ctx, args[1:])
	case "documents":
		return a.convertDocuments(ctx, args[1:])
	case "rules":
		return a.convertRules(ctx, args[1:])
	}
	return usage("convert queries, documents or rules, not %q", args[0])
}
