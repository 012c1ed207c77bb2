package pattern

import (
	"time"
)

// timeOf is the instant that a timestamp of the grammar names; fractions below a
// nanosecond are cut off. Fields that no calendar has (the 30th of February, second
// 60) run over into the next.
func timeOf(s string) time.Time {
	number := func(from, to int) int {
		n := 0
		for _, c := range []byte(s[from:to]) {
			n = n*10 + int(c-'0')
		}
		return n
	}
	nanos, unit := 0, int(time.Second)/10
	if s[19] == '.' {
		for i := 20; i < len(s)-1 && unit > 0; i++ {
			nanos += int(s[i]-'0') * unit
			unit /= 10
		}
	}
	return time.Date(number(0, 4), time.Month(number(5, 7)), number(8, 10),
		number(11, 13), number(14, 16), number(17, 19), nanos, time.UTC)
}
