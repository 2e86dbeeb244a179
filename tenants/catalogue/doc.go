// Package catalogue owns what a commune's inhabitants can ask for: procedures
// (démarches), their versions, the library of models, and what the law wants
// said about each of them.
//
// # What it owns
//
//   - [Procedure]: one démarche as data (models/*.json): its texts, pieces with the
//     text that requires each, silence rule, GDPR notice, letters and form. The
//     models are written to be read, and corrected, by a jurist; what is not certain
//     stands in them as a visible « à vérifier », never as a silent assumption.
//   - Versions: a published version never changes, and a request keeps the one it
//     was made with. Parsed versions are kept process-wide by the hash of their
//     text, so that communes that share a model share its memory.
//   - Mentions: which lines a receipt must bear (CRPA R.112-5, R.112-11-1; law.md R3),
//     whether one is due at all (R1), and what is missing in a commune's settings.
//     A procedure cannot be opened while a mention is missing, because a receipt
//     that lacks one does not start the time for appeal (L.112-6, L.112-12).
//   - Reference tables: streets, schools, rates, as spreadsheets save them ([ReadTable]). A file is
//     seen before it replaces a table, whole, in one transaction. Tables are kept process-wide by the
//     version that each change renews, so that a form asks the database for versions alone, and one
//     that draws from no table for nothing.
//   - Blocks: groups of questions that several forms ask. A version holds the questions themselves,
//     marked with their block, and never changes with it.
//   - Letters: the words of each outcome, filled in by [Compose].
//
// # What it refuses
//
// It computes no date (tenants/calendar does) and sends nothing: a receipt's dates
// come in [Facts]. It renders no HTML. It does not ask who applies: the common
// first step of every form does, from [Procedure.ApplicantFields]. It publishes no
// procedure whose silence rule, legal bases or letters are incomplete: a guess
// would bind the commune.
package catalogue
