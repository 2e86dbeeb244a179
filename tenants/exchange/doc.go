// Package exchange owns how procedures leave Parvis and come in from elsewhere.
//
// # What it owns
//
//   - Schema: the JSON Schema 2020-12 of the one format that a procedure is written in
//     ([catalogue.ParseProcedure]), made from its Go types, so that it cannot drift. What
//     it accepts, the reader reads, but for limits of size that no schema can say.
//   - Read: forms and workflows of Publik (.wcs), procedures of démarches-simplifiées and
//     forms of form.io (Open Forms) become a [catalogue.Procedure] to be completed, and a
//     [Report] that says of each part of the source whether it was carried over, changed
//     or lost, and why.
//
// # How nothing is dropped in silence
//
// A source is first read into a tree of nodes. A reader marks each node that it has
// understood; whatever it has not marked in the end is listed as lost. Forgetting a
// node is therefore no way to lose it.
//
// # What it refuses
//
// Sources are hostile until proved otherwise: they are bounded in bytes, depth and
// nodes before anything is made of them, XML with a document type or an encoding other
// than UTF-8 is refused, archives are bounded in entries and in what they unfold to, and
// no address that stands in a source is ever fetched. HTML in texts is turned into plain
// text. It judges no law: what a source does not say (silence, legal bases, purposes,
// retention) stays empty, and [catalogue.Procedure.Check] asks for it.
package exchange
