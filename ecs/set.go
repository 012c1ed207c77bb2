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

func addLong(list []int64, n int64) []int64 {
	if slices.Contains(list, n) {
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
