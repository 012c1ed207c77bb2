package rules

import (
	"math"
	"strconv"
	"time"
)

const timestampOverride = "event.ingested"

// interval writes a duration as Kibana takes it.
func interval(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return strconv.FormatInt(int64(d/time.Hour), 10) + "h"
	case d%time.Minute == 0:
		return strconv.FormatInt(int64(d/time.Minute), 10) + "m"
	}
	return strconv.FormatInt(int64(math.Ceil(d.Seconds())), 10) + "s"
}

// back is how far a run looks back, in date math.
func back(d time.Duration) string { return "now-" + interval(d) }

// ParseInterval reads a rule's interval, "5m".
func ParseInterval(s string) (time.Duration, bool) {
	if len(s) < 2 {
		return 0, false
	}
	n, err := strconv.ParseInt(s[:len(s)-1], 10, 32)
	if err != nil || n < 1 {
		return 0, false
	}
	switch s[len(s)-1] {
	case 's':
		return time.Duration(n) * time.Second, true
	case 'm':
		return time.Duration(n) * time.Minute, true
	case 'h':
		return time.Duration(n) * time.Hour, true
	case 'd':
		return time.Duration(n) * 24 * time.Hour, true
	}
	return 0, false
}

// suppressFor writes a duration as suppression takes it.
func suppressFor(d time.Duration) *Duration {
	switch {
	case d%time.Hour == 0:
		return &Duration{Value: int(d / time.Hour), Unit: "h"}
	case d%time.Minute == 0:
		return &Duration{Value: int(d / time.Minute), Unit: "m"}
	}
	return &Duration{Value: int(math.Ceil(d.Seconds())), Unit: "s"}
}
