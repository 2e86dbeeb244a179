package calendar

import (
	"errors"
	"strconv"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// maxSuspensionMonths bounds a suspension on suspicion of fraud (CRPA L.115-3).
const maxSuspensionMonths = 3

func path(list string, i int) string { return list + "/" + strconv.Itoa(i) }

// check lists what the facts lack, or where they contradict each other.
func (f Facts) check() []fault.Field {
	var fields []fault.Field
	report := func(path, code string) { fields = append(fields, fault.Field{Path: path, Code: code}) }
	if rule, ok := errors.AsType[*fault.Error](f.Rule.Check()); ok {
		for _, field := range rule.Fields {
			report("rule/"+field.Path, field.Code)
		}
	}
	if f.FirstReceived.IsZero() {
		report("first_received", "required")
	}
	if !f.CompetentReceived.IsZero() && f.CompetentReceived.Before(f.FirstReceived) {
		report("competent_received", "before_reception")
	}
	for i, n := range f.Notices {
		f.checkNotice(n, func(field, code string) { report(path("notices", i)+"/"+field, code) })
	}
	for i, s := range f.Suspensions {
		f.checkSuspension(s, func(field, code string) { report(path("suspensions", i)+"/"+field, code) })
	}
	return fields
}

func (f Facts) checkNotice(n Notice, report func(field, code string)) {
	if n.Notified.IsZero() {
		report("notified", "required")
		return
	}
	if n.Notified.Before(f.FirstReceived) {
		report("notified", "before_reception")
	}
	switch {
	case n.Limit.IsZero():
		if f.Rule.Effect == Rejection && !n.Dispensable {
			report("limit", "required")
		}
	case n.Limit.Before(n.Notified):
		report("limit", "before_notice")
	}
	if !n.Complete.IsZero() && n.Complete.Before(n.Notified) {
		report("complete", "before_notice")
	}
}

func (f Facts) checkSuspension(s Suspension, report func(field, code string)) {
	if s.Notified.IsZero() {
		report("notified", "required")
		return
	}
	if s.Notified.Before(f.FirstReceived) {
		report("notified", "before_reception")
	}
	switch {
	case s.Until.IsZero():
		report("until", "required")
	case s.Until.Before(s.Notified):
		report("until", "before_notice")
	case s.Until.After(s.Notified.AddMonths(maxSuspensionMonths)):
		report("until", "too_long")
	}
}
