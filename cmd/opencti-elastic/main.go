package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
)

// The exit codes.
const (
	exitDone    = 0 // done, or stopped by a signal
	exitFailure = 1 // a fault that the message names
	exitUsage   = 2 // wrong command line or settings; nothing was done
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := app{&input{ctx: ctx, from: os.Stdin}, os.Stdout, os.Stderr, os.Environ()}.main(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// input is a standard input that ends with its context, even while it waits: a terminal or a pipe cannot be
// told to give up a read. Nothing is read before the first Read.
type input struct {
	ctx  context.Context
	from io.Reader

	start sync.Once
	pipe  *io.PipeReader
}

// Read implements io.Reader.
func (in *input) Read(p []byte) (int, error) {
	in.start.Do(func() {
		var w *io.PipeWriter
		in.pipe, w = io.Pipe()
		context.AfterFunc(in.ctx, func() { w.CloseWithError(in.ctx.Err()) })
		go func() {
			_, err := io.Copy(w, in.from)
			w.CloseWithError(err)
		}()
	})
	return in.pipe.Read(p)
}

// app is what a command may touch of the process.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string
}

type command struct {
	name, args, summary string
	run                 func(a app, ctx context.Context, args []string) error
}

// commands are listed in the order of the help text.
func commands() []command {
	return []command{
		{"run", "[--config FILE]", "follow the live stream (the default)", app.run},
		{"replay", "[--out DIR] FILE...", "write recorded streams or STIX bundles to Elastic, or to files", app.replay},
		{"record", "--out FILE [--for DURATION]", "write the live stream to a file", app.record},
		{"convert", "queries|documents|rules", "patterns to queries, STIX to documents or rules, without a server", app.convert},
		{"rules", "adopt|preview", "take over rules of the Python connector; count what rules would match", app.rules},
		{"version", "", "print the version", app.version},
	}
}

// usageError is a fault of the command line or the settings.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func (a app) main(ctx context.Context, args []string) int {
	name := "run"
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		name, args = args[0], args[1:]
	} else if len(args) > 0 && (args[0] == "-h" || args[0] == "--help" || args[0] == "-help") {
		name, args = "help", nil
	}
	if len(args) > 0 && name == "run" && (args[0] == "--version" || args[0] == "-version") {
		name = "version"
	}
	if name == "help" {
		a.help(a.stdout)
		return exitDone
	}
	for _, c := range commands() {
		if c.name == name {
			return a.exit(c.run(a, ctx, args))
		}
	}
	fmt.Fprintf(a.stderr, "opencti-elastic: no command %q\n\n", name)
	a.help(a.stderr)
	return exitUsage
}

func (a app) exit(err error) int {
	_, wrong := errors.AsType[usageError](err)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitDone
	case wrong:
		fmt.Fprintln(a.stderr, err)
		return exitUsage
	}
	fmt.Fprintln(a.stderr, "opencti-elastic:", err)
	return exitFailure
}

func (a app) help(w io.Writer) {
	fmt.Fprintln(w, "Keeps Elastic Security in step with an OpenCTI live stream.\n\nusage: opencti-elastic [COMMAND] [ARGUMENTS]")
	fmt.Fprintln(w)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-8s %-34s %s\n", c.name, c.args, c.summary)
	}
	fmt.Fprintln(w, "\nSettings come from environment variables (OPENCTI_…, CONNECTOR_…, ELASTIC_SECURITY_…) or config.yml; the README lists them.\nExit codes: 0 done or stopped by a signal, 1 failed, 2 wrong command line or settings.")
}

// subcommands answers a command whose second word is none of its own: with its help, if that was asked for.
func (a app) subcommands(name, word, text string) error {
	switch word {
	case "-h", "-help", "--help", "help":
		_, err := fmt.Fprintln(a.stdout, text)
		return err
	}
	return usage("%s has no %q; it is:\n%s", name, word, text)
}

// flags makes the flag set of a command; parse it with a.parse.
func (a app) flags(name string) *flag.FlagSet {
	fs := flag.NewFlagSet("opencti-elastic "+name, flag.ContinueOnError)
	fs.SetOutput(a.stderr)
	return fs
}

func parse(fs *flag.FlagSet, args []string) error {
	err := fs.Parse(args)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		return usageError{err}
	}
	return err
}

func (a app) version(context.Context, []string) error {
	_, err := fmt.Fprintln(a.stdout, "opencti-elastic", buildVersion())
	return err
}

// buildVersion is the module's version as the Go command recorded it.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
