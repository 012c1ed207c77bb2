package rules

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const cutMark = "… (cut)"

// Clip cuts a text to so many bytes, visibly and between characters.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	n := limit - len(cutMark)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.TrimSpace(s[:max(n, 0)]) + cutMark
}

// plain makes a text of intelligence harmless where people see it as text: in
// names, tags and descriptions, and wherever an action's template carries those.
// Controls, directional and invisible characters go; what Markdown, HTML, Kibana's
// note plug-ins and templates would act upon is taken apart.
func plain(s string, multiline bool) string {
	var b strings.Builder
	b.Grow(len(s))
	space := true
	var last rune
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '\n' && multiline:
			b.WriteRune('\n')
			space, last = true, r
			continue
		case unicode.IsSpace(r) || unicode.IsControl(r):
			if !space {
				b.WriteByte(' ')
			}
			space, last = true, ' '
			continue
		case invisible(r):
			continue
		case r == '<':
			r = '‹'
		case r == '>':
			r = '›'
		case r == '`':
			r = '\''
		}
		if armed(last, r) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		space, last = false, r
	}
	s = strings.TrimSpace(b.String())
	if multiline {
		for strings.Contains(s, "\n\n\n") {
			s = strings.ReplaceAll(s, "\n\n\n", "\n\n")
		}
	}
	return s
}

// armed tells of characters that act only side by side: a link or image of
// Markdown, a plug-in of a note, a template.
func armed(a, b rune) bool {
	switch b {
	case '(', '[':
		return a == ']' || a == '!' && b == '['
	case '{':
		return a == '!' || a == '{' || a == '$'
	case '}':
		return a == '}'
	}
	return false
}

// invisible tells of characters that have no shape or change the direction of others.
func invisible(r rune) bool {
	switch {
	case r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x206F,
		r == 0x00AD, r == 0x061C, r == 0x180E, r == 0xFEFF, r >= 0xFFF9 && r <= 0xFFFB, r >= 0xE0000 && r <= 0xE0FFF:
		return true
	}
	return false
}

// markdown makes a text a plain run of Markdown: what could act as markup is
// escaped, addresses become no links, and line breaks become spaces.
func markdown(s string) string {
	s = plain(s, false)
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i, r := range s {
		if strings.ContainsRune("\\*_[]~|$", r) || r == ':' && strings.HasPrefix(s[i:], "://") {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// paragraph is markdown at the beginning of a line, where a text could begin a list or a heading.
func paragraph(s string) string {
	s = markdown(s)
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits < len(s) && strings.IndexByte("#-+=.)", s[digits]) >= 0 {
		return s[:digits] + "\\" + s[digits:]
	}
	return s
}

// codeBlock puts a text into a fence that it can't close.
func codeBlock(s string) string {
	s = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || invisible(r)) || r == utf8.RuneError {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.ReplaceAll(s, "!{", "! {") // Kibana's own plug-ins of a note
	fence := "```"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	return fence + "text\n" + s + "\n" + fence
}
