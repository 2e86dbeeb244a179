// Package v1 is the JSON API of each commune's host: the same domain functions as
// the pages, so the same rules.
//
// Anybody may list the procedures and send a request; who holds a request's
// tracking code may follow it; an agent's bearer token acts as that agent. Errors
// are RFC 9457 problems that say what to do and never echo what was sent, not even
// the name of an unknown field. The package refuses bodies that are too large, too
// deep, or of unknown fields.
package v1
