package ecs

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseFilter reads a filter as it is written in a configuration: parts with
// blanks between them, each a name, an operator and a value, such as
//
//	score>=50 confidence>=30 label=c2,apt label!=test tlp<=AMBER author="ACME Inc." type=indicator,ipv4-addr detection=true age<=90d
//
// A list has commas between its values; a value with blanks or commas stands in
// double quotes. An empty text is the filter that takes all.
func ParseFilter(text string) (Filter, error) {
	var f Filter
	var errs []error
	for _, part := range splitOutside(text, ' ') {
		if err := f.set(part); err != nil {
			errs = append(errs, fmt.Errorf("filter: %q: %w", cut(part, 80), err))
		}
	}
	if len(errs) == 0 {
		errs = append(errs, f.Validate())
	}
	return f, errors.Join(errs...)
}

var errFilterPart = errors.New("want score>=N, confidence>=N, label=…, label!=…, tlp<=LEVEL, author=…, type=…, detection=true or age<=DAYSd")

// set takes one part of a filter's text.
func (f *Filter) set(part string) (err error) {
	at := strings.IndexAny(part, "<>=!")
	if at <= 0 {
		return errFilterPart
	}
	value := strings.TrimLeft(part[at:], "<>=!")
	op := part[at : len(part)-len(value)]
	switch strings.ToLower(part[:at]) + op {
	case "score>=":
		f.Score, err = percent(value)
	case "confidence>=":
		f.Confidence, err = percent(value)
	case "label=":
		f.Labels, err = filterList(value, f.Labels)
	case "label!=":
		f.NotLabels, err = filterList(value, f.NotLabels)
	case "tlp<=":
		f.TLP = value
	case "author=":
		f.Authors, err = filterList(value, f.Authors)
	case "type=":
		f.Types, err = filterList(value, f.Types)
	case "detection=":
		f.Detection, err = strconv.ParseBool(value)
	case "age<=":
		f.MaxAge, err = days(value)
	default:
		return errFilterPart
	}
	return err
}

func percent(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 100 {
		return 0, errors.New("want a whole number from 0 to 100")
	}
	return n, nil
}

func filterList(s string, list []string) ([]string, error) {
	for _, v := range splitOutside(s, ',') {
		list = add(list, strings.Trim(v, `"`))
	}
	if len(list) == 0 {
		return nil, errors.New("want a value")
	}
	return list, nil
}

// days reads "90d", or what [time.ParseDuration] reads.
func days(s string) (time.Duration, error) {
	const day = 24 * time.Hour
	if digits, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(digits)
		if err != nil || n < 0 || n > 36500 {
			return 0, errors.New("want a number of days, such as 90d")
		}
		return time.Duration(n) * day, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, errors.New("want a number of days, such as 90d, or of hours, such as 12h")
	}
	return d, nil
}

// splitOutside cuts a text at a separator that is not in double quotes, without empty parts.
func splitOutside(s string, separator rune) []string {
	quoted := false
	return strings.FieldsFunc(s, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return !quoted && (r == separator || separator == ' ' && (r == '\t' || r == '\n' || r == '\r'))
	})
}

// String gives the text that [ParseFilter] reads as f.
func (f Filter) String() string {
	var parts []string
	put := func(set bool, format string, value any) {
		if set {
			parts = append(parts, fmt.Sprintf(format, value))
		}
	}
	put(f.Score > 0, "score>=%d", f.Score)
	put(f.Confidence > 0, "confidence>=%d", f.Confidence)
	put(len(f.Labels) > 0, "label=%s", quotedList(f.Labels))
	put(len(f.NotLabels) > 0, "label!=%s", quotedList(f.NotLabels))
	put(f.TLP != "", "tlp<=%s", f.TLP)
	put(len(f.Authors) > 0, "author=%s", quotedList(f.Authors))
	put(len(f.Types) > 0, "type=%s", quotedList(f.Types))
	put(f.Detection, "detection=%v", f.Detection)
	put(f.MaxAge > 0, "age<=%v", f.MaxAge)
	return strings.Join(parts, " ")
}

func quotedList(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		if out[i] = s; strings.ContainsAny(s, " ,\t\r\n") {
			out[i] = `"` + s + `"`
		}
	}
	return strings.Join(out, ",")
}
