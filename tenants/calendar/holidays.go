package calendar

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Holiday is a public holiday (jour férié) and its French name.
type Holiday struct {
	Date Date
	Name string
}

// Holidays gives a year's public holidays in the territory, in order: the
// eleven national ones (C. trav. L.3133-1), the local ones (L.3134-13,
// L.3422-2) and those that the commune gave. Two may fall on one day.
func (t Territory) Holidays(year int) []Holiday {
	var list []Holiday
	sunday := easter(year)
	for rule := range t.rules {
		if d := rule.on(year, sunday); d.isReal() {
			list = append(list, Holiday{Date: d, Name: rule.name})
		}
	}
	slices.SortStableFunc(list, func(a, b Holiday) int { return a.Date.Compare(b.Date) })
	return list
}

// isReal tells 29 February of a common year from a day.
func (d Date) isReal() bool { return d == NewDate(d.Year, d.Month, d.Day) }

// rules goes through the holidays of the territory.
func (t Territory) rules(yield func(holidayRule) bool) {
	for _, code := range [...]string{"*", t.Code()} {
		for _, rule := range law.holidays[code] {
			if rule.templeOnly && !t.temple {
				continue
			}
			if !yield(rule) {
				return
			}
		}
	}
	for line := range strings.SplitSeq(t.local, "\n") {
		if len(line) < 5 {
			continue
		}
		day, err := time.Parse("0102", line[:4])
		if err != nil {
			continue // WithLocalHolidays wrote it: it parses, 29 February included.
		}
		if !yield(holidayRule{name: line[4:], month: day.Month(), day: day.Day()}) {
			return
		}
	}
}

// IsHoliday tells whether a day is a public holiday in the territory.
func (t Territory) IsHoliday(d Date) bool {
	if d.Month < time.January || d.Month > time.December || d.Day < 1 || d.Day > 31 {
		return false
	}
	return t.holidaysOf(d.Year)[d.Month-1]&(1<<d.Day) != 0
}

// yearOf names the holidays of one year in a territory.
type yearOf struct {
	territory Territory
	year      int
}

// years keeps the holidays that were asked for: by month, a bit a day. Their number is
// bounded: dates that matter lie within two centuries, and territories are few.
var years = struct {
	sync.RWMutex
	known map[yearOf]*[12]uint32
}{known: map[yearOf]*[12]uint32{}}

const maxYears = 5000

func (t Territory) holidaysOf(year int) *[12]uint32 {
	key := yearOf{t, year}
	years.RLock()
	days := years.known[key]
	years.RUnlock()
	if days != nil {
		return days
	}
	days = &[12]uint32{}
	for _, h := range t.Holidays(year) {
		days[h.Date.Month-1] |= 1 << h.Date.Day
	}
	years.Lock()
	defer years.Unlock()
	if len(years.known) >= maxYears {
		clear(years.known)
	}
	years.known[key] = days
	return days
}

// IsWorkingDay tells whether a day is a working day (jour ouvré): Monday to
// Friday, and no public holiday. The CRPA does not define it; the town hall's
// own closing days do not count.
func (t Territory) IsWorkingDay(d Date) bool {
	if w := d.Weekday(); w == time.Saturday || w == time.Sunday {
		return false
	}
	return !t.IsHoliday(d)
}

// AddWorkingDays counts n working days after d, d itself excluded (the day of
// reception does not count); a negative n goes back. n = 0 gives d, working or
// not.
func (t Territory) AddWorkingDays(d Date, n int) Date {
	if d.IsZero() {
		return d
	}
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for n > 0 {
		d = d.AddDays(step)
		if t.IsWorkingDay(d) {
			n--
		}
	}
	return d
}

// FrancMonths gives the last day of a "délai franc" of n months from d: neither
// the first day nor the day of expiry counts, so one day more than [Date.AddMonths];
// on a Saturday, Sunday or holiday it moves to the next day that is none of
// these (CPC art. 642, as the administrative courts apply it). It is for appeals
// alone, never for silence.
func (t Territory) FrancMonths(d Date, n int) Date {
	if d.IsZero() {
		return d
	}
	return t.roll(d.AddMonths(n).AddDays(1))
}

// roll gives d, or the first working day after it.
func (t Territory) roll(d Date) Date {
	for !t.IsWorkingDay(d) {
		d = d.AddDays(1)
	}
	return d
}
