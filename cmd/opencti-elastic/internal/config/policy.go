package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
)

// Policy returns a fingerprint of all settings that say what a sink makes of the stream: a sink comes to hold
// the same with settings that have the same. A setting that has its default counts for
// nothing, so that one that is new in a version changes nobody's fingerprint.
func (c *Config) Policy(sink string) string {
	var defaults Config
	if err := defaults.parse(map[string]string{}); err != nil {
		return "" // a test shows that the defaults can be read
	}
	hash := sha256.New()
	fmt.Fprintln(hash, c.BaseURL())
	for s := range Settings() {
		if value := s.text(c); slices.Contains(s.makes, sink) && value != s.text(&defaults) {
			fmt.Fprintln(hash, s.Name, value)
		}
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

// text is the setting's value; the order of a list means nothing.
func (s *Setting) text(c *Config) string {
	value := reflect.ValueOf(c).Elem().FieldByIndex(s.index).Interface()
	if list, ok := value.([]string); ok {
		value = slices.Sorted(slices.Values(list))
	}
	return fmt.Sprintf("%q", fmt.Sprint(value))
}
