package elastictest

import (
	"io"
	"net/http"
	"net/http/httptest"
)

// Transport carries requests to the stand-in without a network, faults included. Tests that
// let time go by themselves (testing/synctest) need it: a bubble's clock stands still
// while a goroutine waits for a socket.
func (k *Kibana) Transport() http.RoundTripper { return kibanaTransport{k} }

type kibanaTransport struct{ k *Kibana }

// RoundTrip implements [http.RoundTripper].
func (t kibanaTransport) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer func() {
		_ = in.Body.Close()
		switch cause := recover(); cause {
		case nil:
		case http.ErrAbortHandler: // the connection is cut
			resp, err = nil, io.ErrUnexpectedEOF
		default:
			panic(cause)
		}
	}()
	w := httptest.NewRecorder()
	t.k.serve(w, in)
	resp = w.Result()
	resp.Request = r
	return resp, r.Context().Err()
}
