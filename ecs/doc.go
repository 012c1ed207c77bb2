// Package ecs makes ECS threat-indicator documents of STIX indicators and observables
// as OpenCTI sends them, and the mapping of their index.
//
// Start with [Mapper]:
//
//	mapper, err := ecs.NewMapper(ecs.Options{OpenCTIURL: "https://opencti.example.org"})
//	document, err := mapper.Map(object)      // a *stix.Object
//	line, err := document.AppendJSON(nil)    // one line of JSON, for _bulk
//
// For an object that is neither an indicator nor an observable, or that [Options.Filter] refuses, Map returns a
// [*SkipError] with the reason. There is no other error. An odd value never costs the
// document: what a field cannot hold is left out and named in [Document.Dropped].
//
// # What a document promises
//
// Every field is one of ECS [Version], with its type and where ECS lists them one of
// its values, or below opencti.*. Elastic's prebuilt indicator-match rules see it without set-up.
// The fields that such rules join on hold only values that suffice: an observation
// of the value alone satisfies the indicator's pattern. Values that need company are in
// related.*, as is everything of a pattern that is not STIX. Hashes and domains are
// in lower case, addresses in canonical form; defanged values are written as they are used, and as
// given in url.original and opencti.indicator.pattern; see [Reading] and [Kind.Normalise]. Secrets (a credential's value, a card's
// check number, an artifact's key) and payloads are never written. Passwords in URLs and numbers of payment cards are
// masked but in url.full and url.original.
//
// [Mapping] is the mapping of every field there is; [Fields] lists them. Facts are from the ECS
// reference, elastic/detection-rules (rules/threat_intel) and Elastic's ti_opencti integration.
//
// # Fields below opencti
//
//	updated_at                        when the platform last changed the object
//	expires_at                        when the document stops being valid: valid_until, or when it was handled plus [Options.ExpireAfter]
//	status                            active, revoked or expired
//	dropped                           fields and properties that were left out, and why
//	adjusted                          fields whose value was changed to fit, and how: a score of 70.5, a name of 2,000 characters
//	custom                            the platform's custom fields by their names without x_opencti_cf_, as one flattened field
//	rule.reason                       why no detection rule could be made ([Options.RuleReason])
//	indicator.internal_id             OpenCTI's id
//	indicator.standard_id             STIX id
//	indicator.pattern                 the pattern as given
//	indicator.pattern_type            stix, sigma, yara, kql, …
//	indicator.pattern_version         its version
//	indicator.main_observable_type    OpenCTI's word for what the pattern is of
//	indicator.value                   the values that the pattern names, as events carry them, sufficient or not
//	indicator.range                   the blocks of addresses that suffice; a search for an address finds them
//	indicator.revoked                 whether it was revoked
//	indicator.is_inferred             whether a rule of the platform made it
//	indicator.detection               whether it is marked for detection
//	indicator.lang                    language of its texts
//	indicator.score                   OpenCTI's score, 0 to 100
//	indicator.confidence              STIX's confidence, 0 to 100; in words in threat.indicator.confidence: 0 None,
//	                                  1–29 Low, 30–69 Medium, 70–100 High, otherwise Not Specified
//	indicator.valid_from              from when it counts
//	indicator.valid_until             until when
//	indicator.invalid_or_revoked_from the revocation if that came first, else valid_until
//	indicator.indicator_types         STIX's words for what it indicates
//	indicator.kill_chain_phase        "[kill chain] phase"
//	indicator.marking                 names of all markings; the strictest TLP is in threat.indicator.marking.tlp
//	indicator.created_by_ref          STIX id of the author, whose name is in threat.indicator.provider
//	indicator.creator_identity_class  organization, individual, …
//	indicator.external_reference.*    source_name, external_id, url, description of the references
//	observable.marking, .created_by_ref, .creator_identity_class, .is_inferred, .external_reference.*   the same of an observable
//	observable.<type>.id              OpenCTI's id
//	observable.<type>.standard_id     STIX id
//	observable.<type>.entity_type     OpenCTI's spelling of the type
//	observable.<type>.value           the main value as given
//	observable.<type>.score           OpenCTI's score
//
// The type is the STIX type with "_" for "-"; "other" for one that is not known.
// The fields of each type are listed below, by their STIX or OpenCTI names; of ours
// are range (a block of addresses), unicode (the readable form of an xn-- name) and
// value_sha256 (see [Options.CredentialHash]).
package ecs
