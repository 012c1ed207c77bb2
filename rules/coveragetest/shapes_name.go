package coveragetest

const notTheName = "dns.question.name=evil.example.org\ndns.question.name=www.evil.example\nurl.domain=notevil.example\nurl.full=http://other.example/?u=evil.example ; url.domain=other.example"

// nameShapes are domains, host names and e-mail.
func nameShapes() []Shape {
	r := func(name, pattern, events, innocent string) Shape {
		return row("name", name, pattern, events, innocent)
	}
	m := func(name, pattern, events, innocent string) Shape {
		return row("e-mail", name, pattern, events, innocent)
	}
	const evil = "dns.question.name=evil.example\nurl.domain=evil.example ; url.full=https://evil.example/x\ndestination.domain=evil.example\ntls.client.server_name=evil.example"
	const sender = "email.from.address=a@evil.example"
	return []Shape{
		r("domain", "[domain-name:value = 'evil.example']", evil, notTheName),
		r("domain in upper case with a dot", "[domain-name:value = 'Evil.Example.']", evil, notTheName),
		r("defanged domain", "[domain-name:value = 'evil[.]example']", evil, notTheName),
		r("domain defanged by (dot)", "[domain-name:value = 'evil(dot)example']", evil, notTheName),
		r("domain defanged by a brace", "[domain-name:value = 'evil{.}example']", evil, notTheName),
		r("domain defanged by a backslash", `[domain-name:value = 'evil\\.example']`, evil, notTheName),
		r("domain with blanks", "[domain-name:value = ' evil.example ']", evil, notTheName),
		r("domain as a URL", "[domain-name:value = 'http://evil.example/']", "dns.question.name=evil.example", notTheName),
		r("domain with a port", "[domain-name:value = 'evil.example:8443']", "destination.domain=evil.example ; destination.port=8443", notTheName),
		r("international name", "[domain-name:value = 'bücher.example']", "dns.question.name=xn--bcher-kva.example\nurl.domain=bücher.example", "dns.question.name=bucher.example"),
		r("international name in ASCII", "[domain-name:value = 'xn--bcher-kva.example']", "dns.question.name=xn--bcher-kva.example\nurl.domain=bücher.example", "dns.question.name=bucher.example"),
		r("international name in upper case", "[domain-name:value = 'BÜCHER.example']", "dns.question.name=xn--bcher-kva.example", "dns.question.name=bucher.example"),
		r("name with an underscore", "[domain-name:value = '_dmarc.evil.example']", "dns.question.name=_dmarc.evil.example", notTheName),
		r("wild card of a domain", "[domain-name:value = '*.evil.example']", "dns.question.name=a.evil.example", "dns.question.name=other.example"),
		r("subdomains", "[domain-name:value LIKE '%.evil.example']", "dns.question.name=a.evil.example", "dns.question.name=notevil.example"),
		r("domain by expression", `[domain-name:value MATCHES '^[a-z]{5}\\.evil\\.example$']`, "dns.question.name=abcde.evil.example", "dns.question.name=abcd.evil.example"),
		r("domain and its address", "[domain-name:value = 'evil.example' AND domain-name:resolves_to_refs[*].value = '203.0.113.9']", "dns.question.name=evil.example ; dns.resolved_ip=203.0.113.9", "dns.question.name=evil.example ; dns.resolved_ip=203.0.113.10"),
		r("domain or its address", "[domain-name:value = 'evil.example' OR ipv4-addr:value = '203.0.113.9']", "dns.question.name=evil.example\ndestination.ip=203.0.113.9", notTheName),
		r("list of domains", "[domain-name:value IN ('evil.example', 'evil2.example')]", "dns.question.name=evil.example\nurl.domain=evil2.example", notTheName),
		r("list of forty", manyNames(40), "dns.question.name=d0.example\nurl.domain=d39.example", "dns.question.name=d40.example"),
		r("list of two hundred", manyNames(200), "dns.question.name=d0.example\nurl.domain=d199.example", "dns.question.name=d200.example"),
		r("hostname of the platform", "[hostname:value = 'srv1.evil.example']", "host.name=srv1.evil.example\ndns.question.name=srv1.evil.example", "host.name=srv2.evil.example"),
		r("short hostname", "[hostname:value = 'EVIL-PC']", "host.name=evil-pc", "host.name=evil-pc2"),
		r("DNS request", "[network-traffic:extensions.'dns-ext'.question.name_ref.value = 'evil.example']", "dns.question.name=evil.example", notTheName),
		m("sender", "[email-message:from_ref.value = 'a@evil.example']", sender, "email.from.address=b@evil.example\nemail.to.address=a@evil.example"),
		m("sender with a name", "[email-message:from_ref.value = 'Alice <a@evil.example>']", sender, "email.from.address=b@evil.example"),
		m("sender in upper case", "[email-message:from_ref.value = 'A@Evil.Example']", sender, "email.from.address=b@evil.example"),
		m("sender behind sender_ref", "[email-message:sender_ref.value = 'a@evil.example']", "email.sender.address=a@evil.example", "email.sender.address=b@evil.example"),
		m("address", "[email-addr:value = 'a@evil.example']", sender+"\nemail.to.address=a@evil.example", "email.from.address=b@evil.example"),
		m("defanged address", "[email-addr:value = 'a[at]evil[.]example']", sender, "email.from.address=b@evil.example"),
		m("address as mailto", "[email-addr:value = 'mailto:a@evil.example']", sender, "email.from.address=b@evil.example"),
		m("recipient", "[email-message:to_refs[*].value = 'a@evil.example']", "email.to.address=a@evil.example", "email.to.address=b@evil.example"),
		m("subject", "[email-message:subject = 'Invoice 4711']", "email.subject=Invoice 4711", "email.subject=Invoice 4712"),
		m("subject and sender", "[email-message:subject = 'Invoice 4711' AND email-message:from_ref.value = 'a@evil.example']", sender+" ; email.subject=Invoice 4711", sender+" ; email.subject=Hi"),
		m("sender and display name", "[email-message:from_ref.value = 'a@evil.example' AND email-message:from_ref.display_name = 'Bob']", sender, "email.from.address=b@evil.example"),
		m("reply-to", "[email-message:additional_header_fields.'Reply-To' = 'a@evil.example']", "email.reply_to.address=a@evil.example", "email.reply_to.address=b@evil.example"),
		m("agent of mail", "[email-message:additional_header_fields.'X-Mailer' = 'Evil 1']", "email.x_mailer=Evil 1", "email.x_mailer=Evil 2"),
		m("attachment", "[email-message:body_multipart[*].body_raw_ref.name = 'inv.exe']", "email.attachments.file.name=inv.exe", "email.attachments.file.name=inv.pdf"),
		m("message id", "[email-message:message_id = '<1@evil.example>']", "email.message_id=<1@evil.example>", "email.message_id=<2@evil.example>"),
	}
}
