package coveragetest

import "strings"

// Shape is a way in which people write patterns.
type Shape struct {
	// Name says what the pattern is.
	Name string
	// Group is the kind of value that it is about.
	Group string
	// Pattern is the STIX pattern.
	Pattern string
	// Events are what sensors send for it; each by itself is to be found.
	Events []Event
	// Innocent are events that look like it and are not to be found.
	Innocent []Event
}

// Event is an event, or several in order of time where " >> " stands between them. Each is a list of
// field=value, with " ; " between them. A field that stands twice has two values.
type Event string

// Fields returns the fields of each of the events.
func (e Event) Fields() []map[string][]string {
	var out []map[string][]string
	for one := range strings.SplitSeq(string(e), " >> ") {
		fields := map[string][]string{}
		for field := range strings.SplitSeq(one, " ; ") {
			name, value, _ := strings.Cut(field, "=")
			fields[name] = append(fields[name], value)
		}
		out = append(out, fields)
	}
	return out
}

// Shapes returns the table.
func Shapes() []Shape {
	var out []Shape
	for _, group := range [][]Shape{networkShapes(), nameShapes(), urlShapes(), fileShapes(), hostShapes(), relatedShapes(), wideShapes()} {
		out = append(out, group...)
	}
	return out
}

// row makes a shape of its events and innocent events, with one line for each.
func row(group, name, pattern, events, innocent string) Shape {
	return Shape{Name: name, Group: group, Pattern: pattern, Events: lines(events), Innocent: lines(innocent)}
}

func lines(text string) []Event {
	var out []Event
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, Event(line))
		}
	}
	return out
}
