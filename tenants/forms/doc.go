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
// A section or a field may carry a condition ("if") on fields that stand before it:
//
//	{"and": [C, …]}   {"or": [C, …]}   {"not": C}
//	{"field": "f", "equals": "x"}      text, e-mail, phone, choice, number, date; true for a declaration
//	{"field": "f", "in": ["x", "y"]}   the same kinds, but declaration
//	{"field": "f", "contains": "x"}    choices
//	{"field": "f", "gt": 3}            number; date with "2026-12-31"; strict
//	{"field": "f", "lt": 3}
//	{"field": "f", "filled": true}     any kind
//
// A field that is hidden or unanswered makes each of these tests false. As a condition
// only sees earlier fields, one pass from top to bottom decides what is visible, and no
// cycle can exist; Check refuses a reference to a later, unknown or own field.
//
// # What it refuses
//
// The clock (today is a value), the commune's calendar (same tier), HTML, storage,
// the content of files (tenants/documents sniffs and scans them), and echoing what a
// person typed in an error.
package forms
