// Package proof judges a procedure before it is published.
//
// # What it owns
//
// [Prove] gives findings, each with a place, a sentence that says what to do, and whether it
// keeps the procedure from being published:
//
//   - what catalogue.Check and catalogue.Missing say: regime, mentions, purposes, legal bases;
//   - the paths of the form. Each question that a condition reads is given, in turn, one answer
//     for every way in which the conditions can tell answers apart (the choices that are named, the
//     numbers and dates on both sides of a bound), from the first question to the last. Questions
//     that no condition ties together are explored apart, so that forty independent conditions
//     are forty small searches. What no answer leads to is never asked; a condition that
//     is always or never met is dead; each path is tried through forms.Settle and forms.Validate,
//     and has to end: with a form that can be sent, or with a stop that says where to go;
//   - what may not be asked for (CRPA L.113-12, R.113-8, R.113-10; law.md §5);
//   - whether its texts are plain and accessible (tenants/plain).
//
// Work is bounded for any definition (maxWork): where the bound is met, or where a computed value
// stands between answers and a condition, what was not found is a warning and not a verdict.
//
// # What it refuses
//
// It reads no database, keeps nothing, and changes nothing.
package proof
