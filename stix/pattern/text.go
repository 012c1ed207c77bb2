package pattern

// MarshalText gives the canonical text, so that a pattern is a text in JSON and YAML.
func (p *Pattern) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads a pattern of STIX 2.1 within the default limits.
func (p *Pattern) UnmarshalText(text []byte) error {
	q, err := Parse(string(text))
	if err != nil {
		return err
	}
	*p = *q
	return nil
}
