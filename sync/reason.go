package sync

// Reason says why there is a change. Its text is for people; the engine treats what was recovered, and what came only
// because something else refers to it, in its own way, since their positions are by another clock.
type Reason uint8

// The reasons. A source that knows none leaves it zero.
const (
	ReasonUnknown Reason = iota
	ReasonCreated
	ReasonUpdated
	// ReasonEntered: an update by which the object has entered the stream's filters.
	ReasonEntered
	// ReasonRecovered: it comes from the platform's database, not from its event stream.
	ReasonRecovered
	// ReasonDependency: another object refers to it.
	ReasonDependency
	// ReasonMerged: other objects were merged into it.
	ReasonMerged
	// ReasonMergedAway: it was merged into another object.
	ReasonMergedAway
	ReasonDeleted
	// ReasonLeft: an update by which the object has left the stream's filters.
	ReasonLeft
	// ReasonUnreadable: it could not be decoded.
	ReasonUnreadable
)

var reasonTexts = [...]string{
	ReasonUnknown:    "",
	ReasonCreated:    "created",
	ReasonUpdated:    "updated",
	ReasonEntered:    "entered the stream's filters",
	ReasonRecovered:  "recovered from the database",
	ReasonDependency: "another object refers to it",
	ReasonMerged:     "other objects were merged into it",
	ReasonMergedAway: "merged away",
	ReasonDeleted:    "deleted",
	ReasonLeft:       "left the stream's filters",
	ReasonUnreadable: "unreadable event",
}

// String returns the reason in a few words: "created", "merged away", "left the stream's filters".
func (r Reason) String() string {
	if int(r) < len(reasonTexts) {
		return reasonTexts[r]
	}
	return ""
}

// parseReason reads what String has written; an unknown text is [ReasonUnknown].
func parseReason(s string) Reason {
	for i, text := range reasonTexts {
		if s == text {
			return Reason(i)
		}
	}
	return ReasonUnknown
}
