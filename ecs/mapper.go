package ecs

import (
	"fmt"
	"net/url"
	"time"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// Mapper makes documents of objects. It is safe for concurrent use.
type Mapper struct {
	options Options
	dataset string
	// known is what documents of observables are made of; see builder.unplaced.
	known map[*observableType]map[string]bool
}

// NewMapper returns a mapper. It fails only if the options are invalid.
func NewMapper(options Options) (*Mapper, error) {
	if err := options.Validate(); err != nil {
		return nil, fmt.Errorf("ecs mapper: %w", err)
	}
	o := options.withDefaults()
	return &Mapper{options: o, dataset: o.Module + ".indicator", known: knownProperties()}, nil
}

// Map returns the document of an indicator or observable. For anything else, and
// for what the options leave out, the error is a [*SkipError]. There is no other error.
func (m *Mapper) Map(o *stix.Object) (*Document, error) {
	if o == nil {
		return nil, &SkipError{Reason: "no object"}
	}
	t, err := m.kind(o)
	if err != nil {
		return nil, err
	}
	if ok, reason := m.options.Filter.Passes(o); !ok {
		return nil, &SkipError{Type: o.Type, Reason: reason, Filtered: true}
	}
	b := builder{m: m, given: o, o: o, doc: &Document{}, joined: true, shown: true}
	if !m.options.KeepPasswords {
		if b.sensitive = o.Sensitive(); b.sensitive != 0 {
			b.o = o.Masked()
		}
	}
	b.common(m.options.Now().UTC())
	if t == nil {
		b.indicator()
		b.unplaced(indicatorProperties)
	} else {
		b.observable(t)
		b.unplaced(m.known[t])
	}
	b.finish()
	return b.doc, nil
}

// kind returns the observable's table entry, nil for an indicator.
func (m *Mapper) kind(o *stix.Object) (*observableType, error) {
	if o.Type == "indicator" {
		return nil, nil
	}
	t := findObservable(o.Type)
	if t == nil {
		t = findEntity(o.EntityType)
	}
	if t == nil {
		if reason := noObservable(o); reason != "" {
			return nil, &SkipError{Type: o.Type, Reason: reason}
		}
		t = &otherType
	}
	if m.options.Observables == NoObservables {
		return nil, &SkipError{Type: o.Type, Reason: "observables are left out by the settings", Filtered: true}
	}
	return t, nil
}

// common fills what every document has.
func (b *builder) common(now time.Time) {
	o, d, opt := b.o, b.doc, &b.m.options
	d.ID = DocumentID(o.Key())
	created, modified := o.Created(), o.Modified()
	if modified.IsZero() {
		modified = created
	}
	d.Timestamp = b.timestamp(modified, now)
	d.Tags = unique(o.Labels())
	b.score = b.stated("event.risk_score", o.ScoreStated())
	b.confidence = b.stated("threat.indicator.confidence", o.ConfidenceStated())
	d.Event = Event{
		Module: opt.Module, Dataset: b.m.dataset, ID: d.ID,
		Created: created, Ingested: now, Score: b.score,
	}
	if opt.KeepOriginal {
		d.Event.Original = original(o)
	}
	d.Threat.Feed = Feed{Name: opt.FeedName, Description: opt.FeedDescription, Reference: opt.OpenCTIURL}
	threatLabels(d.Tags, &d.Threat)
	i := &d.Threat.Indicator
	b.add(&i.ID, o.ID)
	for _, id := range o.OCTI("stix_ids").Texts() {
		b.add(&i.ID, id)
	}
	i.Description = o.Text("description")
	i.Confidence = confidenceWord(b.confidence)
	i.FirstSeen, i.LastSeen, i.ModifiedAt = created, modified, modified
	if opt.OpenCTIURL != "" && o.InternalID != "" {
		i.Reference = opt.OpenCTIURL + "/dashboard/id/" + url.PathEscape(o.InternalID)
	}
	d.OpenCTI.UpdatedAt, _ = o.OCTI("updated_at").Time()
	if d.OpenCTI.UpdatedAt.IsZero() {
		d.OpenCTI.UpdatedAt = modified
	}
	d.OpenCTI.Custom = b.custom()
	d.OpenCTI.Status = Active
	if opt.ExpireAfter > 0 {
		d.ExpiresAt = now.Add(opt.ExpireAfter)
	}
}

// stated takes a number from 0 to 100, and notes what was done to an odd one.
func (b *builder) stated(field string, p stix.Percent) Long {
	switch {
	case p.Note != "" && p.Set:
		b.adjust(field, p.Note)
	case p.Note != "":
		b.drop(field, p.Note)
	}
	return longFrom(int64(p.Value), p.Set)
}

// timestamp is the last change, or the present if that is too old for rules to
// see, unknown, or so far ahead that it cannot have been a change.
func (b *builder) timestamp(modified, now time.Time) time.Time {
	const ahead = 24 * time.Hour // a platform's clock is not ours
	opt := &b.m.options
	old := !opt.DisableRefresh && now.Sub(modified) > opt.RefreshAfter
	if modified.IsZero() || old || modified.Sub(now) > ahead {
		return now
	}
	return modified
}

// author returns the name of who made the object, its id and class.
func (b *builder) author() (ref, name, class string) {
	ref = b.o.Author()
	if known := b.m.options.References; ref != "" && known != nil {
		name, class, _ = known.Author(ref)
	}
	return ref, name, class
}

// finish decides what the whole document says.
func (b *builder) finish() {
	d, opt := b.doc, &b.m.options
	b.urlHosts()
	d.Expired = !d.ExpiresAt.IsZero() && !d.ExpiresAt.After(d.Event.Ingested)
	switch {
	case d.Revoked:
		d.OpenCTI.Status = Revoked
	case d.Expired:
		d.OpenCTI.Status = Expired
	}
	if d.OpenCTI.Status != Active && opt.OnRevoke == MarkRevoked {
		d.Threat.Indicator.Values = Values{}
	}
}

// references fills what the object says of sources outside the platform.
func (b *builder) references(r *ExternalReferences) {
	for _, e := range b.o.ExternalReferences() {
		b.add(&r.SourceName, e.SourceName)
		b.add(&r.ExternalID, e.ExternalID)
		b.add(&r.URL, e.URL)
		b.add(&r.Description, e.Description)
	}
}
