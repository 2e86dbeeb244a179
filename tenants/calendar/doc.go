// Package calendar owns the legal dates of a commune: civil dates, public
// holidays by territory, working days, and the dates that the law draws from
// them: receipts, silence, appeals, withdrawal, data-protection answers.
//
// Everything is a pure function of values. The package reads no clock, no
// database and no setting: whoever calls it passes the day of an event, which
// is the local civil date of the commune ([On] with [Territory.Zone]), since
// no text fixes the convention and a citizen of Papeete files on Papeete's day.
//
// # Two ways of counting, never mixed
//
//   - Silence, withdrawal and retention run "de quantième à quantième"
//     ([Date.AddMonths]): the same day of the month, or its last day where
//     there is none; a Sunday does not move it (CE 17 Sept. 2010).
//   - Appeals before the court are "délais francs" ([Territory.FrancMonths]):
//     one day more, and a Saturday, Sunday or holiday moves it on.
//
// Data-protection answers follow a third rule, Regulation 1182/71: no extra
// day, but a weekend or holiday moves it on ([GDPRDue]).
//
// # Where the law is data
//
// data/territories.csv and data/holidays.csv are the tables in force; the
// cases that the tests hold stand in testdata/*.csv. Both are written to be
// read, and corrected, by a jurist. Where the law is not settled for a
// territory, its holidays can be given by the commune's settings
// ([Territory.WithLocalHolidays]) and [Territory.Uncertain] says so.
//
// # What it refuses
//
// It guesses nothing: a procedure whose classification is incomplete has no
// silence rule ([SilenceEffect]), and facts that contradict each other give an
// error that names the field, never a plausible date. A request for documents
// that was notified after the silence took effect is refused, because the
// decision already exists. Urban-planning procedures whose missing papers lead
// to a tacit refusal after three months (C. urb. R*423-39) are not modelled:
// only their period is.
//
// The zero [Date] means "none", and arithmetic on it stays none.
package calendar
