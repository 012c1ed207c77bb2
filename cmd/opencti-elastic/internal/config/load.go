package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/oasdiff/yaml"
)

// Load reads the settings: an environment variable wins over the file, the file over
// the default; an empty text counts as not set. file may be "", or not exist
// when it is the default one. The error names all that cannot be read; the settings
// are given besides, so that what judge (one of Config's Validate methods) has to say can be told at once.
func Load(environ []string, file string, mustExist bool, judge func(*Config) error) (*Config, error) {
	values, fileErr := fromFile(file, mustExist)
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok && value != "" {
			values[name] = value
		}
	}
	secretErr := readSecretFiles(values)
	c := &Config{}
	parseErr := c.parse(values)
	c.Warnings = unknown(values)
	var all faults
	for _, err := range []error{fileErr, secretErr, plain(parseErr), judge(c)} {
		all.join(err)
	}
	if len(all) > 0 {
		return nil, errors.Join(all...)
	}
	return c, nil
}

// parse reads values by the names of their variables.
func (c *Config) parse(values map[string]string) error {
	return env.ParseWithOptions(c, env.Options{
		Environment: values,
		FuncMap: map[reflect.Type]env.ParserFunc{
			reflect.TypeFor[bool]():          func(s string) (any, error) { return parseBool(s) },
			reflect.TypeFor[Level]():         func(s string) (any, error) { return parseLevel(s) },
			reflect.TypeFor[time.Duration](): func(s string) (any, error) { return parseDuration(s) },
		},
	})
}

// join takes the errors of another list, but those of a variable that has been named already:
// what could not be read has no value to judge.
func (f *faults) join(err error) {
	if err == nil {
		return
	}
	list := []error{err}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		list = many.Unwrap()
	}
	named := make(map[string]bool)
	for _, e := range *f {
		name, _, _ := strings.Cut(e.Error(), ":")
		named[strings.TrimSuffix(name, "_FILE")] = true
	}
	for _, e := range list {
		if name, _, _ := strings.Cut(e.Error(), ":"); !named[name] {
			*f = append(*f, e)
		}
	}
}

// plain names the variable, not the Go field, in each of env's errors.
func plain(err error) error {
	if err == nil {
		return nil
	}
	all, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		return err
	}
	var f faults
	for _, err := range all.Errors {
		parse, ok := errors.AsType[env.ParseError](err)
		if !ok {
			f = append(f, err)
			continue
		}
		for s := range Settings() {
			if s.field == parse.Name {
				cause := parse.Err
				if e, ok := errors.AsType[*strconv.NumError](cause); ok {
					cause = fmt.Errorf("want a whole number, got %q", e.Num)
				}
				f.add(s.Name, "%w", cause)
			}
		}
	}
	return errors.Join(f...)
}

// parseBool takes what OpenCTI's connectors take, and the usual spellings besides.
func parseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "yes", "true", "1", "on":
		return true, nil
	case "no", "false", "0", "off":
		return false, nil
	}
	return false, fmt.Errorf("want true or false, got %q", s)
}

// parseLevel takes slog's names and Python's.
func parseLevel(s string) (Level, error) {
	switch strings.ToLower(s) {
	case "debug":
		return Level(slog.LevelDebug), nil
	case "info":
		return Level(slog.LevelInfo), nil
	case "warn", "warning":
		return Level(slog.LevelWarn), nil
	case "error", "critical", "fatal":
		return Level(slog.LevelError), nil
	}
	return 0, fmt.Errorf("want debug, info, warn or error, got %q", s)
}

// parseDuration takes Go's form, 90s or 1h30m; a bare number counts seconds.
func parseDuration(s string) (time.Duration, error) {
	if n, err := strconv.ParseInt(s, 10, 32); err == nil {
		return time.Duration(n) * time.Second, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("want a duration such as 90s or 5m, got %q", s)
	}
	return d, nil
}

// fromFile turns the file's sections into the variables' names: connector:
// live_stream_id is CONNECTOR_LIVE_STREAM_ID.
func fromFile(file string, mustExist bool) (map[string]string, error) {
	values := make(map[string]string)
	if file == "" {
		return values, nil
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && !mustExist {
		return values, nil
	}
	if err != nil {
		return values, err
	}
	var sections map[string]map[string]any
	if _, err := yaml.Unmarshal(data, &sections, yaml.DecodeOpts{}); err != nil {
		return values, fmt.Errorf("%s: want sections (opencti, connector, elastic_security) with a setting a line, such as \"elastic_security: {batch_size: 500}\": %s", file, yamlFault(err))
	}
	known := make(map[string]bool)
	for s := range Settings() {
		known[s.Name] = true
		known[s.Name+"_FILE"] = s.Secret
	}
	for _, name := range foreign {
		known[name] = true
	}
	var f faults
	for section, settings := range sections {
		prefix := strings.ToUpper(strings.ReplaceAll(section, "-", "_")) + "_"
		for key, v := range settings {
			name := prefix + strings.ToUpper(key)
			if text := scalar(v); text != "" {
				values[name] = text
			}
			if !known[name] {
				f.add(file, "unknown setting %s.%s%s", section, key, suggest(name, slices.Collect(maps.Keys(known))))
			}
		}
	}
	slices.SortFunc(f, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return values, errors.Join(f...)
}

// yamlFault is the reader's own word, without the layers that it came through.
func yamlFault(err error) string {
	text := err.Error()
	if _, after, ok := strings.Cut(text, "yaml: "); ok {
		return after
	}
	return "a value stands where a section should"
}

func scalar(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = scalar(e)
		}
		return strings.Join(parts, ",")
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// readSecretFiles takes a secret from the file that NAME_FILE names, where NAME itself is not set.
func readSecretFiles(values map[string]string) error {
	var f faults
	for s := range Settings() {
		path := values[s.Name+"_FILE"]
		if !s.Secret || path == "" {
			continue
		}
		if values[s.Name] != "" {
			f.add(s.Name+"_FILE", "goes without %s; set one of them", s.Name)
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			f.add(s.Name+"_FILE", "%w", err)
			continue
		}
		values[s.Name] = strings.TrimSpace(string(data))
	}
	return errors.Join(f...)
}
