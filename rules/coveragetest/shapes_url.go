package coveragetest

// urlShapes are URLs.
func urlShapes() []Shape {
	r := func(name, pattern, events, innocent string) Shape { return row("URL", name, pattern, events, innocent) }
	const a = "url.full=http://evil.example/a ; url.domain=evil.example ; url.path=/a"
	const notA = "url.full=http://evil.example/ab ; url.domain=evil.example ; url.path=/ab\nurl.full=http://evil.example/ ; url.domain=evil.example\nurl.full=http://other.example/a ; url.domain=other.example"
	return []Shape{
		r("URL", "[url:value = 'http://evil.example/a']", a, notA),
		r("defanged URL", "[url:value = 'hxxp://evil[.]example/a']", a, notA),
		r("URL defanged by its scheme", "[url:value = 'hXXp://evil.example/a']", a, notA),
		r("URL defanged by a bracketed colon", "[url:value = 'http[:]//evil.example/a']", a, notA),
		r("URL with blanks", "[url:value = ' http://evil.example/a ']", a, notA),
		r("URL with upper-case host", "[url:value = 'HTTP://Evil.Example/Path?Q=1']", "url.full=http://evil.example/Path?Q=1 ; url.domain=evil.example", "url.full=http://evil.example/path?q=1 ; url.domain=evil.example"),
		r("URL without path", "[url:value = 'http://evil.example']", "url.full=http://evil.example ; url.domain=evil.example\nurl.full=http://evil.example/ ; url.domain=evil.example", "url.full=http://evil.example/b ; url.domain=evil.example"),
		r("URL with the slash alone", "[url:value = 'http://evil.example/']", "url.full=http://evil.example ; url.domain=evil.example\nurl.full=http://evil.example/ ; url.domain=evil.example", "url.full=http://evil.example/b ; url.domain=evil.example"),
		r("URL without scheme", "[url:value = 'evil.example/a']", a+"\nurl.full=https://evil.example/a ; url.domain=evil.example", notA),
		r("URL with a port", "[url:value = 'http://evil.example:8080/a']", "url.full=http://evil.example:8080/a ; url.domain=evil.example ; url.port=8080", notA),
		r("URL with an address", "[url:value = 'http://203.0.113.9:8080/mozi.m']", "url.full=http://203.0.113.9:8080/mozi.m ; url.domain=203.0.113.9 ; destination.ip=203.0.113.9", "url.full=http://203.0.113.9:8080/ ; destination.ip=203.0.113.9"),
		r("URL with an address, v6", "[url:value = 'http://[2001:db8::77]/a']", "url.full=http://[2001:db8::77]/a", "url.full=http://[2001:db8::77]/b"),
		r("URL with an international name", "[url:value = 'https://bücher.example/x']", "url.full=https://xn--bcher-kva.example/x\nurl.full=https://bücher.example/x", "url.full=https://bucher.example/x"),
		r("URL with a query", "[url:value = 'http://evil.example/a?b=c&d=*']", "url.full=http://evil.example/a?b=c&d=* ; url.domain=evil.example", "url.full=http://evil.example/a?b=c&d=e ; url.domain=evil.example"),
		r("URL with quotes", `[url:value = 'http://evil.example/\'"(a)']`, `url.full=http://evil.example/'"(a) ; url.domain=evil.example`, notA),
		r("URL in ftp", "[url:value = 'ftp://evil.example/a']", "url.full=ftp://evil.example/a ; url.domain=evil.example", notA),
		r("URL by prefix", "[url:value LIKE 'http://evil.example/%']", a, "url.full=http://other.example/a"),
		r("URL by expression", `[url:value MATCHES '^https?://evil\\.example/']`, a, "url.full=http://notevil.example/a"),
		r("URL or domain", "[url:value = 'http://evil.example/a' OR domain-name:value = 'evil2.example']", a+"\ndns.question.name=evil2.example", notA),
		r("URL and domain", "[url:value = 'http://evil.example/a' AND domain-name:value = 'evil.example']", a, notA),
		r("URLs by OR", "[url:value = 'http://evil.example/a' OR url:value = 'http://evil.example/b']", a+"\nurl.full=http://evil.example/b ; url.domain=evil.example", "url.full=http://evil.example/c ; url.domain=evil.example"),
		r("media content", "[media-content:url = 'http://news.example.org/a']", "url.full=http://news.example.org/a ; url.domain=news.example.org", "url.full=http://news.example.org/b ; url.domain=news.example.org"),
		r("HTTP request", "[network-traffic:extensions.'http-request-ext'.request_value = '/gate.php']", "url.path=/gate.php", "url.path=/gate.phpx"),
		r("HTTP request and host", "[network-traffic:extensions.'http-request-ext'.request_value = '/gate.php' AND network-traffic:extensions.'http-request-ext'.request_header.Host = 'evil.example']", "url.path=/gate.php ; url.domain=evil.example", "url.path=/gate.php ; url.domain=other.example"),
	}
}
