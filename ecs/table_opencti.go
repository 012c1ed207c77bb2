package ecs

// openctiObservables is the observables that only OpenCTI has.
var openctiObservables = [...]observableType{
	{stix: "hostname", name: "Hostname", word: "domain-name", main: []string{"value"}, ecs: nameFields,
		properties: []property{{name: "unicode", get: readableName}}},
	{stix: "user-agent", name: "User-Agent", long: true, main: []string{"value"}},
	{stix: "ai-prompt", name: "AI-Prompt", long: true, main: []string{"value"}},
	{stix: "simple-observable", name: "Simple-Observable", long: true, main: []string{"value"}, properties: []property{
		{name: "key"},
	}},
	{stix: "text", name: "Text", long: true, main: []string{"value"}},
	{stix: "cryptographic-key", name: "Cryptographic-Key", long: true, main: []string{"value"}},
	{stix: "cryptocurrency-wallet", name: "Cryptocurrency-Wallet", main: []string{"value"}},
	{stix: "phone-number", name: "Phone-Number", main: []string{"value"}},
	{stix: "tracking-number", name: "Tracking-Number", main: []string{"value"}},
	{stix: "imei", name: "IMEI", main: []string{"value"}},
	{stix: "imsi", name: "IMSI", main: []string{"value"}},
	{stix: "iccid", name: "ICCID", main: []string{"value"}},
	{stix: "bank-account", name: "Bank-Account", main: []string{"iban", "account_number", "bic"}, properties: []property{
		{name: "iban"},
		{name: "bic"},
		{name: "account_number"},
	}},
	{stix: "payment-card", name: "Payment-Card", main: []string{"card_number"}, also: []string{"cvv"}, properties: []property{
		{name: "card_number"},
		{name: "expiration_date", kind: instant},
		{name: "holder_name"},
	}},
	{stix: "media-content", name: "Media-Content", long: true, main: []string{"title", "url"}, properties: []property{
		{name: "title"},
		{name: "url", kind: wildcard},
		{name: "media_category"},
		{name: "publication_date", kind: instant},
		{name: "content", kind: unread},
	}},
	{stix: "credential", name: "Credential", properties: []property{
		{name: "value_sha256", get: credentialHash},
	}},
	{stix: "persona", name: "Persona", main: []string{"persona_name"}, ecs: personaFields, properties: []property{
		{name: "persona_name"},
		{name: "persona_type"},
	}},
	{stix: "ssh-key", name: "SSH-Key", main: []string{"fingerprint_sha256", "fingerprint_md5"}, properties: []property{
		{name: "fingerprint_sha256"},
		{name: "fingerprint_md5"},
		{name: "public_key", kind: wildcard},
		{name: "key_type"},
		{name: "key_length", kind: whole},
		{name: "comment"},
		{name: "expiration_date", kind: instant},
	}},
}
