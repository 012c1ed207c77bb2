package elastictest

import (
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Fault is something that goes wrong, or slowly, on command.
type Fault struct {
	// Match chooses the requests; nil chooses all, [Bulk] those that write.
	Match func(*http.Request) bool
	// Every chooses every n-th of them; 0 is all.
	Every int
	// Times is how often it happens before it is over; 0 is until it is removed.
	Times int
	// Delay holds the request before anything else happens.
	Delay time.Duration
	// Reset cuts the connection without an answer.
	Reset bool
	// ResetAfter cuts the connection after the request was carried out, so that only the answer is lost.
	ResetAfter bool
	// Status answers with this status and does nothing.
	Status int
	// Header is sent with it, such as Retry-After.
	Header http.Header
	// Body is sent with it as it is, such as a proxy's page, and without the product header; nil for
	// an error in Elasticsearch's form.
	Body []byte
	// Item lets single items of bulk requests fail instead of requests.
	Item *ItemFault
}

// ItemFault is the answer for some items of a bulk request.
type ItemFault struct {
	// Every chooses every n-th item of the request; 0 is all.
	Every int
	// ID chooses the items with that _id; empty is all.
	ID string
	// Status, Type and Reason are the answer: 429 and es_rejected_execution_exception, say.
	Status       int
	Type, Reason string
}

// Bulk matches bulk requests.
func Bulk(r *http.Request) bool { return operation(r) == "bulk" }

// Operation matches the requests of one kind, as [Stats.Requests] names them.
func Operation(name string) func(*http.Request) bool {
	return func(r *http.Request) bool { return operation(r) == name }
}

// Inject lets f happen until remove is called or its Times are over. Of several faults that
// match a request, the first injected happens, after the delays of all.
func (s *Elasticsearch) Inject(f Fault) (remove func()) { return s.faults.add(f) }

type activeFault struct {
	Fault
	seen, done int
}

type faults struct {
	mu   sync.Mutex
	list []*activeFault
	stop chan struct{}
}

func (f *faults) add(fault Fault) (remove func()) {
	a := &activeFault{Fault: fault}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, a)
	if f.stop == nil {
		f.stop = make(chan struct{})
	}
	return func() { f.remove(a) }
}

func (f *faults) remove(a *activeFault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.DeleteFunc(f.list, func(b *activeFault) bool { return a == b })
}

// clear ends all faults, and all delays that are under way.
func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = nil
	if f.stop != nil {
		close(f.stop)
		f.stop = nil
	}
}

// pickedFault is what happens to one request.
type pickedFault struct {
	Fault
	stop <-chan struct{}
}

func (f *faults) pick(r *http.Request) *pickedFault {
	f.mu.Lock()
	list := slices.Clone(f.list)
	f.mu.Unlock()
	// Match is the test's code, which can ask the server for something itself.
	list = slices.DeleteFunc(list, func(a *activeFault) bool { return a.Match != nil && !a.Match(r) })
	if len(list) == 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var picked *pickedFault
	for _, a := range list {
		if a.Times > 0 && a.done >= a.Times {
			continue
		}
		a.seen++
		if a.Every > 1 && a.seen%a.Every != 0 {
			continue
		}
		onlyDelay := a.Status == 0 && !a.Reset && !a.ResetAfter && a.Item == nil
		if picked == nil {
			picked = &pickedFault{Fault: a.Fault, stop: f.stop}
		} else {
			delay := picked.Delay + a.Delay
			if picked.Status == 0 && !picked.Reset && !picked.ResetAfter && picked.Item == nil && !onlyDelay {
				picked.Fault = a.Fault
			}
			picked.Delay = delay
		}
		a.done++
		if a.Times > 0 && a.done >= a.Times {
			f.list = slices.DeleteFunc(f.list, func(b *activeFault) bool { return a == b })
		}
	}
	return picked
}

// apply waits and cuts; it tells whether the request goes on.
func (f *pickedFault) apply(w http.ResponseWriter, r *http.Request) bool {
	if f.Delay > 0 {
		t := time.NewTimer(f.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-f.stop:
		}
	}
	if f.Reset {
		cut(w)
		return false
	}
	return true
}

// answer is the fault's answer in place of the server's.
func (f *pickedFault) answer(w http.ResponseWriter) {
	for name, values := range f.Header {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	if f.Body != nil {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Length", strconv.Itoa(len(f.Body)))
		w.WriteHeader(f.Status)
		_, _ = w.Write(f.Body)
		return
	}
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.Status)
	_, _ = w.Write(errorAnswer(f.Status, "injected_exception", "injected fault"))
}

// cut ends a connection by a reset, where the system can.
func cut(w http.ResponseWriter) {
	h, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	c, _, err := h.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
