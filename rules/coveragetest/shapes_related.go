package coveragetest

import (
	"strconv"
	"strings"
)

// relatedShapes are patterns of several observations.
func relatedShapes() []Shape {
	r := func(name, pattern, events, innocent string) Shape {
		return row("sequence", name, pattern, events, innocent)
	}
	const (
		file = "host.id=h1 ; file.name=x.dll"
		user = "host.id=h1 ; user.name=j"
		net  = "host.id=h1 ; destination.ip=203.0.113.9"
	)
	return []Shape{
		r("followed by", "[user-account:account_login = 'j'] FOLLOWEDBY [file:name = 'x.dll']", user+" >> "+file, user+"\n"+file+"\n"+file+" >> "+user),
		r("followed by, within", "([user-account:account_login = 'j'] FOLLOWEDBY [file:name = 'x.dll']) WITHIN 300 SECONDS", user+" >> "+file, file+" >> "+user),
		r("followed by an OR", "[user-account:account_login = 'j'] FOLLOWEDBY [file:name = 'x.dll' OR NOT EXISTS file:atime]", user+" >> "+file, user+"\n"+user+" >> host.id=h1 ; file.name=y.dll"),
		r("both", "[user-account:account_login = 'j'] AND [file:name = 'x.dll']", user+" >> "+file+"\n"+file+" >> "+user, user),
		r("both, within", "([ipv4-addr:value = '203.0.113.9'] AND [file:name = 'x.dll']) WITHIN 60 SECONDS", net+" >> "+file, net),
		r("three in order", "[user-account:account_login = 'j'] FOLLOWEDBY [file:name = 'x.dll'] FOLLOWEDBY [ipv4-addr:value = '203.0.113.9']", user+" >> "+file+" >> "+net, user+" >> "+net),
		r("thrice", "[ipv4-addr:value = '203.0.113.9'] REPEATS 3 TIMES", net+" >> "+net+" >> "+net, net+" >> "+net),
		r("thrice, within", "[ipv4-addr:value = '203.0.113.9'] REPEATS 3 TIMES WITHIN 60 SECONDS", net+" >> "+net+" >> "+net, net),
	}
}

// wideShapes match what everyone has; an enabled rule must not be made of them.
func wideShapes() []Shape {
	var out []Shape
	for _, w := range [][3]string{
		{"every address", "[ipv4-addr:value ISSUBSET '0.0.0.0/0']", "destination.ip=198.51.100.1"},
		{"every domain", "[domain-name:value LIKE '%']", "dns.question.name=www.example.com"},
		{"every file", "[file:name MATCHES '.*']", "file.name=a.txt"},
		{"files that have a name", "[EXISTS file:name]", "file.name=a.txt"},
		{"all addresses but one", "[ipv4-addr:value != '203.0.113.1']", "destination.ip=198.51.100.1"},
		{"loopback", "[ipv4-addr:value = '127.0.0.1']", "destination.ip=127.0.0.1"},
		{"public resolver", "[ipv4-addr:value = '8.8.8.8']", "destination.ip=8.8.8.8"},
		{"empty file", "[file:hashes.'SHA-256' = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']", "file.hash.sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	} {
		out = append(out, row("everything", w[0], w[1], "", w[2]))
	}
	return out
}

// manyNames is a list of so many domains.
func manyNames(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = "'d" + strconv.Itoa(i) + ".example'"
	}
	return "[domain-name:value IN (" + strings.Join(names, ",") + ")]"
}
