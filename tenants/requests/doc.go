// Package requests owns the way of a request: from a draft to the town's answer,
// or to its silence.
//
// # What it owns
//
//   - Intake ([Submit]): one transaction checks the answers against the version of
//     the form that was filled in, gives the number and the tracking code, starts the
//     legal clock, keeps the receipt and asks for its sending.
//   - The lifecycle: one table ([Transitions]) says who may do what, in which state.
//   - The clock: the facts that the law counts from are kept (receptions, notices,
//     papers); the dates are computed from them by tenants/calendar after each change,
//     in the same transaction, and never edited by hand.
//   - Messages, notes, documents, decisions, and silence taking effect ([Lapse]).
//   - The agents' list, the citizens' list, search and counts.
//
// # Numbers
//
// A number is the civil year of the commune and a count, "26-000123", without a gap
// or a double. The counter is a row, not a sequence, for a sequence leaves gaps where
// a transaction fails. Its lock is taken late in the last batch of the transaction, after
// the events and the jobs are written, so that it is held for what follows it there and
// the commit. What bears the number and is written before (the receipt's text) holds a
// mark in its place, which the database itself replaces.
//
// # Tracking codes
//
// A code is derived from the request's key by the tenant's secret, so that a repeated
// submission is given the same one although it is stored nowhere; its hash is, so that
// codes outlive a change of the secret.
//
// # What it refuses
//
// A receipt that lacks a mention of the law; a decision against a silence that has
// already decided; a notice of missing papers that comes too late; a change made on a
// version that somebody else has changed since. A network call, the clock of the
// machine, HTML and the words of mails are others' (tenants/notify).
package requests
