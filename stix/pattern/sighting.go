package pattern

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// observedData is the observed-data object of both versions.
type observedData struct {
	Type          string    `json:"type"`
	ID            string    `json:"id"`
	FirstObserved time.Time `json:"first_observed"`
	LastObserved  time.Time `json:"last_observed"`
	Count         int       `json:"number_observed"`
	// ObjectRefs are the ids of what was seen (STIX 2.1), Objects what was seen, by
	// a key that is unique in the object (STIX 2.0).
	ObjectRefs []string                  `json:"object_refs"`
	Objects    map[string]map[string]any `json:"objects"`
}

// DecodeSightings reads the sightings of a STIX bundle: its observed-data objects in
// their order, each with the objects that it refers to (STIX 2.1) or holds (STIX 2.0).
// A reference to what is not in the bundle is passed over.
func DecodeSightings(bundle []byte) ([]Sighting, error) {
	var b struct {
		Objects []json.RawMessage `json:"objects"`
	}
	if err := json.Unmarshal(bundle, &b); err != nil {
		return nil, fmt.Errorf("decode sightings: bundle: %w", err)
	}
	byID := map[string]map[string]any{}
	var observed []observedData
	for i, raw := range b.Objects {
		var head struct {
			Type string `json:"type"`
			ID   string `json:"id"`
		}
		if err := json.Unmarshal(raw, &head); err != nil {
			return nil, fmt.Errorf("decode sightings: object %d: %w", i, err)
		}
		if head.Type == "observed-data" {
			var o observedData
			if err := decodeJSON(raw, &o); err != nil {
				return nil, fmt.Errorf("decode sightings: %.100s: %w", head.ID, err)
			}
			observed = append(observed, o)
			continue
		}
		var object map[string]any
		if err := decodeJSON(raw, &object); err != nil {
			return nil, fmt.Errorf("decode sightings: %.100s: %w", head.ID, err)
		}
		byID[head.ID] = object
	}
	out := make([]Sighting, 0, len(observed))
	for _, o := range observed {
		out = append(out, o.sighting(byID))
	}
	return out, nil
}

func (o *observedData) sighting(byID map[string]map[string]any) Sighting {
	s := Sighting{First: o.FirstObserved, Last: o.LastObserved, Count: o.Count}
	for _, id := range o.ObjectRefs {
		if object := byID[id]; object != nil {
			s.Objects = append(s.Objects, object)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(o.Objects)) {
		object := o.Objects[key]
		if object != nil {
			object["id"] = key // what references of STIX 2.0 say
			s.Objects = append(s.Objects, object)
		}
	}
	return s
}

// decodeJSON keeps numbers as they are written.
func decodeJSON(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(v)
}
