package rules

import (
	"strings"

	"github.com/opencti-elastic/opencti-elastic/rules/native"
)

// beyond returns what a query of ES|QL reads besides the event indices, "" for one that keeps to them. Rules run with the
// connector's key: whoever can write an indicator must not reach by it what only that key can read.
func (b *Builder) beyond(esql string) string {
	for _, s := range native.Sources(esql) {
		name := plain(s.Name, false)
		switch {
		case s.Kind == native.Policy:
			return "the " + string(s.Kind) + " " + name
		case strings.HasPrefix(s.Name, "-"): // leaves something out
		case strings.Contains(s.Name, ":"):
			return "another cluster, " + name
		case !covers(b.opts.Indices, s.Name):
			return "the " + string(s.Kind) + " " + name + ", which is not among the indices of events"
		}
	}
	return ""
}

// covers reports whether all that an index pattern stands for lies within one of the patterns.
func covers(patterns []string, name string) bool {
	for _, p := range patterns {
		prefix, wild := strings.CutSuffix(p, "*")
		if p == name || wild && !strings.Contains(prefix, "*") && !strings.HasPrefix(p, "-") && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
