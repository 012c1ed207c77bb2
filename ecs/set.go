package ecs

import (
	"slices"
	"strconv"
)

// add appends s unless it is empty or there already: the lists of a document are sets.
func add(list []string, s string) []string {
	if s == "" || contains(list, s) {
		return list
	}
	return append(list, s)
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }

// addLong appends n unless it is there already. In a very long list a number may be there twice.
func addLong(list []int64, n int64) []int64 {
	const long = 1024
	if len(list) < long && slices.Contains(list, n) {
		return list
	}
	return append(list, n)
}

// cut shortens s to n characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// wholeNumber reads digits, an optional sign before them.
func wholeNumber(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// unique takes out of a list, in place, what is empty or there twice.
func unique(list []string) []string {
	const long = 32 // from here on a set is faster than looking
	out := list[:0]
	var seen map[string]struct{}
	for _, s := range list {
		switch {
		case s == "":
		case len(out) < long:
			out = add(out, s)
		default:
			if seen == nil {
				seen = make(map[string]struct{}, len(list))
				for _, t := range out {
					seen[t] = struct{}{}
				}
			}
			if _, ok := seen[s]; !ok {
				seen[s] = struct{}{}
				out = append(out, s)
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
