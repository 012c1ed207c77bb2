package elastictest

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// KibanaFault is a fault that a [Kibana] shows on command.
type KibanaFault struct {
	// Match picks the requests; nil picks all. See [OnPath].
	Match func(*http.Request) bool
	// Times is how many requests it hits; 0 is one, negative is all from now on.
	Times int
	// Skip is how many matching requests are let through first.
	Skip int
	// Status and Body are the answer; Body empty gives Kibana's own form of
	// error, except for a Body of a single space, which gives no body at all.
	Status int
	Body   string
	// Header is added to the answer, such as Retry-After.
	Header http.Header
	// Cut ends the connection without an answer.
	Cut bool
	// AfterEffect lets the request take its effect before it fails: the lost answer.
	AfterEffect bool
	// Delay is waited for before the answer.
	Delay time.Duration
}

// OnPath picks requests of that method (empty: any) whose path ends so.
func OnPath(method, suffix string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		return (method == "" || r.Method == method) && strings.HasSuffix(r.URL.Path, suffix)
	}
}

// Fail adds a fault. Faults are tried in the order they were added.
func (k *Kibana) Fail(f KibanaFault) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	k.faults = append(k.faults, &f)
}

// Heal takes all faults back.
func (k *Kibana) Heal() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.faults, k.refuse = nil, nil
}

// Refuse makes Kibana refuse single rules, by any way that writes them: a
// status other than 0 is the refusal's.
func (k *Kibana) Refuse(refuse func(rule map[string]any) (status int, message string)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refuse = refuse
}

func (k *Kibana) takeFault(r *http.Request) *KibanaFault {
	for i, f := range k.faults {
		if f.Match != nil && !f.Match(r) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				k.faults = append(k.faults[:i:i], k.faults[i+1:]...)
			}
		}
		return f
	}
	return nil
}

func (f *KibanaFault) reply() reply {
	var a reply
	switch {
	case f.Body == " ":
		a = reply{status: f.Status}
	case f.Body != "":
		a = reply{status: f.Status, body: f.Body}
	default:
		a = platformError(f.Status, "%s", http.StatusText(f.Status))
	}
	a.header = f.Header
	if a.status == 0 {
		a.status = http.StatusInternalServerError
	}
	return a
}

func readAll(r *http.Request) ([]byte, error) {
	defer func() { _ = r.Body.Close() }()
	return io.ReadAll(r.Body)
}
