// Package archive owns what a commune leaves with: one file that holds everything it
// owns, is readable without us, and gives the same commune back elsewhere.
//
// # The format, version 1
//
// A tar archive compressed with Zstandard (RFC 8878), with, in this order:
//
//	README.txt          in French: what this is and how it is read
//	tables/NAME.jsonl   one file a table, one JSON object a line, one line a row
//	requests.csv        the requests, for a spreadsheet
//	codes.age           the tracking codes, encrypted (age, scrypt); on demand alone
//	documents/YEAR/ID   the documents' bytes
//	documents.jsonl     the documents: path, name, size, SHA-256, and whether they are there
//	manifest.json       versions, the commune, and of each file above its size, its SHA-256 and its rows
//
// The manifest comes last, so that an archive is written as it is read (nothing of the
// commune's size is held in memory) and one that was cut has none. Values are written as
// Postgres writes them in JSON: dates and times in ISO 8601 (times in UTC), bytes as
// "\x" and hexadecimal. Rows stand in the order of their keys, so that the same rows
// give the same checksum anywhere. All is of one snapshot of the database; documents
// never change once they are stored.
//
// # What is left out
//
// Secrets ([withheld]): sessions, API tokens, what other deployments' keys sealed, and
// the pairwise names of accounts, which mean nothing elsewhere. Citizens' tracking codes
// go on working, for the hash that checks them needs no key; the town can tell them
// again only where they came along under a passphrase, or where the commune comes back
// to the deployment that it left.
//
// # Coming back
//
// [Open] unpacks into a folder of its own, within limits, and believes nothing: names,
// sizes, counts and checksums are verified before anything is written elsewhere.
// [Load] writes the rows in one transaction as the cell's owner, at the version of the
// archive, and migrates them up; then each table is read again and compared with the
// manifest. An archive of a later version is refused.
//
// What has to lie unpacked meanwhile lies in a folder that the program holds locked. A
// program that is killed cannot remove it; every program removes at its start what nobody
// holds any more ([Sweep]).
//
// Who may ask for an archive is decided by tenants/operations.
package archive
