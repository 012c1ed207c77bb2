package ecs

import "time"

// The fields methods name every field of a document once, with its type, in the
// order in which it is written; see [writer].

func (d *Document) fields(w *writer) {
	w.date("@timestamp", d.Timestamp)
	w.open("ecs")
	w.text("version", Keyword, Version)
	w.close()
	d.Event.fields(w)
	w.texts("tags", Keyword, d.Tags)
	d.Threat.fields(w)
	d.Related.fields(w)
	w.open("opencti")
	w.date("updated_at", d.OpenCTI.UpdatedAt)
	w.date("expires_at", d.ExpiresAt)
	w.text("status", Keyword, string(d.OpenCTI.Status))
	w.texts("dropped", Keyword, notes(d.Dropped))
	w.texts("adjusted", Keyword, notes(d.Adjusted))
	w.open("rule")
	w.text("reason", Keyword, d.OpenCTI.RuleReason)
	w.close()
	w.flattened("custom", d.OpenCTI.Custom)
	if indicator := present(w, d.OpenCTI.Indicator); indicator != nil {
		indicator.fields(w)
	}
	if observable := present(w, d.OpenCTI.Observable); observable != nil {
		observable.fields(w)
	}
	w.close()
}

// present returns a part of the document that may be absent; a schema has every part.
func present[T any](w *writer, part *T) *T {
	if part == nil && w.schema != nil {
		return new(T)
	}
	return part
}

func notes(list []Note) []string {
	if len(list) == 0 {
		return nil
	}
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = n.String()
	}
	return out
}

func (e *Event) fields(w *writer) {
	w.open("event")
	w.text("kind", Keyword, "enrichment")
	w.texts("category", Keyword, []string{"threat"})
	w.texts("type", Keyword, []string{"indicator"})
	w.text("module", Keyword, e.Module)
	w.text("dataset", Keyword, e.Dataset)
	w.text("provider", Keyword, "opencti")
	w.text("id", Keyword, e.ID)
	w.date("created", e.Created)
	w.date("ingested", e.Ingested)
	w.long("risk_score", Float, e.Score)
	w.long("severity", LongType, e.Score)
	w.text("original", Stored, e.Original)
	w.close()
}

func (t *Threat) fields(w *writer) {
	w.open("threat")
	w.text("framework", Keyword, t.Framework)
	w.open("tactic")
	w.texts("id", Keyword, t.Tactic.ID)
	w.texts("name", Keyword, t.Tactic.Name)
	w.texts("reference", Keyword, t.Tactic.Reference)
	w.close()
	w.open("technique")
	if technique := present(w, t.Technique); technique != nil {
		technique.fields(w)
	}
	w.open("subtechnique")
	if technique := present(w, t.Subtechnique); technique != nil {
		technique.fields(w)
	}
	w.close()
	w.close()
	if group := present(w, t.Group); group != nil {
		w.open("group")
		w.text("id", Keyword, group.ID)
		w.text("name", Keyword, group.Name)
		w.text("reference", Keyword, group.Reference)
		w.close()
	}
	if software := present(w, t.Software); software != nil {
		w.open("software")
		w.text("id", Keyword, software.ID)
		w.text("name", Keyword, software.Name)
		w.text("type", Keyword, software.Type)
		w.text("reference", Keyword, software.Reference)
		w.close()
	}
	w.open("feed")
	w.text("name", Keyword, t.Feed.Name)
	w.text("description", Keyword, t.Feed.Description)
	w.text("reference", Keyword, t.Feed.Reference)
	w.close()
	t.Indicator.fields(w)
	w.close()
}

func (t *Technique) fields(w *writer) {
	w.texts("id", Keyword, t.ID)
	w.texts("name", KeywordText, t.Name)
	w.texts("reference", Keyword, t.Reference)
}

