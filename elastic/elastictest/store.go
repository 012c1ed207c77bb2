package elastictest

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// esIndex is one index with its documents.
type esIndex struct {
	name      string
	stream    string // the data stream that it backs
	mode      string // "lookup" or empty
	created   time.Time
	tree      *fieldTree
	refreshed time.Time
	interval  time.Duration // 0: by hand only

	docs  map[string]*esDocument
	dirty map[*esDocument]struct{}
	seq   int64
	// readOnly is an index block on writes.
	readOnly bool
}

// esDocument is an _id with its newest state, a deletion included, and the state that searches see.
type esDocument struct {
	id        string
	live      *revision
	seen      *revision
	tombstone time.Time
}

// revision is one state of a document. It never changes.
type revision struct {
	source  []byte
	version int64
	seq     int64
	deleted bool
	flat    map[string][]any // of source, made when a search first asks
}

// gcDeletes is for how long a deletion is remembered with its version: index.gc_deletes.
const gcDeletes = 60 * time.Second

// esError is an answer that is an error.
type esError struct {
	status       int
	kind, reason string
}

func esFail(status int, kind, format string, args ...any) *esError {
	return &esError{status, kind, fmt.Sprintf(format, args...)}
}

// esWrite is one write to one document.
type esWrite struct {
	verb    string // index, create, delete
	index   string // as the client named it
	id      string
	source  []byte
	version *int64
	// versionType is internal, external, external_gte or empty.
	versionType string
	seqNo       *int64
	term        *int64
	// checked is the mapping that the document was already held against.
	checked *fieldTree
}

// esWritten is what became of a write.
type esWritten struct {
	index, result string
	id            string
	version, seq  int64
	status        int
}

// write carries a write out. The caller holds the lock.
func (s *Elasticsearch) write(w *esWrite) (esWritten, *esError) {
	x, err := s.writeIndex(w)
	if err != nil {
		return esWritten{}, err
	}
	if x.readOnly {
		return esWritten{}, esFail(http.StatusForbidden, "cluster_block_exception", "index [%s] blocked by: [FORBIDDEN/8/index write (api)];", x.name)
	}
	if w.id == "" {
		w.id = randomID()
		if w.verb == "index" {
			w.verb = "create"
		}
	}
	if w.verb != "delete" {
		if err := s.check(x, w); err != nil {
			return esWritten{}, err
		}
	}
	return s.apply(x, w)
}

// check holds a document against the mapping, and lets dynamic mapping add to it.
func (s *Elasticsearch) check(x *esIndex, w *esWrite) *esError {
	if w.checked != x.tree {
		tree, err := x.tree.check(w.source)
		if err != nil {
			return err
		}
		x.tree = tree
	}
	if x.stream != "" && !bytes.Contains(w.source, []byte(`"@timestamp"`)) {
		return esFail(http.StatusBadRequest, "document_parsing_exception", "data stream timestamp field [@timestamp] is missing")
	}
	return nil
}

// apply compares versions and stores.
func (s *Elasticsearch) apply(x *esIndex, w *esWrite) (esWritten, *esError) {
	now := s.o.Now()
	d := x.docs[w.id]
	var live *revision
	if d != nil {
		live = d.live
		if live.deleted && now.Sub(d.tombstone) > gcDeletes {
			live = nil
		}
	}
	there := live != nil && !live.deleted
	version, err := nextVersion(w, live, there)
	if err != nil {
		return esWritten{}, err
	}
	out := esWritten{index: x.name, id: w.id, version: version, seq: x.seq, status: http.StatusOK}
	r := &revision{source: w.source, version: version, seq: x.seq, deleted: w.verb == "delete"}
	x.seq++
	switch {
	case w.verb != "delete" && there:
		out.result = "updated"
	case w.verb != "delete":
		out.result, out.status = "created", http.StatusCreated
	case there:
		out.result = "deleted"
	default:
		out.result, out.status = "not_found", http.StatusNotFound
	}
	if d == nil {
		d = &esDocument{id: w.id}
		x.docs[w.id] = d
	}
	d.live = r
	if r.deleted {
		d.tombstone = now
	}
	x.dirty[d] = struct{}{}
	return out, nil
}

