package ecs

import "github.com/opencti-elastic/opencti-elastic/stix"

// confidence is the object's own; observables have none.
func confidence(o *stix.Object) (int, bool) {
	if o.Root("confidence") == nil {
		return 0, false
	}
	return o.Confidence()
}

// confidenceWord gives STIX's number as ECS's word, by the "None / Low / Med / High"
// scale of STIX 2.1, appendix A. What is absent or out of range is not specified.
func confidenceWord(n int, ok bool) string {
	switch {
	case !ok || n < 0 || n > 100:
		return "Not Specified"
	case n == 0:
		return "None"
	case n < 30:
		return "Low"
	case n < 70:
		return "Medium"
	default:
		return "High"
	}
}
