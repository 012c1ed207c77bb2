package pattern

// kind is the kind of a token.
type kind uint8

const (
	tokEnd     kind = iota // the end of the text
	tokInvalid             // nothing that the language knows; scanner.fault says why
	tokName                // an identifier without a hyphen
	tokHyphenName
	tokInteger
	tokFloat
	tokText
	tokHex
	tokBinary
	tokTimestamp
	tokEqual
	tokNotEqual
	tokLess
	tokLessOrEqual
	tokGreater
	tokGreaterOrEqual
	tokColon
	tokDot
	tokComma
	tokLeftParen
	tokRightParen
	tokLeftBracket
	tokRightBracket
	tokAsterisk
	// The keywords, firstKeyword to the last kind.
	kwTrue
	kwFalse
	kwAnd
	kwOr
	kwNot
	kwFollowedBy
	kwLike
	kwMatches
	kwIsSuperset
	kwIsSubset
	kwExists
	kwLast
	kwIn
	kwStart
	kwStop
	kwSeconds
	kwWithin
	kwRepeats
	kwTimes
)

const firstKeyword = kwTrue

// keyword tells which keyword s is; name if none. STIX 2.0 has no EXISTS.
func keyword(s string, v20 bool) kind {
	switch s {
	case "AND":
		return kwAnd
	case "OR":
		return kwOr
	case "NOT":
		return kwNot
	case "FOLLOWEDBY":
		return kwFollowedBy
	case "LIKE":
		return kwLike
	case "MATCHES":
		return kwMatches
	case "ISSUPERSET":
		return kwIsSuperset
	case "ISSUBSET":
		return kwIsSubset
	case "EXISTS":
		if v20 {
			return tokName
		}
		return kwExists
	case "LAST":
		return kwLast
	case "IN":
		return kwIn
	case "START":
		return kwStart
	case "STOP":
		return kwStop
	case "SECONDS":
		return kwSeconds
	case "WITHIN":
		return kwWithin
	case "REPEATS":
		return kwRepeats
	case "TIMES":
		return kwTimes
	case "true":
		return kwTrue
	case "false":
		return kwFalse
	}
	return tokName
}
