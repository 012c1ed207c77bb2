package ecs

import "testing"

// TestIsPlain holds the look at eight bytes at a time against that at one, for each byte at each place.
func TestIsPlain(t *testing.T) {
	for c := range 256 {
		for at := range 19 {
			b := []byte("plain text to be 19")
			b[at] = byte(c)
			want := c >= ' ' && c != '"' && c != '\\' && c < 0x80
			if got := isPlain(string(b)); got != want {
				t.Fatalf("byte %#x at %d: %v, want %v", c, at, got, want)
			}
		}
	}
}
