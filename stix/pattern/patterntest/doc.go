// Package patterntest runs scripts of patterns: text files in which each case is a
// pattern and what becomes of it, so that a reviewer can read the tests of a
// translator as its documentation, and everybody who writes one can prove it on the
// same patterns.
//
// A case is a name, the pattern, and sections:
//
//	=== one address
//	[ipv4-addr:value = '198.51.100.7']
//	--- canonical
//	[ipv4-addr:value = '198.51.100.7']
//	--- kql
//	source.ip : "198.51.100.7"
//
// Lines that begin with # before the first case or between the end of a case's last
// section and the next case are comments of the case that follows; text is kept as
// it is but for empty lines at the end. A name that ends in " (STIX 2.0)" asks for
// that version of the language.
//
// [Run] compares the sections of a file with those that a function makes, and can
// write the file anew instead.
package patterntest
