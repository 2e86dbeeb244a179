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
//   - Facts ([Fact]): rows that are added and never changed. One that was entered wrongly
//     is corrected by another, which names it ([CorrectFact]); both are shown.
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
// # Facts and columns
//
// A request's own row is its first fact: its receptions have no row of their own until they
// are corrected, so that intake writes nothing more, and whatever lies in columns from
// before there were facts is read as facts (factsOf). Once a fact has a row the row is the
// truth, and the column follows it in the same transaction, for lists and watches to read.
//
// A day that was told to somebody is not moved by a change of the rules: what new facts
// move is counted from the day that was told, and an agent decides about the rest.
//
// # Incidents
//
// An outage of the portal, of the telephone, a town hall that had to close: agents keep them
// in a register ([RecordIncident]), and the program adds its own ([TakeOutages]): a process
// that serves says so every minute, and an hour without any is an outage of all communes.
// What a person had to send by a day that an incident covers is accepted until the first
// working day after it: the law gives no such time, but who proves that they could not reach
// the administration is not to lose by it (law.md §6). It is modest on purpose: the day that
// was told stays in the letter, no clock of the town is moved, a file is only not closed
// before, and the reason is shown to both. An incident that was none is set aside, not erased.
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
