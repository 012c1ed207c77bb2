package rules

import "github.com/opencti-elastic/opencti-elastic/stix"

// defaultRisk is the risk score of an indicator that says neither score nor confidence.
const defaultRisk = 47

// RiskScore is the risk score of an indicator's rule: two parts of OpenCTI's score (how
// malicious) and one part of the confidence (how sure the source is), rounded. Of
// one that is missing the other takes the place; with neither it is 47, the top of medium.
func RiskScore(o *stix.Object) int {
	score, hasScore := o.Score()
	confidence, hasConfidence := o.Confidence()
	switch {
	case hasScore && hasConfidence:
		return (2*score + confidence + 1) / 3
	case hasScore:
		return score
	case hasConfidence:
		return confidence
	}
	return defaultRisk
}
