// Package inherit owns how an update travels: from the library's model to a hub, and from either to the
// communes, question by question, and never by force over a local choice.
//
// # What it owns
//
//   - [Compare]: three states of a procedure (what the commune last had from upstream, what upstream
//     has now, the commune's own) as a list of changes in words, and any of them applied.
//
// # How it compares
//
// A procedure is taken apart into parts with an identity of their own: steps, sections, questions and their
// answers, pieces, letters, the members of a workflow. A question stays itself wherever it is moved to. What
// differs is a unit: something that is said of a part, its presence, its place, the order of a list.
// A unit that upstream alone changed can be taken over as it is; where both changed it, it is a conflict,
// and the local choice stands until somebody says otherwise. What goes upstream and is looked at by a
// condition of the commune's is a conflict too, and nothing is ever applied that would leave a
// condition without its question. A change of a question's type takes its limits and answers with it.
//
// The words are those of catalogue.Changes, asked about one unit at a time.
//
// # What it refuses
//
// It publishes nothing: what is taken over goes into a draft. It judges no procedure: the proof does.
package inherit
