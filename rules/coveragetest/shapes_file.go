package coveragetest

const (
	md5Of    = "5eb63bbbe01eeed093cb22bb8f5acdc3"
	sha1Of   = "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"
	sha256Of = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
	sha512Of = "309ecc489c12d6eb4cc40f50c902f2b4d0ed77ee511a7c7a9bcd3ca86d4cd86f989dd35bc5ff499670da34255b45b0cfd830e81f605dcf7dc5542e93ae9cd76f"
	tlshOf   = "AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12CD34EF"
	// Elastic Defend sends SHA-256 alone by default; Sysmon sends those it was told to.
	bySHA256 = "process.hash.sha256=" + sha256Of + "\nfile.hash.sha256=" + sha256Of + "\ndll.hash.sha256=" + sha256Of
	byMD5    = "file.hash.md5=" + md5Of + "\nprocess.hash.md5=" + md5Of + " ; process.hash.sha256=" + sha256Of
	bySHA1   = "file.hash.sha1=" + sha1Of
	notHash  = "file.hash.sha256=0000000000000000000000000000000000000000000000000000000000000001\nfile.name=x.exe\nfile.hash.md5=00000000000000000000000000000001"
)

// fileShapes are files.
func fileShapes() []Shape {
	h := func(name, pattern, events, innocent string) Shape {
		return row("hash", name, pattern, events, innocent)
	}
	f := func(name, pattern, events, innocent string) Shape {
		return row("file", name, pattern, events, innocent)
	}
	const (
		publicly = `file.path=C:\Users\Public\svchost.exe ; file.name=svchost.exe` + "\n" + `process.executable=C:\Users\Public\svchost.exe ; process.name=svchost.exe`
		benign   = `process.executable=C:\Windows\System32\svchost.exe ; process.name=svchost.exe` + "\n" + `file.path=C:\Windows\System32\svchost.exe ; file.name=svchost.exe`
		svchost  = `C:\\Users\\Public\\svchost.exe`
	)
	return []Shape{
		h("MD5", "[file:hashes.MD5 = '"+md5Of+"']", byMD5, notHash),
		h("MD5 in upper case", "[file:hashes.MD5 = '5EB63BBBE01EEED093CB22BB8F5ACDC3']", byMD5, notHash),
		h("MD5 in quotes", "[file:hashes.'MD5' = '"+md5Of+"']", byMD5, notHash),
		h("MD5 in small letters", "[file:hashes.md5 = '"+md5Of+"']", byMD5, notHash),
		h("SHA-1", "[file:hashes.'SHA-1' = '"+sha1Of+"']", bySHA1, notHash),
		h("SHA1 without a dash", "[file:hashes.SHA1 = '"+sha1Of+"']", bySHA1, notHash),
		h("SHA-256", "[file:hashes.'SHA-256' = '"+sha256Of+"']", bySHA256, notHash),
		h("SHA256 without a dash", "[file:hashes.SHA256 = '"+sha256Of+"']", bySHA256, notHash),
		h("SHA-256 in small letters", "[file:hashes.sha256 = '"+sha256Of+"']", bySHA256, notHash),
		h("SHA-256 with blanks", "[file:hashes.'SHA-256' = ' "+sha256Of+" ']", bySHA256, notHash),
		h("SHA-512", "[file:hashes.'SHA-512' = '"+sha512Of+"']", "file.hash.sha512="+sha512Of, notHash),
		h("SSDEEP", "[file:hashes.SSDEEP = '3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C']", "file.hash.ssdeep=3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C", notHash),
		h("TLSH", "[file:hashes.TLSH = 'T1"+tlshOf+"']", "file.hash.tlsh=T1"+tlshOf+"\nfile.hash.tlsh="+tlshOf, notHash),
		h("IMPHASH as a hash", "[file:hashes.IMPHASH = '0123456789abcdef0123456789abcdef']", "file.pe.imphash=0123456789abcdef0123456789abcdef\nprocess.pe.imphash=0123456789abcdef0123456789abcdef", notHash),
		h("IMPHASH of the PE extension", "[file:extensions.'windows-pebinary-ext'.imphash = '0123456789abcdef0123456789abcdef']", "file.pe.imphash=0123456789abcdef0123456789abcdef", notHash),
		h("three hashes of one file", "[file:hashes.MD5 = '"+md5Of+"' AND file:hashes.'SHA-1' = '"+sha1Of+"' AND file:hashes.'SHA-256' = '"+sha256Of+"']", bySHA256+"\n"+byMD5+"\n"+bySHA1, notHash),
		h("hashes by OR", "[file:hashes.MD5 = '"+md5Of+"' OR file:hashes.'SHA-256' = '"+sha256Of+"']", bySHA256+"\n"+byMD5, notHash),
		h("hashes in two observations", "[file:hashes.MD5 = '"+md5Of+"'] OR [file:hashes.'SHA-256' = '"+sha256Of+"']", bySHA256+"\n"+byMD5, notHash),
		h("list of hashes", "[file:hashes.MD5 IN ('"+md5Of+"', '00000000000000000000000000000009')]", byMD5, notHash),
		h("MISP filename|sha256", "[file:name = 'x.exe' AND file:hashes.'SHA-256' = '"+sha256Of+"']", bySHA256, notHash),
		h("MISP filename|md5", "[file:name = 'x.exe' AND file:hashes.MD5 = '"+md5Of+"']", byMD5, notHash),
		h("hash and size", "[file:hashes.MD5 = '"+md5Of+"' AND file:size = 1234]", byMD5, notHash),
		h("hash and type", "[file:hashes.MD5 = '"+md5Of+"' AND file:mime_type = 'application/x-dosexec']", byMD5, notHash),
		h("hash and PE section", "[file:hashes.'SHA-256' = '"+sha256Of+"' AND file:extensions.'windows-pebinary-ext'.sections[*].name = '.text']", bySHA256, notHash),
		h("hash and parent folder", "[file:hashes.'SHA-256' = '"+sha256Of+`' AND file:parent_directory_ref.path = 'C:\\Temp']`, bySHA256, notHash),
		h("two SHA-256 under AND", "[file:hashes.'SHA-256' = '"+sha256Of+"' AND file:hashes.'SHA-256' = '0000000000000000000000000000000000000000000000000000000000000001']", "", bySHA256),
		h("hash and address", "[file:hashes.'SHA-256' = '"+sha256Of+"' AND ipv4-addr:value = '203.0.113.8']", "process.hash.sha256="+sha256Of+" ; destination.ip=203.0.113.8", bySHA256+"\ndestination.ip=203.0.113.8"),
		h("hash of an artifact", "[artifact:hashes.'SHA-256' = '"+sha256Of+"']", "file.hash.sha256="+sha256Of, notHash),
		h("hash of a process's image", "[process:binary_ref.hashes.'SHA-256' = '"+sha256Of+"']", "process.hash.sha256="+sha256Of, notHash),
		h("hash of an image, 2.0", "[process:image_ref.hashes.'SHA-256' = '"+sha256Of+"']", "process.hash.sha256="+sha256Of, notHash),
		f("name", "[file:name = 'evil.exe']", "file.name=evil.exe\nprocess.name=evil.exe", "file.name=evil.exe.txt\nfile.name=notevil.exe"),
		f("name by OR", "[file:name = 'evil.exe' OR file:name = 'evil2.exe']", "file.name=evil.exe\nprocess.name=evil2.exe", "file.name=notevil.exe"),
		f("name with blanks and umlauts", "[file:name = 'Rechnung für Sie.pdf']", "file.name=Rechnung für Sie.pdf", "file.name=Rechnung.pdf"),
		f("name by beginning", "[file:name LIKE 'evil%']", "file.name=evil123.exe", "file.name=devil.exe"),
		f("name by expression", `[file:name MATCHES '^inv[0-9]{4}\\.exe$']`, "file.name=inv1234.exe", "file.name=inv12.exe"),
		f("name with a Windows path", "[file:name = '"+svchost+"']", publicly, benign),
		f("name with a Unix path", "[file:name = '/tmp/.x/evil']", "file.path=/tmp/.x/evil\nprocess.executable=/tmp/.x/evil ; process.name=evil", "file.path=/usr/bin/evil ; file.name=evil"),
		f("name with a share", `[file:name = '\\\\srv\\share\\evil.exe']`, `file.path=\\srv\share\evil.exe`, `file.path=C:\evil.exe ; file.name=evil.exe`),
		f("name with a variable", "[file:name = '%TEMP%\\\\evil.exe']", "", `file.path=C:\evil.exe ; file.name=good.exe`),
		f("path", "[file:path = '/private/var/tmp/evil']", "file.path=/private/var/tmp/evil\nprocess.executable=/private/var/tmp/evil", "file.path=/private/var/tmp/evil2"),
		f("path of the platform", "[file:x_opencti_path = '"+svchost+"']", "", benign),
		f("name and folder", `[file:name = 'svchost.exe' AND file:parent_directory_ref.path = 'C:\\Users\\Public']`, `file.path=C:\Users\Public\svchost.exe ; file.name=svchost.exe ; file.directory=C:\Users\Public`, benign+` ; file.directory=C:\Windows\System32`),
		f("folder", `[directory:path = 'C:\\ProgramData\\Evil']`, `file.directory=C:\ProgramData\Evil ; file.path=C:\ProgramData\Evil\a.exe`, `file.directory=C:\ProgramData`),
		f("folder with a trailing backslash", `[directory:path = 'C:\\ProgramData\\Evil\\']`, `file.directory=C:\ProgramData\Evil ; file.path=C:\ProgramData\Evil\a.exe`, `file.directory=C:\ProgramData`),
		f("parent folder with a trailing backslash", `[file:parent_directory_ref.path = 'C:\\Windows\\Temp\\']`, `file.directory=C:\Windows\Temp`, `file.directory=C:\Windows`),
		f("name and size", "[file:name = 'evil.exe' AND file:size = 1234]", "file.name=evil.exe ; file.size=1234", "file.name=evil.exe ; file.size=1235\nfile.name=other.exe ; file.size=1234"),
		f("large size", "[file:size > 9007199254740993]", "file.size=9007199254740994", "file.size=9007199254740993"),
		f("mime type", "[file:mime_type = 'application/x-evil']", "file.mime_type=application/x-evil", "file.mime_type=application/pdf"),
		f("name in the archive", "[file:extensions.'archive-ext'.contains_refs[*].name = 'evil.exe']", "", "file.name=other.exe"),
		f("OR with what no event shows", "[file:name = 'x.dll' OR NOT EXISTS file:atime]", "file.name=x.dll", "file.name=y.dll"),
		f("OR with an unknown path", "[file:name = 'x.dll' OR file:x_private_thing = 'z']", "file.name=x.dll", "file.name=y.dll"),
		f("PE section alone", "[file:extensions.'windows-pebinary-ext'.sections[*].name = '.evil']", "", "file.name=.evil"),
		f("certificate of an app", "[app:cert.sha256 = '"+sha256Of+"']", "", notHash),
		f("app", "[app:id = 'com.evil.app']", "", "process.name=com.evil.app2"),
		f("configuration profile", "[configuration-profile:id = 'com.evil.profile']", "", "file.name=x"),
	}
}
