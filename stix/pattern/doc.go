// Package pattern reads, prints, walks, checks and evaluates patterns of STIX: the
// whole language of STIX 2.1 (section 9 of the standard), and of STIX 2.0 (its part
// 5) on request. Start with [Parse] and [Pattern].
//
//	p, err := pattern.Parse("[ipv4-addr:value = '198.51.100.7']")
//	if err != nil {
//		return err // a *SyntaxError: place, what was found, what was expected
//	}
//	for c := range p.Comparisons() {
//		fmt.Println(c.Path, c.Op, c.Value) // of IN, c.Set
//	}
//
// # What surprises people about the language
//
// A pattern is observation expressions in square brackets, joined by AND, OR and
// FOLLOWEDBY; inside the brackets stand comparisons, joined by AND and OR. The same
// word means two things: [a:x = 1 AND a:y = 2] asks for one object that has both,
// [a:x = 1] AND [a:y = 2] for two different observations.
//
//   - AND binds closer than OR, and OR closer than FOLLOWEDBY.
//   - A qualifier (WITHIN, REPEATS, START STOP) belongs to the one expression before
//     it: [a:x = 1] FOLLOWEDBY [a:y = 2] WITHIN 300 SECONDS bounds only the second,
//     which means nothing. Parentheses around both are what was meant.
//   - Behind the brackets each kind of qualifier may stand once in STIX 2.1, which is
//     in the text of the standard and not in its grammar. Behind parentheses any number may.
//   - NOT stands before the operator only: a:x NOT = 1, and NOT EXISTS a:x. There is no
//     NOT before a path, parentheses or brackets. NOT != is allowed, and is =.
//   - A property that is absent satisfies nothing, neither a:x != 1 nor a:x NOT = 1; only
//     NOT EXISTS a:x asks for its absence.
//   - Of a list, [*] asks for any element: a:x[*] != 1 holds if one of them differs.
//   - Keywords are in upper case, true and false in lower case. A keyword, also LAST
//     which does nothing, is no name without quotes. Object types may have hyphens,
//     property names only in quotes: file:hashes.'SHA-256'.
//   - A text has two escapes, \' and \\. Any other backslash is a fault; a Windows path
//     and a regular expression have all of theirs doubled.
//   - No space is needed where tokens can be told apart: a:x=1AND is a number and AND.
//   - Numbers: 01, 1. and 1e5 are none, but .5, +1, -0 and 007.5 are.
//   - An empty hexadecimal literal is one, an empty base64 literal is none. t'…' bounds
//     each field by itself: the 31st of February passes, month 13 does not. Order
//     operators take every literal but booleans.
//   - IN may have an empty set, and one of mixed kinds.
//   - LIKE is for whole texts with % (any run) and _ (any character), and has no escape;
//     MATCHES searches anywhere in the text. Both are case-sensitive, as = is.
//   - Comments are /* … */, which do not nest, and // to the end of the line. U+00A0 is
//     white space; the byte order mark and U+200B are faults.
//
// The text of an author is never an error for what it means: a malformed hash or an
// impossible date is valid, and [Lint] warns of it.
//
// # What is promised
//
// Parsing never panics and takes time in proportion to the text, whose length and
// nesting [Options] bound. [Pattern.String] is canonical: it parses to the same tree,
// and is its own canonical text. [Matcher] binds observations as the standard says, and
// gives up with [ErrTooHard] rather than search without end. Patterns are safe for
// concurrent use as long as nobody changes them.
//
// # Limits
//
// Regular expressions are Go's, which lack look-around and back-references:
// evaluating one that has them is an [*UnsupportedError]. Texts are compared without
// Unicode normalization. STIX 2.0 has been published with START and STOP that take
// texts and with ones that take timestamps; both are read there.
package pattern
