package calendar

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Date is a day of the civil calendar, without hour or zone. Values compare
// with ==. The zero Date means "none".
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

const (
	isoDate = "2006-01-02"
)

// NewDate gives the day of that year, month and day of the month. What
// overflows is carried on, as [time.Date] does: 31 April is 1 May.
func NewDate(year int, month time.Month, day int) Date {
	if day >= 1 && day <= 28 && month >= time.January && month <= time.December {
		return Date{Year: year, Month: month, Day: day} // most of them, and nothing to carry on
	}
	return dateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// ParseDate reads an ISO 8601 date ("2026-12-01", years 0001 to 9999). Anything
// else, a day that does not exist included, is the fault "invalid_date".
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(isoDate, s)
	if err != nil || t.Year() < 1 {
		// The cause is left out: it would repeat what was typed.
		return Date{}, fault.New(fault.Invalid, "invalid_date")
	}
	return dateOf(t), nil
}

// On gives the civil date of an instant in a zone. It is what turns the instant
// of reception, kept in UTC, into the legal date of reception.
func On(t time.Time, loc *time.Location) Date {
	if t.IsZero() {
		return Date{}
	}
	return dateOf(t.In(loc))
}

func dateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{Year: y, Month: m, Day: d}
}

// utc is the day's midnight in UTC, used for arithmetic alone.
func (d Date) utc() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

// IsZero tells whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// AddDays gives the day n days later, or earlier if n is negative.
func (d Date) AddDays(n int) Date {
	if d.IsZero() {
		return d
	}
	return NewDate(d.Year, d.Month, d.Day+n)
}

// AddMonths counts n months "de quantième à quantième": the same day of the
// month, or the month's last day where it has none (31 December and two months
// give 28 or 29 February). It is never extended by a weekend or a holiday
// (CE 17 Sept. 2010). n may be negative.
func (d Date) AddMonths(n int) Date {
	if d.IsZero() {
		return d
	}
	months := d.Year*12 + int(d.Month) - 1 + n
	year, month := months/12, time.Month(months%12+1)
	return Date{Year: year, Month: month, Day: min(d.Day, lengthOf(year, month))}
}

// lengthOf gives the number of days of a month.
func lengthOf(year int, month time.Month) int {
	switch month {
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case time.April, time.June, time.September, time.November:
		return 30
	default:
		return 31
	}
}

// Compare gives -1, 0 or +1 as d is before, equal to or after other. No date
// sorts before every date.
func (d Date) Compare(other Date) int {
	return cmp.Or(
		cmp.Compare(d.Year, other.Year),
		cmp.Compare(d.Month, other.Month),
		cmp.Compare(d.Day, other.Day),
	)
}

// Before tells whether d is an earlier day than other.
func (d Date) Before(other Date) bool { return d.Compare(other) < 0 }

// After tells whether d is a later day than other.
func (d Date) After(other Date) bool { return d.Compare(other) > 0 }

// DaysUntil counts the days from d to other; negative if other is earlier, 0
// if either is none.
func (d Date) DaysUntil(other Date) int {
	if d.IsZero() || other.IsZero() {
		return 0
	}
	return other.number() - d.number()
}

// number counts the days from 1 January 1970, in the Gregorian calendar. Years begin in
// March, so that the odd day of leap years comes last.
func (d Date) number() int {
	if d.Month < time.January || d.Month > time.December {
		d = NewDate(d.Year, d.Month, d.Day)
	}
	year, month := d.Year, int(d.Month)-3
	if month < 0 {
		year, month = year-1, month+12
	}
	era := year / 400
	if year < 0 {
		era = (year - 399) / 400
	}
	year -= era * 400
	return era*146_097 + year*365 + year/4 - year/100 + (153*month+2)/5 + d.Day - 719_469
}

// Weekday gives the day of the week. It is meaningless for no date.
func (d Date) Weekday() time.Weekday {
	const thursday = 4 // 1 January 1970
	return time.Weekday(((d.number()+thursday)%7 + 7) % 7)
}

// Start gives the instant at which the day begins in a zone, or the zero
// [time.Time] for no date. A silence takes effect at Start of the day after its
// last day.
func (d Date) Start(loc *time.Location) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
}

// String gives the ISO 8601 date, "2026-12-01"; "" for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

var (
	frenchDays   = [...]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}
	frenchMonths = [...]string{"", "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}
)

// French gives the date as a letter writes it: "samedi 2 janvier 2027",
// "vendredi 1er janvier 2027"; "" for no date.
func (d Date) French() string {
	if d.IsZero() {
		return ""
	}
	return string(d.appendFrench(make([]byte, 0, 32)))
}

// FrenchShort gives the date without its weekday: "2 janvier 2027",
// "1er janvier 2027"; "" for no date.
func (d Date) FrenchShort() string {
	if d.IsZero() {
		return ""
	}
	return string(d.appendFrenchShort(make([]byte, 0, 24)))
}

func (d Date) appendFrench(to []byte) []byte {
	if d.IsZero() {
		return to
	}
	to = append(to, frenchDays[d.Weekday()]...)
	to = append(to, ' ')
	return d.appendFrenchShort(to)
}

func (d Date) appendFrenchShort(to []byte) []byte {
	// Normalised, so that a literal with a thirteenth month cannot panic.
	n := NewDate(d.Year, d.Month, d.Day)
	to = strconv.AppendInt(to, int64(n.Day), 10)
	if n.Day == 1 {
		to = append(to, "er"...)
	}
	to = append(to, ' ')
	to = append(to, frenchMonths[n.Month]...)
	to = append(to, ' ')
	return strconv.AppendInt(to, int64(n.Year), 10)
}
