package calendar

import (
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/parvis-gru/parvis/tenants/fault"
)

var (
	_ pgtype.DateScanner = (*Date)(nil)
	_ pgtype.DateValuer  = Date{}
)

// MarshalText gives the ISO date, empty for no date; JSON uses it.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads an ISO date; an empty text is no date. What is wrong is
// the fault "invalid_date", and d is then left as it was.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// ScanDate reads a column of the SQL type date; NULL is no date. The infinities
// of Postgres are no legal dates: they are an internal fault.
func (d *Date) ScanDate(v pgtype.Date) error {
	if !v.Valid {
		*d = Date{}
		return nil
	}
	if v.InfinityModifier != pgtype.Finite {
		return fault.New(fault.Internal, "infinite_date")
	}
	*d = dateOf(v.Time)
	return nil
}

// DateValue gives the value for a parameter of the SQL type date; no date is NULL.
func (d Date) DateValue() (pgtype.Date, error) {
	if d.IsZero() {
		return pgtype.Date{}, nil
	}
	return pgtype.Date{Time: d.utc(), Valid: true}, nil
}