// nextVersion checks the conditions of a write and gives the version of the new state. live is the newest
// state, a remembered deletion included, there tells whether a document is there.
func nextVersion(w *esWrite, live *revision, there bool) (int64, *esError) {
	conflict := func(format string, args ...any) *esError {
		return esFail(http.StatusConflict, "version_conflict_engine_exception", "[%s]: version conflict, %s", w.id, fmt.Sprintf(format, args...))
	}
	if w.seqNo != nil {
		switch {
		case !there:
			return 0, conflict("required seqNo [%d], primary term [%d]. but no document was found", *w.seqNo, *w.term)
		case live.seq != *w.seqNo || *w.term != 1:
			return 0, conflict("required seqNo [%d], primary term [%d]. current document has seqNo [%d] and primary term [1]", *w.seqNo, *w.term, live.seq)
		}
	}
	if w.verb == "create" && there {
		return 0, conflict("document already exists (current version [%d])", live.version)
	}
	switch w.versionType {
	case "external", "external_gt", "external_gte":
		if live != nil && (live.version > *w.version || live.version == *w.version && w.versionType != "external_gte") {
			return 0, conflict("current version [%d] is higher than the one provided [%d]", live.version, *w.version)
		}
		return *w.version, nil
	}
	if live == nil {
		return 1, nil
	}
	return live.version + 1, nil
}

// visible brings all that was written before into the sight of searches, if it is time.
func (x *esIndex) visible(now time.Time, force bool) {
	if len(x.dirty) == 0 || !force && (x.interval <= 0 || now.Sub(x.refreshed) < x.interval) {
		return
	}
	for d := range x.dirty {
		d.seen = d.live
		if d.live.deleted {
			d.seen = nil
			if now.Sub(d.tombstone) > gcDeletes {
				delete(x.docs, d.id)
				continue
			}
		}
	}
	kept := make(map[*esDocument]struct{})
	x.dirty = kept
	x.refreshed = now
}

func randomID() string {
	var b [15]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Document is a document as the server holds it.
type Document struct {
	// Index is the index that holds it, the backing index where it is in a data stream.
	Index string
	// ID is its _id, Version its _version.
	ID      string
	Version int64
	// Source is its _source, byte for byte as it was sent.
	Source []byte
}

// Documents gives all documents of an index, alias or data stream, by _id, whether a search sees them
// yet or not. Of an _id that is in several backing indices, the newest one counts.
func (s *Elasticsearch) Documents(name string) map[string]Document {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make(map[string]Document)
	for _, x := range s.named(name) {
		for id, d := range x.docs {
			if !d.live.deleted {
				out[id] = Document{Index: x.name, ID: id, Version: d.live.version, Source: bytes.Clone(d.live.source)}
			}
		}
	}
	return out
}

// Len is how many documents an index, alias or data stream holds; those of one _id in several backing indices count each.
func (s *Elasticsearch) Len(name string) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := 0
	for _, x := range s.named(name) {
		for _, d := range x.docs {
			if !d.live.deleted {
				n++
			}
		}
	}
	return n
}

// Refresh makes all writes visible to searches.
func (s *Elasticsearch) Refresh(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.named(name) {
		x.visible(s.o.Now(), true)
	}
}

// BlockWrites puts a write block on an index, or takes it away.
func (s *Elasticsearch) BlockWrites(name string, block bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.named(name) {
		x.readOnly = block
	}
}

// DeleteIndex removes an index, or a data stream with its backing indices, as an operator would.
func (s *Elasticsearch) DeleteIndex(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.streams[name]; st != nil {
		for _, b := range st.backing {
			delete(s.indices, b)
		}
		delete(s.streams, name)
	}
	delete(s.indices, name)
	for alias, index := range s.aliases {
		if index == name {
			delete(s.aliases, alias)
		}
	}
}

// named gives the indices that a name, a list of names, or a pattern stands for.
func (s *Elasticsearch) named(name string) []*esIndex {
	var out []*esIndex
	for part := range strings.SplitSeq(name, ",") {
		if strings.Contains(part, "*") {
			for n, x := range s.indices {
				if wildcardMatch(part, n) || x.stream != "" && wildcardMatch(part, x.stream) {
					out = append(out, x)
				}
			}
			continue
		}
		if to, ok := s.aliases[part]; ok {
			part = to
		}
		if st := s.streams[part]; st != nil {
			for _, b := range st.backing {
				out = append(out, s.indices[b])
			}
		} else if x := s.indices[part]; x != nil {
			out = append(out, x)
		}
	}
	return out
}
