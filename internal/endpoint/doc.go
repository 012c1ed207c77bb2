// Package endpoint holds what is the same of every server that this module talks to: its address, what
// becomes of a request without an answer, how long a server asks to wait, and its words in an error.
package endpoint
