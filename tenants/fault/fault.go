// Package fault owns the one error type that crosses Parvis's layers.
//
// The domain says what went wrong as a kind (which decides the HTTP status), a
// stable code (which decides the French sentence, in api/web/messages.go) and,
// for bad input, the fields concerned. It never carries what a person typed.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind classes an error by what the caller can do about it.
type Kind int

// The kinds, and the HTTP status that the edge gives each.
const (
	Internal     Kind = iota // 500: a fault of ours
	Invalid                  // 422: the input must be corrected
	NotFound                 // 404: there is no such thing for this caller
	Unauthorized             // 401: sign in first
	Forbidden                // 403: signed in, but may not
	Conflict                 // 409: somebody else changed it, or the state forbids it
	TooLarge                 // 413: a limit of size is passed
	TooMany                  // 429: slow down
	Unavailable              // 503: a part is away; nothing was lost, try again
)

var kindNames = [...]string{"internal", "invalid", "not_found", "unauthorized", "forbidden", "conflict", "too_large", "too_many", "unavailable"}

// String gives the kind's stable English name, as it stands in logs.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return "internal"
	}
	return kindNames[k]
}

// Field is one thing to correct. Path is a JSON Pointer without its leading
// slash ("answers/date", "applicant/email"); Code selects the sentence; Message,
// where set, is the French sentence itself (form questions carry their own). Article,
// where set, is the text that forbids it, as it is quoted in French.
type Field struct {
	Path    string
	Code    string
	Message string
	Article string
}

// Error is an error with a kind, a stable code and the fields concerned.
type Error struct {
	Kind   Kind
	Code   string
	Fields []Field
	Err    error
}

// Error gives the kind, the code and the wrapped cause; it never echoes input.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Kind.String())
	b.WriteString(": ")
	b.WriteString(e.Code)
	for _, f := range e.Fields {
		fmt.Fprintf(&b, " [%s %s]", f.Path, f.Code)
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error of a kind with a code and, for bad input, its fields.
func New(kind Kind, code string, fields ...Field) *Error {
	return &Error{Kind: kind, Code: code, Fields: fields}
}

// Wrap makes an error of a kind with a code around its cause.
func Wrap(kind Kind, code string, cause error) *Error {
	return &Error{Kind: kind, Code: code, Err: cause}
}

// Of finds the fault in an error's chain. An error that carries none is an
// internal one with the code "internal"; nil gives nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Error](err); ok {
		return f
	}
	return &Error{Kind: Internal, Code: "internal", Err: err}
}

// Is tells whether an error is a fault with this code.
func Is(err error, code string) bool {
	f, ok := errors.AsType[*Error](err)
	return ok && f.Code == code
}
