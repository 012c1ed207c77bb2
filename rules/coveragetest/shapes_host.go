package coveragetest

// hostShapes are what happens on a host: keys, processes, accounts, certificates.
func hostShapes() []Shape {
	k := func(name, pattern, events, innocent string) Shape {
		return row("registry", name, pattern, events, innocent)
	}
	p := func(name, pattern, events, innocent string) Shape {
		return row("process", name, pattern, events, innocent)
	}
	u := func(name, pattern, events, innocent string) Shape {
		return row("account", name, pattern, events, innocent)
	}
	x := func(name, pattern, events, innocent string) Shape {
		return row("certificate", name, pattern, events, innocent)
	}
	const (
		run    = `registry.hive=HKLM ; registry.key=Software\Evil ; registry.path=HKLM\Software\Evil`
		runVal = `registry.hive=HKLM ; registry.key=Software\Evil ; registry.path=HKLM\Software\Evil\Start ; registry.value=Start`
		notRun = `registry.hive=HKLM ; registry.key=Software\Good ; registry.path=HKLM\Software\Good` + "\n" + `registry.hive=HKEY_USERS ; registry.key=Software\Evil ; registry.path=HKEY_USERS\Software\Evil`
		serial = "tls.server.x509.serial_number=4C0B1D19"
	)
	return []Shape{
		k("key", `[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\Software\\Evil']`, run, notRun),
		k("key with the short hive", `[windows-registry-key:key = 'HKLM\\Software\\Evil']`, run, notRun),
		k("key with a trailing backslash", `[windows-registry-key:key = 'HKLM\\Software\\Evil\\']`, run, notRun),
		k("key of the kernel", `[windows-registry-key:key = '\\REGISTRY\\MACHINE\\Software\\Evil']`, run, notRun),
		k("key of PowerShell", `[windows-registry-key:key = 'Registry::HKEY_LOCAL_MACHINE\\Software\\Evil']`, run, notRun),
		k("key of a PowerShell drive", `[windows-registry-key:key = 'HKLM:\\Software\\Evil']`, run, notRun),
		k("key and value name", `[windows-registry-key:key = 'HKLM\\Software\\Evil' AND windows-registry-key:values[*].name = 'Start']`, runVal, notRun),
		k("key and data", `[windows-registry-key:key = 'HKLM\\Software\\Evil' AND windows-registry-key:values[*].data = 'evil.exe']`, run+" ; registry.data.strings=evil.exe", notRun+"\n"+run+" ; registry.data.strings=good.exe"),
		k("data", `[windows-registry-key:values[*].data = 'evil.exe']`, "registry.data.strings=evil.exe", "registry.data.strings=good.exe"),
		k("keys below", `[windows-registry-key:key LIKE 'HKLM\\Software\\Evil\\%']`, `registry.hive=HKLM ; registry.key=Software\Evil\A ; registry.path=HKLM\Software\Evil\A`, notRun),
		p("name", "[process:name = 'evil.exe']", "process.name=evil.exe", "process.name=evil2.exe"),
		p("command line", `[process:command_line = 'evil.exe -a "b c"']`, `process.command_line=evil.exe -a "b c"`, "process.command_line=evil.exe"),
		p("part of a command line", "[process:command_line LIKE '%-enc JAB%']", "process.command_line=powershell -enc JABx", "process.command_line=powershell -e x"),
		p("name of the image", "[process:image_ref.name = 'evil.exe']", "process.name=evil.exe", "process.name=evil2.exe"),
		p("parent", "[process:name = 'cmd.exe' AND process:parent_ref.name = 'evil.exe']", "process.name=cmd.exe ; process.parent.name=evil.exe", "process.name=cmd.exe ; process.parent.name=explorer.exe"),
		p("name and command line", "[process:name = 'cmd.exe' AND process:command_line = 'cmd /c evil']", "process.name=cmd.exe ; process.command_line=cmd /c evil", "process.name=cmd.exe ; process.command_line=cmd"),
		p("working folder", `[process:cwd = 'C:\\Evil']`, `process.working_directory=C:\Evil`, `process.working_directory=C:\Good`),
		p("mutex", "[mutex:name = 'Global\\\\Evil']", "", "process.name=Evil"),
		p("software", "[software:name = 'Evil' AND software:version = '1.0']", "", "process.name=Good"),
		p("service", "[process:extensions.'windows-service-ext'.service_name = 'EvilSvc']", "service.name=EvilSvc", "service.name=GoodSvc"),
		u("login", "[user-account:account_login = 'mallory']", "user.name=mallory", "user.name=mallory2"),
		u("misspelt login", "[user-account:acount_login = 'mallory']", "user.name=mallory", "user.name=mallory2"),
		u("login with a domain", `[user-account:account_login = 'CORP\\bob']`, "user.name=bob ; user.domain=CORP", "user.name=bob ; user.domain=OTHER\nuser.name=CORP"),
		u("login at a domain", "[user-account:account_login = 'bob@corp']", "user.name=bob ; user.domain=corp", "user.name=bob ; user.domain=other"),
		u("user id", "[user-account:user_id = 'S-1-5-21-1-2-3-1001']", "user.id=S-1-5-21-1-2-3-1001", "user.id=S-1-5-21-1-2-3-1002"),
		u("login and type", "[user-account:account_login = 'mallory' AND user-account:account_type = 'unix']", "user.name=mallory", "user.name=bob"),
		u("display name", "[user-account:display_name = 'Mallory M']", "user.full_name=Mallory M", "user.full_name=Mallory N"),
		u("credential", "[credential:value = 'not-a-real-one']", "", "user.name=not-a-real-one"),
		x("serial", "[x509-certificate:serial_number = '4c:0b:1d:19']", serial, "tls.server.x509.serial_number=4C0B1D20"),
		x("serial without colons", "[x509-certificate:serial_number = '4C0B1D19']", serial, "tls.server.x509.serial_number=4C0B1D20"),
		x("issuer and serial", "[x509-certificate:issuer = 'CN=A' AND x509-certificate:serial_number = '4c:0b:1d:19']", serial+" ; tls.server.x509.issuer.distinguished_name=CN=A", serial+" ; tls.server.x509.issuer.distinguished_name=CN=B"),
		x("issuer", "[x509-certificate:issuer = 'C=GB, O=Acme Limited, CN=Acme CA']", "tls.server.x509.issuer.distinguished_name=C=GB, O=Acme Limited, CN=Acme CA", "tls.server.x509.issuer.distinguished_name=C=GB, O=Acme Limited, CN=Other CA"),
		x("subject", "[x509-certificate:subject = 'CN=evil.example']", "tls.server.x509.subject.distinguished_name=CN=evil.example", "tls.server.x509.subject.distinguished_name=CN=good.example"),
		x("by value", "[x509-certificate:value = '"+sha1Of+"']", "tls.server.hash.sha1=2AAE6C35C94FCFB415DBE95F408B9CE91EE846ED", "tls.server.hash.sha1=2AAE6C35C94FCFB415DBE95F408B9CE91EE846EE"),
		x("SHA-1", "[x509-certificate:hashes.'SHA-1' = '"+sha1Of+"']", "tls.server.hash.sha1=2AAE6C35C94FCFB415DBE95F408B9CE91EE846ED", "tls.server.hash.sha1=2AAE6C35C94FCFB415DBE95F408B9CE91EE846EE"),
		x("SHA-256", "[x509-certificate:hashes.'SHA-256' = '"+sha256Of+"']", "tls.server.hash.sha256=B94D27B9934D3E08A52E52D7DA7DABFAC484EFE37A5380EE9088F7ACE2EFCDE9", notHash),
		row("other", "wallet", "[cryptocurrency-wallet:value = '1BoatSLRHtKNngkdXEeobR76b53LETtpyT']", "", "user.name=x"),
		row("other", "phone", "[phone-number:value = '+15550100']", "", "user.name=x"),
		row("other", "text", "[text:value = 'evil']", "", "user.name=evil"),
		row("other", "unknown object", "[x-evil:thing = 'a']", "", "user.name=a"),
	}
}
