// Package edit owns how a town changes its form: one thing at a time, by the name of a
// question and its place, without ever leaving a form that cannot be opened again.
//
// # What it owns
//
//   - Form: a copy of a definition that may be changed. Add, Move, Remove, Duplicate and the
//     setters change it; Done gives the definition, read as strictly as from a file.
//   - References: what a question or a section looks at, and who looks at it. What others look at
//     is not removed; a copy keeps its logic, and looks at the copies of what was copied with it.
//   - Rules: a condition as lines that a page can show and post: groups of tests, one group
//     of which must hold whole. Every condition can be said so; one that would grow too long
//     says that it cannot.
//
// # What it refuses
//
// Judging what the form says (forms.Check and tenants/proof do), storage (tenants/drafts), pages.
package edit
