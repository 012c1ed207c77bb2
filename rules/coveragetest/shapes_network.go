package coveragetest

const (
	toPeer   = "destination.ip=203.0.113.9 ; destination.port=443"
	fromPeer = "source.ip=203.0.113.9 ; source.port=51000"
	toOther  = "destination.ip=203.0.113.10 ; destination.port=443\nsource.ip=203.0.113.90"
	toPeer6  = "destination.ip=2001:db8::77 ; destination.port=443"
	either   = toPeer + "\n" + fromPeer
)

// networkShapes are addresses and traffic.
func networkShapes() []Shape {
	r := func(name, pattern, events, innocent string) Shape {
		return row("address", name, pattern, events, innocent)
	}
	return []Shape{
		r("address", "[ipv4-addr:value = '203.0.113.9']", either+"\ndns.resolved_ip=203.0.113.9 ; dns.question.name=a.example", toOther),
		r("address, v6", "[ipv6-addr:value = '2001:db8::77']", toPeer6, "destination.ip=2001:db8::78"),
		r("address, v6 written out", "[ipv6-addr:value = '2001:0DB8:0:0:0:0:0:77']", toPeer6, "destination.ip=2001:db8::7"),
		r("address, v6 in brackets", "[ipv6-addr:value = '[2001:db8::77]']", toPeer6, "destination.ip=2001:db8::7"),
		r("defanged address", "[ipv4-addr:value = '203.0.113[.]7']", "destination.ip=203.0.113.7", toOther),
		r("wholly defanged address", "[ipv4-addr:value = '203[.]0[.]113[.]7']", "destination.ip=203.0.113.7", toOther),
		r("defanged by words", "[ipv4-addr:value = '203[dot]0[dot]113[dot]7']", "destination.ip=203.0.113.7", toOther),
		r("address with blanks", "[ipv4-addr:value = ' 203.0.113.9 ']", toPeer, toOther),
		r("address with a line end", "[ipv4-addr:value = '203.0.113.9\n']", toPeer, toOther),
		r("host block", "[ipv4-addr:value = '203.0.113.9/32']", either, toOther),
		r("host block, v6", "[ipv6-addr:value = '2001:db8::77/128']", toPeer6, "destination.ip=2001:db8::78"),
		r("block", "[ipv4-addr:value = '198.51.100.0/24']", "destination.ip=198.51.100.77\nsource.ip=198.51.100.1", toOther),
		r("block, v6", "[ipv6-addr:value = '2001:db8:5::/48']", "destination.ip=2001:db8:5::1", "destination.ip=2001:db8:6::1"),
		r("subset", "[ipv4-addr:value ISSUBSET '198.51.100.0/24']", "destination.ip=198.51.100.77", toOther),
		r("address and port", "[ipv4-addr:value = '203.0.113.9:8080']", "destination.ip=203.0.113.9 ; destination.port=8080", toOther+"\ndestination.ip=203.0.113.9 ; destination.port=22"),
		r("list of addresses", "[ipv4-addr:value IN ('203.0.113.9', '203.0.113.11')]", toPeer+"\ndestination.ip=203.0.113.11", toOther),
		r("addresses by OR", "[ipv4-addr:value = '203.0.113.9' OR ipv4-addr:value = '203.0.113.11']", toPeer+"\ndestination.ip=203.0.113.11", toOther),
		r("observations by OR", "[ipv4-addr:value = '203.0.113.9'] OR [ipv6-addr:value = '2001:db8::77']", toPeer+"\n"+toPeer6, toOther),
		r("address under the other version", "[ipv4-addr:value = '2001:db8::77']", toPeer6, "destination.ip=2001:db8::78"),
		r("WITHIN of one", "[ipv4-addr:value = '203.0.113.9'] WITHIN 60 SECONDS", toPeer, toOther),
		r("REPEATS once", "[ipv4-addr:value = '203.0.113.9'] REPEATS 1 TIMES", toPeer, toOther),
		r("NOT unequal", "[ipv4-addr:value NOT != '203.0.113.9']", toPeer, toOther),
		r("in parentheses", "([ipv4-addr:value = '203.0.113.9'])", toPeer, toOther),
		r("in parentheses within", "[(ipv4-addr:value = '203.0.113.9')]", toPeer, toOther),
		r("without blanks", "[ipv4-addr:value='203.0.113.9']", toPeer, toOther),
		r("MISP ip-dst", "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.9']", toPeer, toOther+"\ndestination.domain=ipv4-addr"),
		r("MISP ip-src", "[network-traffic:src_ref.type = 'ipv4-addr' AND network-traffic:src_ref.value = '203.0.113.9']", fromPeer, toOther),
		r("MISP ip-dst, v6", "[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '2001:db8::77']", toPeer6, toOther),
		r("MISP ip-src, v6", "[network-traffic:src_ref.type = 'ipv6-addr' AND network-traffic:src_ref.value = '2001:db8::77']", "source.ip=2001:db8::77", toOther),
		r("MISP ip-dst|port as text", "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = '443']", toPeer, toOther+"\ndestination.ip=203.0.113.9 ; destination.port=80"),
		r("MISP ip-dst|port", "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = 443]", toPeer, "destination.ip=203.0.113.9 ; destination.port=80"),
		r("MISP ip-src|port", "[network-traffic:src_ref.type = 'ipv4-addr' AND network-traffic:src_ref.value = '203.0.113.9' AND network-traffic:src_port = 51000]", fromPeer, "source.ip=203.0.113.9 ; source.port=80"),
		r("MISP ip-port with protocol", "[network-traffic:protocols[0] = 'tcp' AND network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.9']", toPeer+" ; network.transport=tcp", toOther),
		r("MISP hostname|port", "[domain-name:value = 'guard.example.net' AND network-traffic:dst_port = 8443]", "destination.domain=guard.example.net ; destination.port=8443", "destination.domain=guard.example.net ; destination.port=80"),
		r("guard by IN", "[network-traffic:dst_ref.type IN ('ipv4-addr','ipv6-addr') AND network-traffic:dst_ref.value = '203.0.113.203']", "destination.ip=203.0.113.203", toOther),
		r("guard behind the value", "[network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_ref.type = 'ipv4-addr']", toPeer, toOther),
		r("guard in parentheses", "[(network-traffic:dst_ref.type = 'ipv4-addr') AND (network-traffic:dst_ref.value = '203.0.113.9')]", toPeer, toOther),
		r("guard and a list", "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value IN ('203.0.113.9','203.0.113.11')]", toPeer+"\ndestination.ip=203.0.113.11", toOther),
		r("guard of a domain", "[network-traffic:dst_ref.type = 'domain-name' AND network-traffic:dst_ref.value = 'guard.example.net']", "destination.domain=guard.example.net", "destination.domain=domain-name\ndestination.domain=x.guard.example.net"),
		r("guard that contradicts", "[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '203.0.113.204']", "", "destination.ip=203.0.113.204"),
		r("guards by OR", "[(network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.9') OR (network-traffic:src_ref.type = 'ipv4-addr' AND network-traffic:src_ref.value = '203.0.113.9')]", either, toOther),
		r("bare destination", "[network-traffic:dst_ref.value = '198.51.100.9']", "destination.ip=198.51.100.9", toOther),
		r("bare source", "[network-traffic:src_ref.value = '198.51.100.9']", "source.ip=198.51.100.9", toOther),
		r("bare destination, a name", "[network-traffic:dst_ref.value = 'guard.example.net']", "destination.domain=guard.example.net", "destination.domain=a.guard.example.net"),
		r("destination and port", "[network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = 443]", toPeer, "destination.ip=203.0.113.9 ; destination.port=80"),
		r("address and port by objects", "[ipv4-addr:value = '203.0.113.9' AND network-traffic:dst_port = 443]", toPeer, "destination.ip=203.0.113.9 ; destination.port=80"),
		r("source and destination", "[network-traffic:src_ref.value = '203.0.113.9' AND network-traffic:dst_ref.value = '198.51.100.9']", "source.ip=203.0.113.9 ; destination.ip=198.51.100.9", fromPeer),
		r("HTTP agent", "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'evil/1.0']", "user_agent.original=evil/1.0", "user_agent.original=evil/1.1"),
		r("user agent of the platform", "[user-agent:value = 'evil/1.0']", "user_agent.original=evil/1.0", "user_agent.original=evil/1.1"),
		r("MAC address", "[mac-addr:value = '00:00:5e:00:53:af']", "source.mac=00-00-5E-00-53-AF\nhost.mac=00-00-5E-00-53-AF", "source.mac=00-00-5E-00-53-AE"),
		r("MAC address with dashes", "[mac-addr:value = '00-00-5E-00-53-AF']", "source.mac=00-00-5E-00-53-AF", "source.mac=00-00-5E-00-53-AE"),
		r("MAC address of Cisco", "[mac-addr:value = '0000.5e00.53af']", "source.mac=00-00-5E-00-53-AF", "source.mac=00-00-5E-00-53-AE"),
		r("AS number", "[autonomous-system:number = 64512]", "destination.as.number=64512", "destination.as.number=64513"),
		r("AS number as text", "[autonomous-system:number = '64512']", "destination.as.number=64512", "destination.as.number=64513"),
		r("AS number with AS", "[autonomous-system:number = 'AS64512']", "destination.as.number=64512\nsource.as.number=64512", "destination.as.number=64513"),
		r("JA3", "[network-traffic:extensions.'tls-ext'.ja3 = 'e7d705a3286e19ea42f587b344ee6865']", "", "tls.client.ja3=e7d705a3286e19ea42f587b344ee6866"),
	}
}
