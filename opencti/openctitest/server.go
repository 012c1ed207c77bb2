package openctitest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	stdsync "sync"
	"time"

	"github.com/opencti-elastic/opencti-elastic/stix"
	"github.com/opencti-elastic/opencti-elastic/sync"
)

// Options describes a server. The zero value of every field is its default.
type Options struct {
	// Path is the platform's base path, such as "/cti".
	Path string
	// Token is the only token that is accepted. Default "openctitest-token".
	Token string
	// StreamID is the id of the only stream. Default "7d5a2b2e-3f61-4b0a-9f0e-0c1d2e3f4a5b".
	StreamID string
	// Version is what about says; a 7 makes the server behave as that
	// version does where they differ. Default "6.8.10".
	Version string
	// Heartbeat is the time between heartbeats. Default 5 s.
	Heartbeat time.Duration
	// IdleRead is after how long without an event heartbeats carry the platform's clock. Default 5 s.
	IdleRead time.Duration
	// ConsumerMetrics sends a consumer_metrics event after each heartbeat.
	ConsumerMetrics bool
	// ClockAhead is how far the platform's clock is ahead of redis', which gives the events their ids.
	ClockAhead time.Duration
	// OriginFilters makes a collection that has no history (version 7).
	OriginFilters bool
	// NoOrganizationRights makes OriginFilters answer a recovery by an error event, as the platform does for
	// users without the right of organisation restriction.
	NoOrganizationRights bool
	// PageSize is how many objects a recovery reads from the database at a time. The pages follow each other by
	// date; inside a page the objects come in any order, and as they are by then. Default 500.
	PageSize int
	// NoVocabularyRights refuses to add to vocabularies.
	NoVocabularyRights bool
	// Vocabulary are the pattern types that exist. Default: those that are built in.
	Vocabulary []string
	// ChunkPerEvent flushes after each event, as the platform does; slower.
	ChunkPerEvent bool
}

// Server is an OpenCTI. All of its methods are safe for concurrent use.
type Server struct {
	// URL is its address, with the base path.
	URL string
	// Token and StreamID are those that it accepts.
	Token, StreamID string

	opts Options
	http *httptest.Server
	done chan struct{}

	mu   stdsync.Mutex
	wake chan struct{} // closed and renewed when something changes
	log  []entry
	db   database
	// stopped and revoked end the access to the stream.
	stopped, revoked bool
	faults           []Fault
	always           *Fault
	requests         []Request
	connector        connector
	open             int
}

// NewServer starts a server. Close it.
func NewServer(opts Options) *Server {
	def(&opts.Token, "openctitest-token")
	def(&opts.StreamID, "7d5a2b2e-3f61-4b0a-9f0e-0c1d2e3f4a5b")
	def(&opts.Version, "6.8.10")
	def(&opts.Heartbeat, 5*time.Second)
	def(&opts.IdleRead, 5*time.Second)
	def(&opts.PageSize, 500)
	if opts.Vocabulary == nil {
		opts.Vocabulary = []string{"stix", "pcre", "sigma", "snort", "suricata", "yara", "tanium-signal", "spl", "eql", "shodan"}
	}
	s := &Server{
		Token: opts.Token, StreamID: opts.StreamID, opts: opts,
		done: make(chan struct{}), wake: make(chan struct{}),
		db:        newDatabase(),
		connector: connector{vocabulary: append([]string(nil), opts.Vocabulary...)},
	}
	mux := http.NewServeMux()
	path := strings.TrimSuffix(opts.Path, "/")
	mux.HandleFunc("GET "+path+"/stream/{id}", s.serveStream)
	mux.HandleFunc("POST "+path+"/graphql", s.serveGraphQL)
	s.http = httptest.NewServer(mux)
	s.URL = s.http.URL + path
	return s
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Close ends all connections and the server.
func (s *Server) Close() {
	select {
	case <-s.done:
		return
	default:
	}
	close(s.done)
	s.http.CloseClientConnections()
	s.http.Close()
}

// change runs f under the lock and wakes all streams.
func (s *Server) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.wake)
	s.wake = make(chan struct{})
}

// Append adds events to the history: to redis' stream and to the database. An event
// without a Position gets one by redis' clock.
func (s *Server) Append(events ...Event) {
	ready := make([]entry, len(events))
	for i, e := range events {
		ready[i] = newEntry(e)
	}
	s.change(func() {
		for _, e := range ready {
			if e.pos.IsZero() {
				e = e.at(s.nextPosition())
			}
			s.log = append(s.log, e)
			s.db.apply(e)
		}
	})
}

func (s *Server) nextPosition() sync.Position {
	p := sync.Position{Millis: uint64(time.Now().UnixMilli())}
	if n := len(s.log); n > 0 && s.log[n-1].pos.Compare(p) >= 0 {
		p = s.log[n-1].pos
		p.Seq++
	}
	return p
}

// Store puts objects into the database only, as the platform holds what does not match the
// stream's filters: they are sent as dependencies of what refers to them.
func (s *Server) Store(objects ...[]byte) {
	s.change(func() {
		for _, o := range objects {
			s.db.store(o)
		}
	})
}

// Trim drops all but the last keep events from redis' stream; the database keeps its objects.
func (s *Server) Trim(keep int) {
	s.change(func() { s.log = append([]entry(nil), s.log[max(0, len(s.log)-keep):]...) })
}

// SetStopped stops the collection or starts it again: open streams end cleanly, new ones are answered 410.
func (s *Server) SetStopped(stopped bool) { s.change(func() { s.stopped = stopped }) }

// SetRevoked takes the user's access to the stream away or gives it back: open streams end cleanly, new ones are answered 401.
func (s *Server) SetRevoked(revoked bool) { s.change(func() { s.revoked = revoked }) }

// Live returns the objects that match the stream, by their keys: what a target must hold.
func (s *Server) Live() map[string]Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.db.live()
}

// Last is the position of the last event; zero if there is none.
func (s *Server) Last() sync.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.log) == 0 {
		return sync.Position{}
	}
	return s.log[len(s.log)-1].pos
}

// Request is a request for the stream that was made.
type Request struct {
	// From and Recover are what was asked for, as text; From by parameter or header.
	From, Recover string
	// Header is the request's header.
	Header http.Header
	// Status is what was answered; 0 if the connection was refused.
	Status int
	// Time is when it came.
	Time time.Time
}

// Requests returns the requests for the stream, in their order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Open is how many streams are open.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// Object is the object of that key, whether or not it matches the stream; nil if there is none.
func (s *Server) Object(key string) *stix.Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.db.byKey[key]; r != nil {
		return r.object
	}
	return nil
}

// Unmatch takes objects out of what the stream's filters match, as an edit of the filters does: nothing is sent.
func (s *Server) Unmatch(keys ...string) {
	s.change(func() {
		for _, key := range keys {
			if r := s.db.byKey[key]; r != nil {
				r.matches = false
			}
		}
	})
}

// AppendRaw adds an event whose data is anything, to redis' stream only.
func (s *Server) AppendRaw(name, data string) {
	s.change(func() {
		e := entry{event: Event{Name: name, Data: []byte(data)}}
		s.log = append(s.log, e.at(s.nextPosition()))
	})
}
