// Package drafts owns what a town prepares before it publishes: the draft of a procedure.
//
// # What it owns
//
//   - [Draft]: one a procedure, begun from a published version or from a file. It is saved
//     whole, with the number of the edit that was read: of two who write at once the second is
//     told ([Save]), and keeps what was written.
//   - Revisions: the last [MaxRevisions] of a draft are kept, to undo and to do again.
//   - Publication: a draft becomes an immutable version (tenants/catalogue), now or on a day to
//     come, and so does the content of an older version ([Restore]).
//
// # What it refuses
//
// What tenants/proof objects to is not published. It judges no form itself, edits no question
// (the pages do, on a copy of the definition), and shows no draft to citizens.
package drafts
