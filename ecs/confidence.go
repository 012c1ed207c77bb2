package ecs

// confidenceWord returns STIX's number as ECS's word, by the "None / Low / Med / High"
// scale of STIX 2.1, appendix A. What is absent or out of range is not specified.
func confidenceWord(n Long) string {
	switch {
	case !n.Set || n.Value < 0 || n.Value > 100:
		return "Not Specified"
	case n.Value == 0:
		return "None"
	case n.Value < 30:
		return "Low"
	case n.Value < 70:
		return "Medium"
	default:
		return "High"
	}
}
