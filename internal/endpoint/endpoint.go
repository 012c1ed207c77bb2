package endpoint

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ParseURL reads the address of a server: a scheme, a host, perhaps a port, a user and a path. Its errors never
// quote the address, which can hold a password.
func ParseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case strings.TrimSpace(raw) == "":
		return nil, errors.New("the address is missing: give one such as https://host:port")
	case err != nil:
		return nil, errors.New("the address is malformed: want one such as https://host:port")
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, errors.New("the address must begin with http:// or https:// and name a host")
	case strings.HasSuffix(u.Host, ":"):
		return nil, errors.New("the address has a colon and no port")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the address must have no query and no fragment")
	}
	if u.Port() != "" {
		if port, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || port == 0 {
			return nil, errors.New("the port must be 1 to 65535")
		}
	}
	return u, nil
}

// CheckToken reports what is wrong with a token or API key that is sent in a header as it is, without quoting it.
func CheckToken(token string) error {
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return errors.New("it holds a space, a line break or another character that no header carries: copy it again, and nothing else with it")
	}
	return nil
}

// CheckPassword reports what is wrong with a user's name or password, without quoting it.
func CheckPassword(secret string) error {
	if strings.ContainsFunc(secret, unicode.IsControl) {
		return errors.New("it holds a line break or another control character: was more than the secret pasted?")
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
