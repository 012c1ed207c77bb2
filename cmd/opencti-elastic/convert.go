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
	return a.subcommands("convert", args[0], `opencti-elastic convert queries [FLAGS] [PATTERN...]
  Reads a JSON object a line, {"id":…, "pattern":"…", "pattern_type":"stix", "spec_version":"2.1"}, or a plain pattern a line,
  and writes a line for each: whether it is valid, its canonical text, its comparisons, and the queries in five languages.
opencti-elastic convert documents [FLAGS] [FILE...]
opencti-elastic convert rules [FLAGS] [FILE...]
  Read STIX bundles, a STIX object a line, or recorded streams, from files or the standard input, and write a document or rule a line.
Each has --help for its flags.`)
}
