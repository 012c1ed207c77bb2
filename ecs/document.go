package ecs

import "time"

// Document is one ECS threat-indicator document. [Document.AppendJSON] writes it,
// always with its fields in the same order.
type Document struct {
	// ID is the document's _id: OpenCTI's internal id, or else the STIX id. It is no field.
	ID string
	// Revoked reports whether the object is revoked, Expired whether it was past its end when
	// it was mapped. With [DeleteRevoked] such a document should not be in an index.
	Revoked, Expired bool
	// ExpiresAt is when the document stops being valid: opencti.expires_at; zero for never.
	ExpiresAt time.Time
	// Dropped is what of the object could not go where it belongs, and why: opencti.dropped.
	Dropped []Note
	// Adjusted is what of the object was changed to fit, and how: opencti.adjusted.
	Adjusted []Note

	// Timestamp is @timestamp.
	Timestamp time.Time
	Event     Event
	Tags      []string
	Threat    Threat
	Related   Related
	OpenCTI   OpenCTI
}

// Note is a field that was left out or changed, and the reason. It does not hold the value unless that is a number.
type Note struct {
	Field, Reason string
}

// String returns "field: reason".
func (n Note) String() string { return n.Field + ": " + n.Reason }

// Long is a whole number that may be absent.
type Long struct {
	Value int64
	Set   bool
}

// Truth is a truth value that may be absent.
type Truth struct {
	Value, Set bool
}

func longOf(n int64) Long            { return Long{n, true} }
func truthOf(b bool) Truth           { return Truth{b, true} }
func longFrom(n int64, ok bool) Long { return Long{n, ok} }

// Event is event.*; its kind, category, type and provider are the same in every document.
type Event struct {
	Module, Dataset, ID string
	Created, Ingested   time.Time
	// Score is event.risk_score and event.severity: OpenCTI's score, unchanged.
	Score Long
	// Original is the object as it came; only with [Options.KeepOriginal].
	Original string
}

// Threat is threat.*. What most documents have nothing of is nil then.
type Threat struct {
	Framework               string
	Tactic                  Tactic
	Technique, Subtechnique *Technique
	Group                   *Group
	Software                *Software
	Feed                    Feed
	Indicator               Indicator
}

// Tactic is threat.tactic.*: three parallel lists.
type Tactic struct {
	ID, Name, Reference []string
}

// Feed is threat.feed.*.
type Feed struct {
	Name, Description, Reference string
}

// Indicator is threat.indicator.*.
type Indicator struct {
	ID                                            []string
	Name, Description, Type, Confidence, Provider string
	TLP                                           string
	Reference                                     string
	FirstSeen, LastSeen, ModifiedAt               time.Time
	Values
}

// Values is the part of threat.indicator.* that indicator-match rules join events on.
// What most documents have nothing of is nil then.
type Values struct {
	IP       []string
	Port     []int64
	Email    []string
	URL      URL
	File     File
	Registry *Registry
	X509     *X509
	ASNumber []int64
	ASName   []string
}

// URL is threat.indicator.url.*. Each field is a set, since a document can hold several.
type URL struct {
	Full, Original, Scheme, Domain, RegisteredDomain, TopLevelDomain, Subdomain []string
	Port                                                                        []int64
	Path, Query, Fragment, Extension, Username                                  []string
}

// File is threat.indicator.file.*.
type File struct {
	Hash                                                  Hashes
	Imphash                                               []string
	Name, Extension, Path, Directory, MimeType, OriginURL []string
	Type                                                  string
	Size                                                  []int64
	Created, Modified, Accessed                           time.Time
}

// empty reports whether no value of a pattern is in the file's fields.
func (f *File) empty() bool {
	h := &f.Hash
	for _, list := range [...][]string{
		h.MD5, h.SHA1, h.SHA256, h.SHA384, h.SHA512, h.SSDEEP, h.TLSH,
		f.Imphash, f.Name, f.Extension, f.Path, f.Directory, f.MimeType, f.OriginURL,
	} {
		if len(list) > 0 {
			return false
		}
	}
	return len(f.Size) == 0
}

// Hashes is file.hash.*.
type Hashes struct {
	MD5, SHA1, SHA256, SHA384, SHA512, SSDEEP, TLSH []string
}

// Registry is threat.indicator.registry.*.
type Registry struct {
	Hive, Key, Path, Value, DataType, DataStrings, DataBytes []string
}

// X509 is threat.indicator.x509.*.
type X509 struct {
	SerialNumber, AlternativeNames            []string
	Issuer, Subject                           DistinguishedName
	Version, SignatureAlgorithm, KeyAlgorithm string
	KeyExponent                               Long
	NotBefore, NotAfter                       time.Time
}

// DistinguishedName is the name of a certificate's issuer or subject: the whole, and its attributes.
type DistinguishedName struct {
	Name, CommonName, Country, Locality, Organization, Unit, State []string
}

// Related is related.*: every value of the object, whether it suffices alone or not.
type Related struct {
	Hash, Hosts, IP, User []string
}

// OpenCTI is opencti.*, what ECS has no place for.
type OpenCTI struct {
	// UpdatedAt is when the platform last changed the object.
	UpdatedAt time.Time
	// Status is active, revoked or expired.
	Status Status
	// RuleReason is why no detection rule could be made of the indicator.
	RuleReason string
	// Custom is the custom fields of the platform: one flattened field.
	Custom []Property
	// Exactly one of the two is set.
	Indicator  *IndicatorInfo
	Observable *ObservableInfo
}

// Status is whether a document is of a valid object.
type Status string

// The states of a document.
const (
	Active  Status = "active"
	Revoked Status = "revoked"
	Expired Status = "expired"
)

// ExternalReferences is external_reference.*: four lists in the object's order,
// each without what its reference does not say.
type ExternalReferences struct {
	SourceName, ExternalID, URL, Description []string
}

// IndicatorInfo is opencti.indicator.*.
type IndicatorInfo struct {
	InternalID, StandardID, Lang                          string
	Pattern, PatternType, PatternVersion                  string
	MainObservableType                                    string
	IndicatorTypes, KillChainPhase, Marking, Value, Range []string
	Author, AuthorClass                                   string
	IsInferred, Detection                                 Truth
	Revoked                                               bool
	Score, Confidence                                     Long
	ValidFrom, ValidUntil, InvalidOrRevokedFrom           time.Time
	References                                            ExternalReferences
}

// ObservableInfo is opencti.observable.*. What is said of every observable is
// there, its own properties are one level deeper, below the name of its type.
type ObservableInfo struct {
	Marking     []string
	Author      string
	AuthorClass string
	IsInferred  Truth
	References  ExternalReferences

	// Kind is the name below which the rest is: ipv4_addr, file, …; "other" for a type that is not known.
	Kind                              string
	ID, StandardID, EntityType, Value string
	Score                             Long
	// Properties is the type's own fields, in the order of the type's table.
	Properties []Property
}

// Property is a field of an observable's own, or a custom field.
type Property struct {
	// Name is the field's name. Below an observable's type a dot stands for an object.
	Name string
	// Value is a string, []string, int64, bool or time.Time; of a custom field a string, int64,
	// float64, bool or a []any of these.
	Value any
}
