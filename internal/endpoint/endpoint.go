package endpoint

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// CheckURL reports what is wrong with the address of a server, without ever quoting it: it can hold a password.
func CheckURL(what, raw string) error {
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case err != nil:
		return fmt.Errorf("%s: the URL is malformed; want https://host:port", what)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("%s: the URL must begin with http:// or https:// and name a host", what)
	case u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%s: the URL must have no query and no fragment", what)
	}
	return nil
}

// maxRetryAfter bounds what a server can ask for, so that a mistake there does not stop us for a day.
const maxRetryAfter = 10 * time.Minute

// RetryAfter returns how long a server asks to wait, zero if it does not, by the header in
// both of its forms, seconds and a date (RFC 9110, 10.2.3).
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.ParseFloat(v, 64); err == nil {
		if !(s > 0) { // NaN included
			return 0
		}
		return time.Duration(min(s, maxRetryAfter.Seconds()) * float64(time.Second))
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(t.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// maxReason bounds a server's words in an error; they can quote a whole document.
const maxReason = 400

// Clip returns a server's words as one line of bounded length.
func Clip(s string) string {
	if len(s) > maxReason {
		n := maxReason
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
}
