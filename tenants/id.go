package tenants

import (
	"github.com/google/uuid"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// ID is a row's key: a UUID version 7 in text, so that keys made later sort later.
// The empty ID is none and is stored as NULL by [ID.OrNull].
type ID string

// NewID makes a new key.
func NewID() ID { return ID(uuid.Must(uuid.NewV7()).String()) }

// ParseID reads a key that came from outside; anything else than a UUID is
// fault.NotFound "not_found", as no row bears it.
func ParseID(s string) (ID, error) {
	u, err := uuid.Parse(s)
	if err != nil || len(s) != 36 {
		return "", fault.New(fault.NotFound, "not_found")
	}
	return ID(u.String()), nil
}

// OrNull gives the key as a query's argument: nil for the empty one.
func (id ID) OrNull() any {
	if id == "" {
		return nil
	}
	return string(id)
}

// Scan reads a key from a column; NULL gives the empty key.
func (id *ID) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*id = ""
	case string:
		*id = ID(v)
	case [16]byte:
		*id = ID(uuid.UUID(v).String())
	default:
		return fault.New(fault.Internal, "id_type")
	}
	return nil
}