func (i *Indicator) fields(w *writer) {
	w.open("indicator")
	w.texts("id", Keyword, i.ID)
	w.text("name", Keyword, i.Name)
	w.text("description", Keyword, i.Description)
	w.text("type", Keyword, i.Type)
	w.texts("ip", IP, i.IP)
	w.longs("port", LongType, i.Port)
	w.open("email")
	w.texts("address", Keyword, i.Email)
	w.close()
	i.URL.fields(w)
	i.File.fields(w)
	if registry := present(w, i.Registry); registry != nil {
		registry.fields(w)
	}
	if x509 := present(w, i.X509); x509 != nil {
		x509.fields(w)
	}
	w.open("as")
	w.longs("number", LongType, i.ASNumber)
	w.open("organization")
	w.some("name", KeywordText, i.ASName)
	w.close()
	w.close()
	w.text("confidence", Keyword, i.Confidence)
	w.open("marking")
	if w.text("tlp", Keyword, i.TLP); i.TLP != "" || w.schema != nil {
		w.text("tlp_version", Keyword, tlpVersion)
	}
	w.close()
	w.text("provider", Keyword, i.Provider)
	w.text("reference", Keyword, i.Reference)
	w.date("first_seen", i.FirstSeen)
	w.date("last_seen", i.LastSeen)
	w.date("modified_at", i.ModifiedAt)
	w.close()
}

func (u *URL) fields(w *writer) {
	w.open("url")
	w.texts("full", WildcardText, u.Full)
	w.texts("original", WildcardText, u.Original)
	w.texts("scheme", Keyword, u.Scheme)
	w.texts("domain", Keyword, u.Domain)
	w.texts("registered_domain", Keyword, u.RegisteredDomain)
	w.texts("top_level_domain", Keyword, u.TopLevelDomain)
	w.texts("subdomain", Keyword, u.Subdomain)
	w.longs("port", LongType, u.Port)
	w.texts("path", Wildcard, u.Path)
	w.texts("query", KeywordQuery, u.Query)
	w.texts("fragment", Keyword, u.Fragment)
	w.texts("extension", Keyword, u.Extension)
	w.texts("username", Keyword, u.Username)
	w.close()
}

func (f *File) fields(w *writer) {
	w.open("file")
	w.open("hash")
	w.texts("md5", Keyword, f.Hash.MD5)
	w.texts("sha1", Keyword, f.Hash.SHA1)
	w.texts("sha256", Keyword, f.Hash.SHA256)
	w.texts("sha384", Keyword, f.Hash.SHA384)
	w.texts("sha512", Keyword, f.Hash.SHA512)
	w.texts("ssdeep", Keyword, f.Hash.SSDEEP)
	w.texts("tlsh", Keyword, f.Hash.TLSH)
	w.close()
	w.open("pe")
	w.texts("imphash", Keyword, f.Imphash)
	w.close()
	w.texts("name", Keyword, f.Name)
	w.some("extension", Keyword, f.Extension)
	w.some("path", KeywordText, f.Path)
	w.some("directory", Keyword, f.Directory)
	w.longs("size", LongType, f.Size)
	w.some("mime_type", Keyword, f.MimeType)
	w.text("type", Keyword, f.Type)
	w.some("origin_url", Keyword, f.OriginURL)
	w.date("created", f.Created)
	w.date("mtime", f.Modified)
	w.date("accessed", f.Accessed)
	w.close()
}

func (r *Registry) fields(w *writer) {
	w.open("registry")
	w.some("hive", Keyword, r.Hive)
	w.some("key", Keyword, r.Key)
	w.texts("path", Keyword, r.Path)
	w.texts("value", Keyword, r.Value)
	w.open("data")
	w.some("type", Keyword, r.DataType)
	w.texts("strings", Wildcard, r.DataStrings)
	w.some("bytes", Keyword, r.DataBytes)
	w.close()
	w.close()
}

func (x *X509) fields(w *writer) {
	w.open("x509")
	w.some("serial_number", Keyword, x.SerialNumber)
	w.open("issuer")
	x.Issuer.fields(w)
	w.close()
	w.open("subject")
	x.Subject.fields(w)
	w.close()
	w.date("not_before", x.NotBefore)
	w.date("not_after", x.NotAfter)
	w.text("version_number", Keyword, x.Version)
	w.text("signature_algorithm", Keyword, x.SignatureAlgorithm)
	w.text("public_key_algorithm", Keyword, x.KeyAlgorithm)
	w.long("public_key_exponent", LongStored, x.KeyExponent)
	w.texts("alternative_names", Keyword, x.AlternativeNames)
	w.close()
}

