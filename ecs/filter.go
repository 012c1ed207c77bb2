package ecs

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/opencti-elastic/opencti-elastic/stix"
)

// Filter selects objects. The zero Filter takes all. An object passes if it
// passes every part that is set.
type Filter struct {
	// Score is the least score, 0 to 100. With a floor above 0, an object without a score does not pass.
	Score int
	// Confidence is the least confidence of an indicator, 0 to 100; likewise. Observables have none and pass.
	Confidence int
	// Labels is the labels of which an object must have one; case does not count.
	Labels []string
	// NotLabels is the labels of which an object must have none.
	NotLabels []string
	// TLP is the most restrictive level that passes: CLEAR, GREEN, AMBER, AMBER+STRICT or RED. An object without TLP
	// passes; one with a marking that References does not know does not, since it could be any.
	TLP string
	// Authors is the names or STIX ids of which the author must be one.
	Authors []string
	// Types is the types that pass: "indicator", STIX types or OpenCTI's spelling of them. An
	// indicator also passes by its main observable's type.
	Types []string
	// Custom is what the platform's custom fields must say, by their names without x_opencti_cf_: of each
	// field that is named here, one of the values. Case does not count.
	Custom map[string][]string
	// Detection lets only indicators pass that are marked for detection.
	Detection bool
	// MaxAge is how long ago the last change may be; 0 is for ever.
	MaxAge time.Duration

	// References names authors and markings, Now is the clock; [NewMapper] sets both to its own.
	References References
	Now        func() time.Time
}

// Validate reports all that is wrong with the filter.
func (f Filter) Validate() error {
	var errs []error
	for name, n := range map[string]int{"score": f.Score, "confidence": f.Confidence} {
		if n < 0 || n > 100 {
			errs = append(errs, fmt.Errorf("filter: %s %d: want 0 to 100", name, n))
		}
	}
	if f.TLP != "" && stix.ParseTLP(f.TLP) == stix.NoTLP {
		errs = append(errs, fmt.Errorf("filter: TLP %q: want CLEAR, GREEN, AMBER, AMBER+STRICT or RED", f.TLP))
	}
	if f.MaxAge < 0 {
		errs = append(errs, fmt.Errorf("filter: age %v must not be negative", f.MaxAge))
	}
	return errors.Join(errs...)
}

// Passes reports whether the object is taken, and if it is not, the reason.
func (f *Filter) Passes(o *stix.Object) (ok bool, reason string) {
	for _, check := range [...]func(*Filter, *stix.Object) string{
		(*Filter).checkTypes, (*Filter).checkNumbers, (*Filter).checkLabels, (*Filter).checkTLP, (*Filter).checkAuthor, (*Filter).checkCustom, (*Filter).checkAge,
	} {
		if reason = check(f, o); reason != "" {
			return false, reason
		}
	}
	return true, ""
}

func (f *Filter) checkTypes(o *stix.Object) string {
	if f.Detection && o.Type == "indicator" {
		if on, _ := o.OCTI("detection").Bool(); !on {
			return "not marked for detection"
		}
	}
	if len(f.Types) == 0 {
		return ""
	}
	main := ""
	if o.Type == "indicator" {
		main = o.Text("main_observable_type")
	}
	for _, t := range f.Types {
		if strings.EqualFold(t, o.Type) || o.EntityType != "" && strings.EqualFold(t, o.EntityType) || main != "" && strings.EqualFold(t, main) {
			return ""
		}
	}
	return "type is not among the wanted"
}

func (f *Filter) checkNumbers(o *stix.Object) string {
	if f.Score > 0 {
		if n, ok := o.Score(); !ok {
			return "no score"
		} else if n < f.Score {
			return fmt.Sprintf("score %d is below %d", n, f.Score)
		}
	}
	if f.Confidence > 0 && o.Type == "indicator" {
		if n, ok := o.Confidence(); !ok {
			return "no confidence"
		} else if n < f.Confidence {
			return fmt.Sprintf("confidence %d is below %d", n, f.Confidence)
		}
	}
	return ""
}

func (f *Filter) checkLabels(o *stix.Object) string {
	if len(f.Labels) == 0 && len(f.NotLabels) == 0 {
		return ""
	}
	labels := o.Labels()
	has := func(wanted []string) bool {
		return slices.ContainsFunc(wanted, func(w string) bool {
			return slices.ContainsFunc(labels, func(l string) bool { return strings.EqualFold(w, l) })
		})
	}
	switch {
	case len(f.Labels) > 0 && !has(f.Labels):
		return "has none of the wanted labels"
	case has(f.NotLabels):
		return "has an unwanted label"
	}
	return ""
}

func (f *Filter) checkTLP(o *stix.Object) string {
	if f.TLP == "" {
		return ""
	}
	ceiling := stix.ParseTLP(f.TLP)
	for m := range o.MarkingsBy(f.References) {
		switch {
		case m.TLP > ceiling:
			return m.TLP.Name() + " is above " + ceiling.String()
		case m.Name == "":
			return "nothing is known of its marking " + cut(m.Ref, 128) + ", which may be above " + ceiling.String()
		}
	}
	return ""
}

func (f *Filter) checkAuthor(o *stix.Object) string {
	if len(f.Authors) == 0 {
		return ""
	}
	ref := o.Author()
	name := ""
	if f.References != nil && ref != "" {
		name, _, _ = f.References.Author(ref)
	}
	for _, a := range f.Authors {
		if ref != "" && a == ref || name != "" && strings.EqualFold(a, name) {
			return ""
		}
	}
	return "author is not among the wanted"
}

func (f *Filter) checkCustom(o *stix.Object) string {
	if len(f.Custom) == 0 {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(f.Custom)) {
		if !slices.ContainsFunc(customOf(o, name), func(have string) bool {
			return slices.ContainsFunc(f.Custom[name], func(want string) bool { return strings.EqualFold(have, want) })
		}) {
			return "custom field " + name + " has none of the wanted values"
		}
	}
	return ""
}

func customOf(o *stix.Object, name string) []string {
	for n, v := range o.Custom() {
		if n == name {
			return customTexts(v)
		}
	}
	return nil
}

func (f *Filter) checkAge(o *stix.Object) string {
	if f.MaxAge <= 0 {
		return ""
	}
	now := time.Now
	if f.Now != nil {
		now = f.Now
	}
	if modified := o.Modified(); !modified.IsZero() && now().Sub(modified) > f.MaxAge {
		return "last change is older than " + f.MaxAge.String()
	}
	return ""
}
