package rules

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// NoteMarker is the line in the investigation guide below which an analyst's own
// text stands. It is never in what comes from OpenCTI.
const NoteMarker = "### Analyst notes (what stands below this line is kept)"

// MergeNote puts an analyst's text of the current note below a newly made one: what
// stands below the marker, or all of it if the marker is gone.
func MergeNote(made, current string) string {
	if i := strings.Index(current, NoteMarker); i >= 0 {
		return made + current[i+len(NoteMarker):]
	}
	if current = strings.TrimSpace(current); current != "" {
		return made + "\n\n" + current
	}
	return made
}

const (
	maxNotePattern = 8 << 10
	maxNoteText    = 4 << 10
	maxNoteLinks   = 20
)

// note writes the investigation guide of an indicator's rule.
func (b *Builder) note(o *stix.Object, remarks []string) string {
	var w strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&w, "- **%s**: %s\n", name, value)
		}
	}
	w.WriteString("## Indicator from OpenCTI\n\n")
	line("Name", markdown(clip(b.nameOf(o), maxName)))
	line("Main observable", markdown(clip(o.Text("main_observable_type"), maxName)))
	line("Kind", markdown(clip(strings.Join(o.Root("indicator_types").Texts(), ", "), maxNoteText)))
	line("Score", stated(o.ScoreStated()))
	line("Confidence", stated(o.ConfidenceStated()))
	line("Author", markdown(clip(b.authorOf(o), maxName)))
	line("Marking", markdown(clip(strings.Join(b.markingsOf(o), ", "), maxNoteText)))
	line("Labels", markdown(clip(strings.Join(o.Labels(), ", "), maxNoteText)))
	line("Valid from", day(o.Time("valid_from")))
	line("Valid until", day(o.Time("valid_until")))
	if link := b.link(o); link != "" {
		fmt.Fprintf(&w, "- [Open in OpenCTI](%s)\n", markdownURL(link))
	}
	if text := o.Text("description"); text != "" {
		w.WriteString("\n" + paragraph(clip(text, maxNoteText)) + "\n")
	}
	fmt.Fprintf(&w, "\n### Pattern (%s)\n\n", markdown(patternType(o)))
	pattern, _ := o.Root("pattern").Text()
	w.WriteString(codeBlock(clip(pattern, maxNotePattern)) + "\n")
	if len(remarks) > 0 {
		w.WriteString("\n### What to know of this rule\n\n")
		for _, r := range remarks {
			w.WriteString("- " + paragraph(clip(r, maxNoteText)) + "\n")
		}
	}
	links := 0
	for _, ref := range o.ExternalReferences() {
		target, ok := webURL(ref.URL)
		if !ok || links == maxNoteLinks {
			continue
		}
		if links == 0 {
			w.WriteString("\n### References\n\n")
		}
		links++
		name := ref.SourceName
		if name == "" {
			name = ref.URL
		}
		fmt.Fprintf(&w, "- [%s](%s)\n", markdown(clip(name, maxTag)), markdownURL(target))
	}
	made := strings.ReplaceAll(w.String(), NoteMarker, strings.TrimPrefix(NoteMarker, "### "))
	return made + "\n" + NoteMarker
}

// stated is a number of the indicator, with what was done to an odd one; empty if there is none.
func stated(p stix.Percent) string {
	switch {
	case !p.Set:
		return p.Note
	case p.Note != "":
		return fmt.Sprintf("%d of 100 (%s)", p.Value, p.Note)
	}
	return fmt.Sprintf("%d of 100", p.Value)
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

const maxURL = 2048

// webURL takes an address of the web and nothing else: a link to javascript: or file: is no reference.
func webURL(s string) (string, bool) {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || len(s) > maxURL {
		return "", false
	}
	return u.String(), true
}

// markdownURL writes an address so that it can't end the link it stands in.
func markdownURL(s string) string {
	if !strings.ContainsAny(s, unsafeInLink) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; strings.IndexByte(unsafeInLink, c) >= 0 {
			b.WriteString("%" + hexByte(c))
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

const unsafeInLink = "() <>\\\"`"
