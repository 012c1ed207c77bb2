package rules

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/opencti-elastic/opencti-elastic/stix/pattern"
)

// guard knows the values that all networks see every day. Managed rules leave them out, and a rule of an
// indicator's own that asks for one is made switched off.
type guard struct {
	blocks  []netip.Prefix
	domains map[string]bool
	hashes  map[string]bool
}

func newGuard(managed Managed) *guard {
	g := &guard{domains: map[string]bool{}, hashes: map[string]bool{}}
	if managed.NoGuard {
		return g
	}
	for _, n := range slices.Concat(guardNetworks(), managed.Networks) {
		g.blocks = append(g.blocks, netip.MustParsePrefix(n))
	}
	for _, d := range slices.Concat(guardDomains(), managed.Domains) {
		g.domains[strings.ToLower(d)] = true
	}
	for _, algorithm := range []string{"md5", "sha1", "sha256", "sha512"} {
		g.hashes[guardHash(algorithm)] = true
	}
	return g
}

const everyones = "local, reserved or shared by everyone"

// innocent says what a value is that all networks see every day, "" for any other.
func (g *guard) innocent(path pattern.ObjectPath, text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if g.hashes[text] && strings.Contains(path.String(), "hashes") {
		return "the hash of the empty file"
	}
	if a, err := netip.ParseAddr(text); err == nil {
		if g.holds(netip.PrefixFrom(a, a.BitLen())) {
			return everyones
		}
		return ""
	}
	if g.domains[site(text)] {
		return "a site that everyone visits"
	}
	return ""
}

// site is the domain that a text names, alone or as the whole of a URL, without www; "" for a URL of a page.
func site(text string) string {
	if strings.Contains(text, "/") {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
			return ""
		}
		text = u.Hostname()
	}
	return strings.TrimPrefix(strings.TrimSuffix(text, "."), "www.")
}

// leastBits4 and leastBits6 are how many bits of an address a block must fix at least, for IPv4 and IPv6.
const leastBits4, leastBits6 = 8, 16

func (g *guard) innocentBlock(block netip.Prefix) string {
	switch {
	case block.Bits() < leastBits4, block.Addr().Is6() && block.Bits() < leastBits6:
		return "holds nearly all addresses"
	case g.holds(block):
		return "is " + everyones
	}
	return ""
}

// holds reports whether one of the guard's blocks holds the whole block.
func (g *guard) holds(block netip.Prefix) bool {
	for _, b := range g.blocks {
		if b.Bits() <= block.Bits() && b.Contains(block.Addr()) {
			return true
		}
	}
	return false
}

// guardNetworks are blocks that no indicator says anything about: private, local,
// reserved, multicast, and the addresses of the large public resolvers.
func guardNetworks() []string {
	return []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
		"192.168.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "fc00::/7", "fe80::/10", "ff00::/8",
		"1.0.0.1/32", "1.1.1.1/32", "8.8.4.4/32", "8.8.8.8/32", "9.9.9.9/32", "149.112.112.112/32", "208.67.220.220/32", "208.67.222.222/32",
	}
}

// guardDomains are sites that everyone visits, and that feeds name by mistake or for a page below them.
func guardDomains() []string {
	return []string{
		"akamaihd.net", "amazon.com", "amazonaws.com", "apple.com", "bing.com", "cloudflare.com", "cloudfront.net", "digicert.com", "facebook.com",
		"github.com", "githubusercontent.com", "google.com", "googleapis.com", "gstatic.com", "icloud.com", "instagram.com", "letsencrypt.org",
		"linkedin.com", "live.com", "microsoft.com", "microsoftonline.com", "mozilla.org", "msn.com", "netflix.com", "office.com", "office365.com",
		"pki.goog", "sectigo.com", "skype.com", "twitter.com", "ubuntu.com", "verisign.com", "whatsapp.com", "wikipedia.org", "windows.com",
		"windowsupdate.com", "x.com", "yahoo.com", "youtube.com", "zoom.us",
	}
}

// guardHash is the hash of the empty file by that algorithm.
func guardHash(algorithm string) string {
	return map[string]string{
		"md5":    "d41d8cd98f00b204e9800998ecf8427e",
		"sha1":   "da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"sha512": "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
	}[algorithm]
}

// notDenied leaves out what a firewall or proxy has refused: nothing came of it.
const notDenied = `not event.type: "denied" and not event.action: "deny" and not event.action: "denied" and not event.action: "block" ` +
	`and not event.action: "blocked" and not event.action: "drop" and not event.action: "dropped"`

// kqlValues writes that the field has one of the values. It spells the alternatives
// out, a form that Kibana's KQL and Elasticsearch's own both take.
func kqlValues(field string, values []string) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = field + ": " + quoteKQL(v)
	}
	return anyOf(parts)
}

// kqlGuarded writes that one of the fields is there and has none of its values. Each field
// has its own guard, since an event can have several: the address of a DNS server, and that which it gave.
func kqlGuarded(fields []string, values func(field string) []string) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = f + ": *"
		if v := values(f); len(v) > 0 {
			parts[i] = "(" + parts[i] + " and not " + kqlValues(f, v) + ")"
		}
	}
	return anyOf(parts)
}

// kqlExists writes that one of the fields is there.
func kqlExists(fields []string) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = f + ": *"
	}
	return anyOf(parts)
}

func anyOf(parts []string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, " or ") + ")"
}

func quoteKQL(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
