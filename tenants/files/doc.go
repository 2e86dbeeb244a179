// Package files owns what people send and receive as files: their bytes in a
// bucket (gocloud.dev/blob: a folder by default), and one row each in table
// document.
//
// Bytes are written outside any transaction ([Store.Put]), streamed, at most
// [MaxSize], and judged by what they are: the type is sniffed from the content,
// never taken from the name or the header, and the name is made harmless. A row is
// then written in the transaction that gives the file its place. Where that
// transaction fails the bytes belong to nobody, and [Store.Sweep] removes them.
//
// What it refuses: a type that is not on the list, an empty file, one that is too
// large, an office file that carries macros, and, for the photo of a street
// report, a format whose metadata cannot be taken out (law.md §4 row 30).
//
// Who may see or add a file is not decided here but by tenants/requests, which
// knows whose request it is. A file is never served inline on the commune's
// origin: handlers send it as an attachment.
package files
