package elastic

import (
	"errors"
	"net/http"
	"strings"

	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

var (
	// errNoStatus is an item's answer that says nothing.
	errNoStatus = errors.New("bulk item: the answer has no status")
	// errFailureStore is a document that the data stream did not take, though it says "created".
	errFailureStore = errors.New("the document went to the data stream's failure store: its mapping refuses it")
)

// outcome tells what an item's answer means. moved is true when the index is not
// what it was taken for, so that it has to be looked at again.
func outcome(verb string, a itemAnswer) (r sync.Result, moved bool) {
	switch {
	case a.Status == 0:
		return sync.Result{Outcome: sync.Again, Err: errNoStatus}, false
	case a.Status < 300 && a.FailureStore == "used":
		return sync.Result{Outcome: sync.Refused, Err: errFailureStore}, false
	case a.Status < 300:
		return sync.Result{Outcome: sync.Done}, false
	case a.Status == http.StatusNotFound && verb == "delete" && a.Error == nil:
		return sync.Result{Outcome: sync.Done}, false // it was not there
	case a.Status == http.StatusConflict && (a.Error == nil || a.Error.Type == "" || a.Error.Type == "version_conflict_engine_exception"):
		return sync.Result{Outcome: sync.Superseded}, false
	}
	e := a.statusError(verb)
	switch {
	case a.Status == http.StatusNotFound, e.isNowStream(), e.noSuchIndexAllowed():
		return sync.Result{Outcome: sync.Again, Err: e}, true
	case rejected(e.Type), e.Retryable(), e.indexClosed(), a.Status == http.StatusConflict:
		return sync.Result{Outcome: sync.Again, Err: e, After: e.Wait}, false
	}
	return sync.Result{Outcome: sync.Refused, Err: e}, false
}

func (a itemAnswer) statusError(verb string) *StatusError {
	e := &StatusError{Op: verb + " document", Status: a.Status}
	if a.Error != nil {
		e.Type, e.Reason = a.Error.Type, endpoint.Clip(a.Error.Reason)
	}
	if e.Type == "" {
		e.Type = "unknown"
	}
	return e
}

// rejected: a thread pool or a memory breaker was full; whatever the status, it passes.
func rejected(kind string) bool {
	return kind == "es_rejected_execution_exception" || kind == "circuit_breaking_exception" ||
		kind == "unavailable_shards_exception"
}

// isNowStream: a plain index was replaced by a data stream under the same name.
func (e *StatusError) isNowStream() bool {
	return e.Status == http.StatusBadRequest && strings.Contains(e.Reason, "are allowed in data streams")
}

func (e *StatusError) indexClosed() bool { return e.Type == "index_closed_exception" }

// noSuchIndexAllowed: the index is gone and cannot be made by writing, since the
// template that catches its name makes data streams only.
func (e *StatusError) noSuchIndexAllowed() bool {
	return e.Status == http.StatusBadRequest && strings.Contains(e.Reason, "creates data streams only")
}
