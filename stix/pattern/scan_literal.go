package pattern

// literal reads t'…', h'…' or b'…'. What does not fit is no literal at all in the
// grammar, and can't stand anywhere: it is invalid here, with the reason.
func (s *scanner) literal(prefix byte) {
	from := s.start + 2
	to := from
	for to < len(s.text) && s.text[to] != '\'' {
		to++
	}
	if to == len(s.text) {
		s.fail(to-s.start, s.start, "the literal is not closed: a quote (') is missing")
		return
	}
	body := s.text[from:to]
	n := to + 1 - s.start
	switch prefix {
	case 't':
		if i := badTimestamp(body); i >= 0 {
			s.fail(n, from+i, "not a timestamp: want t'2026-11-23T15:12:20Z', with a fraction of seconds if needed")
			return
		}
		s.set(tokTimestamp, n)
	case 'h':
		if i := badHex(body); i >= 0 {
			s.fail(n, from+i, "not hexadecimal: want pairs of the digits 0-9 and a-f, h'00ff'")
			return
		}
		s.set(tokHex, n)
	case 'b':
		if i := badBase64(body); i >= 0 {
			s.fail(n, from+i, "not base64: want groups of four characters, b'AP8='; none at all is not allowed")
			return
		}
		s.set(tokBinary, n)
	}
}

// badHex is the offset of what is wrong in hexadecimal digits; -1 if nothing.
func badHex(b string) int {
	for i := range len(b) {
		if !isDigit(b[i]) && b[i]|0x20-'a' >= 6 {
			return i
		}
	}
	if len(b)%2 != 0 {
		return len(b)
	}
	return -1
}

// badBase64 is the offset of what is wrong in base64; -1 if nothing. The grammar
// wants one group at least, and does not ask for unused bits to be zero.
func badBase64(b string) int {
	digits := len(b)
	for digits > 0 && digits > len(b)-2 && b[digits-1] == '=' {
		digits--
	}
	for i := range digits {
		if c := b[i]; c|0x20-'a' >= 26 && !isDigit(c) && c != '+' && c != '/' {
			return i
		}
	}
	if len(b) == 0 || len(b)%4 != 0 {
		return len(b)
	}
	return -1
}

// timestampForm is a timestamp without fraction: a digit stands for the greatest
// one that is allowed in its place, before two-digit bounds are looked at.
const timestampForm = "9999-19-39T29:59:69"

// badTimestamp is the offset of what is wrong in a timestamp; -1 if nothing. The
// grammar bounds each field by itself: the 31st of February passes, second 60 too.
func badTimestamp(b string) int {
	for i := range len(timestampForm) {
		f := timestampForm[i]
		if i >= len(b) || (isDigit(f) && (!isDigit(b[i]) || b[i] > f)) || (!isDigit(f) && b[i] != f) {
			return min(i, len(b))
		}
	}
	two := func(i int) int { return int(b[i]-'0')*10 + int(b[i+1]-'0') }
	switch {
	case two(5) < 1 || two(5) > 12:
		return 5
	case two(8) < 1 || two(8) > 31:
		return 8
	case two(11) > 23:
		return 11
	case two(17) > 60:
		return 17
	}
	i := len(timestampForm)
	if i < len(b) && b[i] == '.' {
		for i++; i < len(b) && isDigit(b[i]); i++ {
		}
		if i == len(timestampForm)+1 {
			return i
		}
	}
	if i != len(b)-1 || b[i] != 'Z' {
		return min(i, len(b))
	}
	return -1
}
