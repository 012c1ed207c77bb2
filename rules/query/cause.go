package query

import "github.com/opencti-elastic/opencti-elastic/stix/pattern"

// cause is the comparison that leaves come from, so that a loss or an error can name it.
type cause struct {
	path *pattern.ObjectPath
	at   int
}

func causeOf(c *pattern.Comparison) *cause {
	return &cause{&c.Path, c.Start}
}

// opaque is a part of a pattern that no query can say.
type opaque struct {
	cause
	// unmapped: no event field carries it, so that in an OR it can't be searched
	// in any way and is left out. All else that can't be said fails an OR.
	unmapped bool
	reason   string
}

func (o *opaque) err(lang Language) error {
	e := &UntranslatableError{Language: lang, At: o.at, Reason: o.reason}
	if o.path != nil {
		e.Path = pathText(o.path)
	}
	return e
}

func (o *opaque) loss(prefix string) Loss {
	l := Loss{At: o.at, Why: prefix + o.reason}
	if o.path != nil {
		l.Path = pathText(o.path)
	}
	return l
}
