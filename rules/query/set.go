package query

import "iter"

// Result is a translation, or why there is none.
type Result struct {
	Query Query
	Err   error
}

// Set is the translations of one pattern to all languages.
type Set struct {
	results [len(languages)]Result
}

// Get returns the translation to one language.
func (s *Set) Get(lang Language) (Query, error) {
	for i, l := range languages {
		if l == lang {
			return s.results[i].Query, s.results[i].Err
		}
	}
	return Query{}, &UntranslatableError{Language: lang, Reason: "unknown language"}
}

// All yields the translations in the order of [Languages].
func (s *Set) All() iter.Seq2[Language, Result] {
	return func(yield func(Language, Result) bool) {
		for i, lang := range languages {
			if !yield(lang, s.results[i]) {
				return
			}
		}
	}
}

// MarshalJSON writes an object with a member for each language:
// {"kql":{"query":…,"lossy":[…]},…} or {"kql":{"error":"…"},…}.
func (s Set) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, lang := range languages {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendJSON(b, string(lang)), ':')
		if err := s.results[i].Err; err != nil {
			b = append(appendJSON(append(b, `{"error":`...), err.Error()), '}')
			continue
		}
		one, err := s.results[i].Query.MarshalJSON()
		if err != nil {
			return nil, err
		}
		b = append(b, one...)
	}
	return append(b, '}'), nil
}
