package ecs

import (
	"errors"
	"strconv"
	"strings"
)

// Kind is a kind of value that patterns compare with and events carry.
type Kind uint8

// The kinds of value.
const (
	AddressValue Kind = iota + 1 // an IP address
	BlockValue                   // a block of IP addresses, or one address
	DomainValue                  // the name of a host or domain
	URLValue
	EmailValue     // an e-mail address
	HashValue      // a hash in hexadecimal, or SSDEEP
	TLSHValue      // a similarity hash, which has spellings of its own
	PathValue      // the path of a file
	DirectoryValue // the path of a directory
	RegistryValue  // a key of Windows' registry
	MACValue       // a MAC address
	SystemValue    // the number of an autonomous system
	SerialValue    // a certificate's serial number
	UserValue      // the name of a user, without a domain
)

// Spellings is a value as events carry it.
type Spellings struct {
	// Canonical is the spelling that documents hold, and most events.
	Canonical string
	// Others is the other spellings that events carry; most values have none.
	Others []string
}

// Normalise returns a value as events carry it, however people have written it: without
// blanks around it, without what keeps people from following it (evil[.]example, hxxp://),
// and in the letter case and form of its kind. The error says why the text is no such value.
//
// A canonical value is its own canonical value.
func (k Kind) Normalise(s string) (Spellings, error) {
	switch k {
	case AddressValue, BlockValue:
		return normalAddress(k, s)
	case DomainValue:
		return normalDomain(s)
	case URLValue:
		return normalURL(s)
	case EmailValue:
		return normalEmail(s)
	case HashValue:
		return oneSpelling(hashText(s), "no hash")
	case TLSHValue:
		return normalTLSH(s)
	case PathValue:
		return oneSpelling(pathText(s), "no path")
	case DirectoryValue:
		return normalDirectory(s)
	case RegistryValue:
		return oneSpelling(keyText(s), "no key")
	case MACValue:
		return oneSpelling(macText(strings.TrimSpace(s)), "no MAC address")
	case SystemValue:
		return normalSystem(s)
	case SerialValue:
		return oneSpelling(serialNumber(strings.TrimSpace(s)), "not hexadecimal")
	case UserValue:
		return oneSpelling(strings.TrimSpace(s), "no name")
	}
	return Spellings{}, errors.New("unknown kind of value")
}

func oneSpelling(s, otherwise string) (Spellings, error) {
	if s == "" {
		return Spellings{}, errors.New(otherwise)
	}
	return Spellings{Canonical: s}, nil
}

func normalAddress(k Kind, s string) (Spellings, error) {
	switch address, block := parseAddress(s); {
	case address != "":
		return Spellings{Canonical: address}, nil
	case block != "" && k == BlockValue:
		return Spellings{Canonical: block}, nil
	}
	return Spellings{}, errors.New("not an IP address")
}

func normalDomain(s string) (Spellings, error) {
	name, reason := domainName(s)
	if reason != "" {
		return Spellings{}, errors.New(reason)
	}
	n := Spellings{Canonical: name}
	if readable := unicodeName(name); readable != "" {
		n.Others = []string{readable}
	}
	return n, nil
}

// normalEmail takes an address out of "Name <a@b.example>" and "mailto:a@b.example". Letter case
// counts on its left side for the receiver only, so that events have it as written or lower.
func normalEmail(s string) (Spellings, error) {
	s = strings.TrimSpace(s)
	if open := strings.LastIndexByte(s, '<'); open >= 0 && strings.HasSuffix(s, ">") {
		s = s[open+1 : len(s)-1]
	}
	if len(s) > len("mailto:") && strings.EqualFold(s[:len("mailto:")], "mailto:") {
		s = s[len("mailto:"):]
	}
	s = refang(s)
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || len(s) > 1024 || strings.ContainsAny(s, " \t\r\n\x00<>") {
		return Spellings{}, errors.New("not an e-mail address")
	}
	local, host := s[:at], s[at+1:]
	n := Spellings{}
	if name, reason := domainName(host); reason == "" {
		if host != name && strings.EqualFold(host, name) {
			n.Others = add(n.Others, s)
		}
		if readable := unicodeName(name); readable != "" {
			n.Others = add(n.Others, local+"@"+readable)
		}
		host = name
	}
	if n.Canonical = s; host != s[at+1:] {
		n.Canonical = local + "@" + host
	}
	if lower := strings.ToLower(n.Canonical); lower != n.Canonical {
		n.Others = add(n.Others, lower)
	}
	return n, nil
}

// normalTLSH: since version 4 of TLSH "T1" stands before the digits, which are upper case. Not all tools follow.
func normalTLSH(s string) (Spellings, error) {
	digits := strings.ToUpper(strings.TrimSpace(s))
	digits = strings.TrimPrefix(digits, "T1")
	if digits == "" || len(digits) > 256 || !isHex(strings.ToLower(digits)) {
		return Spellings{}, errors.New("no hash of TLSH")
	}
	lower := strings.ToLower(digits)
	n := Spellings{Canonical: "T1" + digits, Others: []string{digits, "t1" + lower}}
	n.Others = add(n.Others, lower)
	return n, nil
}

// normalSystem reads 64512, AS64512 and ASN 64512.
func normalSystem(s string) (Spellings, error) {
	digits := strings.ToUpper(strings.TrimSpace(s))
	digits = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(digits, "AS"), "N"))
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return Spellings{}, errors.New("no number of an autonomous system")
	}
	if own := strconv.FormatUint(n, 10); own != s {
		s = own
	}
	return Spellings{Canonical: s}, nil
}
