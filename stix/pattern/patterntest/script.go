package patterntest

import (
	"fmt"
	"strings"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// Case is a pattern and what becomes of it.
type Case struct {
	// Name is unique in the script.
	Name string
	// Line is the number of the case's first line; 0 in one built by hand.
	Line int
	// Comment is the lines above the case that begin with #, without the last line's end.
	Comment string
	// Pattern is the pattern's text.
	Pattern string
	// Sections is the results, in the order of the script.
	Sections []Section
}

// Section is one result of a case.
type Section struct {
	Name, Text string
}

// suffix20 ends the name of a case of STIX 2.0.
const suffix20 = " (STIX 2.0)"

// Version is the version of the language that the case is written in.
func (c Case) Version() pattern.Version {
	if strings.HasSuffix(c.Name, suffix20) {
		return pattern.V20
	}
	return pattern.V21
}

// Parse parses the pattern in the version of the case.
func (c Case) Parse() (*pattern.Pattern, error) {
	return pattern.Options{Version: c.Version()}.Parse(c.Pattern)
}

const (
	caseMark    = "=== "
	sectionMark = "--- "
)

// Decode reads a script.
func Decode(text string) ([]Case, error) {
	var cases []Case
	names := map[string]bool{}
	var comment []string
	var body []string
	flush := func() {
		if len(cases) == 0 {
			return
		}
		c := &cases[len(cases)-1]
		text := strings.TrimRight(strings.Join(body, "\n"), "\n")
		if n := len(c.Sections); n > 0 {
			c.Sections[n-1].Text = text
		} else {
			c.Pattern = text
		}
		body = nil
	}
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		switch {
		case strings.HasPrefix(line, caseMark):
			flush()
			name := strings.TrimSpace(strings.TrimPrefix(line, caseMark))
			if names[name] {
				return nil, fmt.Errorf("decode script: line %d: a second case %q: give it another name", number, name)
			}
			names[name] = true
			cases = append(cases, Case{Name: name, Line: number, Comment: strings.Join(comment, "\n")})
			comment = nil
		case strings.HasPrefix(line, sectionMark) && len(cases) > 0:
			flush()
			c := &cases[len(cases)-1]
			c.Sections = append(c.Sections, Section{Name: strings.TrimSpace(strings.TrimPrefix(line, sectionMark))})
		case strings.HasPrefix(line, "#"):
			comment = append(comment, line)
		case len(cases) == 0 && strings.TrimSpace(line) != "":
			return nil, fmt.Errorf("decode script: line %d: text before the first case: want a line %q", number, caseMark+"name")
		default:
			body = append(body, line)
		}
	}
	flush()
	return cases, nil
}

// Encode writes a script; [Decode] reads it back.
func Encode(cases []Case) string {
	var b strings.Builder
	for i, c := range cases {
		if i > 0 {
			b.WriteString("\n")
		}
		if c.Comment != "" {
			b.WriteString(c.Comment + "\n")
		}
		b.WriteString(caseMark + c.Name + "\n" + c.Pattern + "\n")
		for _, s := range c.Sections {
			b.WriteString(sectionMark + s.Name + "\n")
			if s.Text != "" {
				b.WriteString(s.Text + "\n")
			}
		}
	}
	return b.String()
}
