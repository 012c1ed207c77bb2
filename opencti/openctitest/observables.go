package openctitest

import "strconv"

// observableKind is one type of observable.
type observableKind struct {
	stixType, entityType string
	// weight is how common it is.
	weight int
	// own is true when it is OpenCTI's own type, which has everything at the root.
	own  bool
	make func(g *generator, root map[string]any)
}

func value(name string, f func(*generator) string) func(*generator, map[string]any) {
	return func(g *generator, root map[string]any) { root[name] = f(g) }
}

func texts(pairs ...any) func(*generator, map[string]any) {
	return func(g *generator, root map[string]any) {
		for i := 0; i < len(pairs); i += 2 {
			root[pairs[i].(string)] = pairs[i+1].(func(*generator) string)(g)
		}
	}
}

func fixed(s string) func(*generator) string { return func(*generator) string { return s } }

func digits(n int) func(*generator) string {
	return func(g *generator) string { return g.digits(n) }
}

func hex(n int) func(*generator) string { return func(g *generator) string { return g.hex(n) } }

// observableKinds are all types of observable, the common ones more often.
var observableKinds = []observableKind{
	{"ipv4-addr", "IPv4-Addr", 20, false, value("value", (*generator).ipv4)},
	{"ipv4-addr", "IPv4-Addr", 1, false, value("value", func(g *generator) string { return g.ipv4() + "/24" })},
	{"ipv6-addr", "IPv6-Addr", 5, false, value("value", (*generator).ipv6)},
	{"domain-name", "Domain-Name", 15, false, value("value", (*generator).domain)},
	{"url", "Url", 12, false, value("value", (*generator).url)},
	{"file", "StixFile", 20, false, file},
	{"email-addr", "Email-Addr", 4, false, emailAddress},
	{"email-message", "Email-Message", 1, false, emailMessage},
	{"artifact", "Artifact", 1, false, artifact},
	{"directory", "Directory", 1, false, value("path", func(g *generator) string { return `C:\ProgramData\` + g.word() })},
	{"mac-addr", "Mac-Addr", 1, false, value("value", (*generator).mac)},
	{"mutex", "Mutex", 2, false, value("name", func(g *generator) string { return `Global\` + g.word() })},
	{"network-traffic", "Network-Traffic", 1, false, networkTraffic},
	{"process", "Process", 1, false, process},
	{"software", "Software", 1, false, texts("name", (*generator).word, "vendor", (*generator).word, "version", fixed("2.4.1"), "cpe", fixed("cpe:2.3:a:x:y:2.4.1:*:*:*:*:*:*:*"))},
	{"user-account", "User-Account", 1, false, texts("account_login", (*generator).word, "user_id", digits(4), "display_name", (*generator).word, "account_type", fixed("windows-domain"))},
	{"windows-registry-key", "Windows-Registry-Key", 2, false, registryKey},
	{"x509-certificate", "X509-Certificate", 1, false, certificate},
	{"autonomous-system", "Autonomous-System", 1, false, autonomousSystem},
	{"hostname", "Hostname", 4, true, value("value", (*generator).plain)},
	{"user-agent", "User-Agent", 1, true, value("value", func(g *generator) string { return "Mozilla/5.0 (" + g.word() + ")" })},
	{"text", "Text", 1, true, value("value", (*generator).word)},
	{"cryptographic-key", "Cryptographic-Key", 1, true, value("value", hex(64))},
	{"cryptocurrency-wallet", "Cryptocurrency-Wallet", 1, true, value("value", func(g *generator) string { return "bc1q" + g.hex(38) })},
	{"phone-number", "Phone-Number", 1, true, value("value", func(g *generator) string { return "+33" + g.digits(9) })},
	{"bank-account", "Bank-Account", 1, true, texts("iban", func(g *generator) string { return "DE" + g.digits(20) }, "bic", fixed("DEUTDEFF"), "account_number", digits(10))},
	{"payment-card", "Payment-Card", 1, true, texts("card_number", digits(16), "expiration_date", fixed("2031-04-01T00:00:00.000Z"), "holder_name", (*generator).word)},
	{"media-content", "Media-Content", 1, true, texts("title", (*generator).word, "url", (*generator).url, "media_category", fixed("news"))},
	{"credential", "Credential", 1, true, value("value", func(g *generator) string { return "hunter2-" + g.hex(6) })},
	{"tracking-number", "Tracking-Number", 1, true, value("value", digits(12))},
	{"persona", "Persona", 1, true, texts("persona_name", (*generator).word, "persona_type", fixed("handle"))},
	{"imei", "IMEI", 1, true, value("value", digits(15))},
	{"imsi", "IMSI", 1, true, value("value", digits(15))},
	{"iccid", "ICCID", 1, true, value("value", digits(19))},
	{"ssh-key", "SSH-Key", 1, true, texts("fingerprint_sha256", hex(43), "fingerprint_md5", hex(32), "key_type", fixed("ssh-ed25519"))},
}

// observable makes one.
func (g *generator) observable() *thing {
	total := 0
	for _, k := range observableKinds {
		total += k.weight
	}
	n := g.rng.IntN(total)
	for _, k := range observableKinds {
		if n -= k.weight; n < 0 {
			return g.observableOf(k)
		}
	}
	return nil // the weights add up to the total
}

func (g *generator) observableOf(k observableKind) *thing {
	t := g.thing(k.stixType, k.stixType+"--"+g.uuid(), k.entityType)
	delete(t.root, "created")
	delete(t.root, "modified")
	k.make(g, t.root)
	t.sco = map[string]any{"extension_type": "property-extension"}
	place := t.sco
	if k.own {
		t.sco["extension_type"], place = "new-sco", t.root
	}
	g.decorate(t, place)
	if g.rng.IntN(5) > 0 {
		place["score"] = g.rng.IntN(101)
		if k.stixType == "url" {
			t.root["score"] = place["score"]
		}
	}
	return t
}

func file(g *generator, root map[string]any) {
	switch g.rng.IntN(8) {
	case 0:
		root["name"] = g.word() + ".exe"
		return
	case 1, 2, 3:
		root["name"], root["size"], root["mime_type"] = g.word()+".dll", g.rng.IntN(1<<22), "application/x-dosexec"
	}
	root["hashes"] = g.hashes()
}

func emailAddress(g *generator, root map[string]any) {
	root["value"], root["display_name"] = g.plain()+"@"+g.domain(), g.word()
}

func emailMessage(g *generator, root map[string]any) {
	root["subject"], root["body"], root["is_multipart"] = "Invoice "+g.word(), "Please open\r\nthe attachment", false
	root["message_id"], root["date"] = "<"+g.hex(12)+"@"+g.domain()+">", g.date(-1e9)
}

func artifact(g *generator, root map[string]any) {
	root["hashes"], root["mime_type"], root["payload_bin"] = g.hashes(), "application/zip", "UEsDBAoAAAAAAA=="
}

func networkTraffic(g *generator, root map[string]any) {
	root["src_port"], root["dst_port"], root["protocols"] = 1024+g.rng.IntN(60000), 443, []string{"ipv4", "tcp", "tls"}
}

func process(g *generator, root map[string]any) {
	root["pid"], root["command_line"], root["cwd"] = g.rng.IntN(65535), `powershell.exe -enc "`+g.word()+`"`, `C:\Users`
}

func registryKey(g *generator, root map[string]any) {
	root["key"] = `HKEY_LOCAL_MACHINE\Software\Microsoft\Windows\CurrentVersion\Run\` + g.word()
	root["values"] = []any{map[string]any{"name": g.word(), "data": `C:\` + g.word() + ".exe", "data_type": "REG_SZ"}}
}

func certificate(g *generator, root map[string]any) {
	root["hashes"], root["serial_number"] = map[string]any{"SHA-1": g.hex(40), "SHA-256": g.hex(64)}, g.hex(16)
	root["issuer"], root["subject"] = "CN="+g.word()+" CA", "CN="+g.domain()
	root["validity_not_before"], root["validity_not_after"] = "2025-01-01T00:00:00.000Z", "2030-01-01T00:00:00.000Z"
}

func autonomousSystem(g *generator, root map[string]any) {
	n := 1 + g.rng.IntN(400000)
	root["number"], root["name"], root["rir"] = n, "AS"+strconv.Itoa(n)+" "+g.word(), "RIPE"
}
