// Package forms owns what a town asks: one versioned JSON definition drives the
// page, the API, the validation, the summary and the letter of a procedure.
//
// # What it owns
//
//   - Definition: steps, sections, fields, conditions, limits and, for each field,
//     why it is asked (GDPR art. 5.1.c and 30.1; law.md §5). Parse reads it strictly;
//     Check says, in French, what keeps it from being published.
//   - Answers: typed values with one canonical JSON form. FromForm reads a posted
//     page and never fails on what a person typed: a value that cannot be read stays
//     as text, so that a draft keeps it and Validate can say what to do. FromJSON
//     reads the API's body and refuses unknown fields and wrong types.
//   - Validate, Prune, Visible, Summary, Placeholders, View and JSONSchema, all pure
//     functions of the definition and the answers.
//
// # Conditions
//
// A section or a field may carry a condition ("if") on fields that stand before it, and on facts:
//
//	{"and": [C, …]}   {"or": [C, …]}   {"not": C}
//	{"field": "f", "equals": "x"}      text, e-mail, phone, choice, number, date; true for a declaration
//	{"field": "f", "not_equals": "x"}  the same kinds
//	{"field": "f", "in": ["x", "y"]}   the same kinds, but declaration
//	{"field": "f", "contains": "x"}    choices
//	{"field": "f", "gt": 3}            number; date with "2026-12-31"; also "ge", "lt", "le"
//	{"field": "f", "filled": true}     is answered; any kind
//	{"field": "d", "as": "days", "lt": 15}              days from today to a date, as a number
//	{"field": "d", "as": "age", "at": "e", "ge": 3}     whole years at a date: "2026-12-31", an earlier date question; today by default
//
// A fact stands in the place of a field: "@today" (date), "@applicant" (person, organisation), "@identity" (number, 0 to
// 3) and "@residence" (commune, france, abroad). Settle writes those that a form looks at into its answers, where they stay: a request
// reads for ever as it was decided. No client can give them.
//
// A field that is hidden or unanswered makes each of these tests false. As a condition
// only sees earlier fields, one pass from top to bottom decides what is visible, and no
// cycle can exist; Check refuses a reference to a later, unknown or own field.
//
// # Attributes that shape a form
//
//	attribute   stands on        says
//	if          section, field   it is asked only while the condition holds
//	stop        section, field   {"if": C, "message": "…", "label": "…", "url": "https://…" or "procedure": "slug"}: while C holds (it sees the
//	                             question itself) the form ends here; the sentence is told, nothing can be sent, the draft is kept
//	repeat      section          {"min": 0, "max": 10, "item": "Enfant"}: its questions are answered several times, as a list of objects under the
//	                             section's id; no files, stops or prefill inside; its conditions and formulas see their own row and what stands before
//	compute     field "computed" a formula (below); "money": true stores cents of what the formula gives in euros; "decimals" otherwise
//	table       field "choice"   {"table": "rues", "column": "nom", "where": [{"column": "quartier", "field": "q"}]}: the choices are the texts of a
//	                             column, where it matches answers of earlier steps; what was chosen is kept as it was written
//	block       field "block"    the name of a group of questions that stands here (Block); Expand puts them in its place
//	prefill     field            given_name, family_name, usage_name, email, phone, postal_address: offered from the account while nobody answered the step
//
// # Formulas
//
//	{"value": 2.45}   {"field": "n"}   {"add": [E, …]}   {"sub": [E, …]}   {"mul": [E, …]}   {"div": [E, E]}   {"min": [E, …]}   {"max": [E, …]}
//	{"round": E, "digits": 2}   {"floor": E}   {"ceil": E}   {"if": C, "then": E, "else": E}
//	{"count": "enfants"}   {"sum": "enfants", "of": E}
//	{"days": {"from": "d", "to": "@today"}}   {"years": {"from": "ne"}}
//	{"lookup": {"table": "tarifs", "column": "prix", "where": [{"column": "de", "field": "qf", "op": "from"}, {"column": "a", "field": "qf", "op": "to"}]}}
//
// Decimal numbers are exact; MaxFormulaParts, MaxDepth and MaxComputed bound the work. A missing answer, a division by zero or a row that is
// not there make a value that is not known yet: never a wrong figure. Settle works every formula out; no client can give its value.
//
// # What it refuses
//
// The clock (today is a value), the commune's calendar (same tier), HTML, storage,
// the content of files (tenants/documents sniffs and scans them), and echoing what a
// person typed in an error.
package forms