func (d *DistinguishedName) fields(w *writer) {
	w.some("distinguished_name", Keyword, d.Name)
	w.texts("common_name", Keyword, d.CommonName)
	w.texts("country", Keyword, d.Country)
	w.texts("locality", Keyword, d.Locality)
	w.texts("organization", Keyword, d.Organization)
	w.texts("organizational_unit", Keyword, d.Unit)
	w.texts("state_or_province", Keyword, d.State)
}

func (r *Related) fields(w *writer) {
	w.open("related")
	w.texts("hash", Keyword, r.Hash)
	w.texts("hosts", Keyword, r.Hosts)
	w.texts("ip", IP, r.IP)
	w.texts("user", Keyword, r.User)
	w.close()
}

func (r *ExternalReferences) fields(w *writer) {
	w.open("external_reference")
	w.texts("source_name", Keyword, r.SourceName)
	w.texts("external_id", Keyword, r.ExternalID)
	w.texts("url", Wildcard, r.URL)
	w.texts("description", Wildcard, r.Description)
	w.close()
}

func (i *IndicatorInfo) fields(w *writer) {
	w.open("indicator")
	w.text("internal_id", Keyword, i.InternalID)
	w.text("standard_id", Keyword, i.StandardID)
	w.text("pattern", Wildcard, i.Pattern)
	w.text("pattern_type", Keyword, i.PatternType)
	w.text("pattern_version", Keyword, i.PatternVersion)
	w.text("main_observable_type", Keyword, i.MainObservableType)
	w.texts("value", Wildcard, i.Value)
	w.texts("range", IPRange, i.Range)
	w.truth("revoked", truthOf(i.Revoked))
	w.truth("is_inferred", i.IsInferred)
	w.truth("detection", i.Detection)
	w.text("lang", Keyword, i.Lang)
	w.long("score", LongType, i.Score)
	w.long("confidence", LongType, i.Confidence)
	w.date("valid_from", i.ValidFrom)
	w.date("valid_until", i.ValidUntil)
	w.date("invalid_or_revoked_from", i.InvalidOrRevokedFrom)
	w.texts("indicator_types", Keyword, i.IndicatorTypes)
	w.texts("kill_chain_phase", Keyword, i.KillChainPhase)
	w.texts("marking", Keyword, i.Marking)
	w.text("created_by_ref", Keyword, i.Author)
	w.text("creator_identity_class", Keyword, i.AuthorClass)
	i.References.fields(w)
	w.close()
}

func (o *ObservableInfo) fields(w *writer) {
	w.open("observable")
	w.texts("marking", Keyword, o.Marking)
	w.text("created_by_ref", Keyword, o.Author)
	w.text("creator_identity_class", Keyword, o.AuthorClass)
	w.truth("is_inferred", o.IsInferred)
	o.References.fields(w)
	if w.schema != nil {
		for _, t := range append(observableTypes(), &otherType) {
			w.schema.observable(w, t)
		}
	} else {
		o.own(w)
	}
	w.close()
}

// own writes what is below the name of the observable's type.
func (o *ObservableInfo) own(w *writer) {
	w.open(o.Kind)
	w.text("id", Keyword, o.ID)
	w.text("standard_id", Keyword, o.StandardID)
	w.text("entity_type", Keyword, o.EntityType)
	w.text("value", Keyword, o.Value)
	w.long("score", LongType, o.Score)
	group := ""
	for _, p := range o.Properties {
		group = w.group(group, p.Name)
		switch name := p.Name[len(group):]; v := p.Value.(type) {
		case string:
			w.text(name, Keyword, v)
		case []string:
			w.texts(name, Keyword, v)
		case int64:
			w.long(name, LongType, longOf(v))
		case bool:
			w.truth(name, truthOf(v))
		case time.Time:
			w.date(name, v)
		}
	}
	w.group(group, "")
	w.close()
}

// group opens and closes the object that a property's dotted name asks for,
// and returns the part of the name that is done with.
func (w *writer) group(open, name string) string {
	next := ""
	for i := range len(name) {
		if name[i] == '.' {
			next = name[:i+1]
		}
	}
	if next == open {
		return open
	}
	if open != "" {
		w.close()
	}
	if next != "" {
		w.open(next[:len(next)-1])
	}
	return next
}
