package config

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
)

// Setting describes one setting.
type Setting struct {
	// Name is the environment variable.
	Name string
	// Default is its text; empty for none.
	Default string
	// Text is one sentence or two for people.
	Text string
	// Secret settings are never shown, and have a twin NAME_FILE.
	Secret bool

	field string
	// index is the field's place in a Config, makes the sinks of which the setting says what they make of the stream.
	index []int
	makes []string
}

// Settings yields all settings in the order of the table.
func Settings() iter.Seq[Setting] {
	return func(yield func(Setting) bool) {
		for section := range reflect.TypeFor[Config]().Fields() {
			prefix := section.Tag.Get("envPrefix")
			if prefix == "" {
				continue
			}
			for f := range section.Type.Fields() {
				s := Setting{
					prefix + f.Tag.Get("env"), f.Tag.Get("envDefault"), f.Tag.Get("desc"), f.Tag.Get("secret") == "true",
					f.Name, append(slices.Clone(section.Index), f.Index...), strings.Split(f.Tag.Get("makes"), ","),
				}
				if !yield(s) {
					return
				}
			}
		}
	}
}

// Table is the settings as a Markdown table, for the README.
func Table() string {
	var b strings.Builder
	b.WriteString("| variable | default | meaning |\n| --- | --- | --- |\n")
	for s := range Settings() {
		def := s.Default
		if def != "" {
			def = "`" + def + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.Name, def, strings.ReplaceAll(s.Text, "|", `\|`))
	}
	return b.String()
}

// foreign are settings of OpenCTI's own connectors that are taken and have no use here.
var foreign = []string{
	"CONNECTOR_AUTO", "CONNECTOR_AUTO_UPDATE", "CONNECTOR_ONLY_CONTEXTUAL", "CONNECTOR_EXPOSE_METRICS", "CONNECTOR_METRICS_PORT",
	"CONNECTOR_METRICS_NAMESPACE", "CONNECTOR_METRICS_SUBSYSTEM", "CONNECTOR_RUN_AND_TERMINATE", "CONNECTOR_DURATION_PERIOD", "CONNECTOR_QUEUE_THRESHOLD",
	"CONNECTOR_LISTEN_PROTOCOL", "CONNECTOR_LISTEN_PROTOCOL_API_PORT", "CONNECTOR_LISTEN_PROTOCOL_API_PATH", "CONNECTOR_LISTEN_PROTOCOL_API_SSL",
	"CONNECTOR_LISTEN_PROTOCOL_API_URI", "CONNECTOR_QUEUE_PROTOCOL", "CONNECTOR_SEND_TO_QUEUE", "CONNECTOR_SEND_TO_DIRECTORY",
	"CONNECTOR_SEND_TO_DIRECTORY_PATH", "CONNECTOR_SEND_TO_DIRECTORY_RETENTION", "CONNECTOR_VALIDATE_BEFORE_IMPORT", "CONNECTOR_ENRICHMENT_RESOLUTION",
	"CONNECTOR_AUTO_CREATE_SERVICE_ACCOUNT", "CONNECTOR_AUTO_CREATE_SERVICE_ACCOUNT_CONFIDENCE_LEVEL", "CONNECTOR_XTM_ONE_INTENT", "CONNECTOR_CONFIDENCE_LEVEL",
	"CONNECTOR_SEND_TO_S3", "CONNECTOR_SEND_TO_S3_BUCKET", "CONNECTOR_SEND_TO_S3_FOLDER", "CONNECTOR_SEND_TO_S3_RETENTION", "CONNECTOR_CONSUMER_COUNT",
	"CONNECTOR_LIVE_STREAM_RECOVER", "CONNECTOR_UPDATE_EXISTING_DATA", "OPENCTI_SSL_CERT",
}

// unknown names variables that look like ours and are none: mostly misspelt ones.
// Only our own prefix is judged; others' variables may share the connector's.
func unknown(values map[string]string) []string {
	var ours []string
	for s := range Settings() {
		ours = append(ours, s.Name)
		if s.Secret {
			ours = append(ours, s.Name+"_FILE")
		}
	}
	var out []string
	for name := range values {
		if strings.HasPrefix(name, "ELASTIC_SECURITY_") && !slices.Contains(ours, name) {
			out = append(out, fmt.Sprintf("%s: no such setting%s", name, suggest(name, ours)))
		}
	}
	slices.Sort(out)
	return out
}

// suggest names the most similar of the names, if one is similar at all.
func suggest(name string, names []string) string {
	best, at := "", max(2, len(name)/6)+1
	slices.Sort(names)
	for _, n := range names {
		if d := distance(name, n); d < at {
			best, at = n, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance is the number of bytes to insert, delete or replace that turn a into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			next := min(row[j], row[j+1]) + 1
			if a[i] == b[j] {
				next = min(next, diagonal)
			} else {
				next = min(next, diagonal+1)
			}
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
