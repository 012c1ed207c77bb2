package openctitest

import "time"

// FaultKind is what goes wrong.
type FaultKind uint8

// The kinds of fault.
const (
	// Cut closes the connection abruptly after the events.
	Cut FaultKind = iota
	// CutInLine closes it in the middle of the next event's line.
	CutInLine
	// CutInGroup closes it after the dependencies of the next event that sends any, before that event.
	CutInGroup
	// End ends the stream cleanly.
	End
	// Stall keeps the connection open without a byte, until the client leaves.
	Stall
	// ErrorEvent sends an error event, then heartbeats, and no more data (version 7).
	ErrorEvent
	// Resend sends the last events (Count, or all) again and goes on, as the platform does when it fails inside a batch.
	Resend
	// Status answers the request with the status Code, and Text as its reason.
	Status
	// Refuse closes the connection without an answer.
	Refuse
	// HTML answers 200 with a web page, as a wrong address does.
	HTML
	// Redirect answers 307 to the address in Text.
	Redirect
	// Slow waits for Duration before each event.
	Slow
	// Buffer holds everything back and lets it go each Duration, as a buffering proxy does.
	Buffer
)

// Fault is one fault of the stream.
type Fault struct {
	Kind FaultKind
	// After is how many events about objects, dependencies included, come on the connection before it happens.
	After int
	// Count is how many events a Resend sends again; 0 for all of the connection.
	Count int
	// Code is the status of a Status.
	Code int
	// RetryAfter is the Retry-After header of a Status, in seconds; 0 for none.
	RetryAfter int
	// Text is the message, reason or address.
	Text string
	// Duration is the pause of a Slow or Buffer.
	Duration time.Duration
}

// Fail makes the next streams fail, one fault each, in the order given.
func (s *Server) Fail(faults ...Fault) { s.change(func() { s.faults = append(s.faults, faults...) }) }

// FailAlways makes each stream fail that Fail has no fault for; nil ends it.
func (s *Server) FailAlways(fault *Fault) { s.change(func() { s.always = fault }) }

// nextFault takes the fault for a new stream.
func (s *Server) nextFault() *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) > 0 {
		f := s.faults[0]
		s.faults = s.faults[1:]
		return &f
	}
	return s.always
}
