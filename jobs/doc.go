// Package jobs runs what happens behind the pages: mail, deadlines, projections,
// statistics. It is the only one, with cmd, that knows River.
//
// A job is written by the transaction that asks for it, on the tenant's own
// connection: row-level security lets a tenant's role insert and see only the
// jobs that bear its name. Arguments hold keys alone, for River's tables lie
// outside the tenants' schemas, where erasure does not reach.
//
// Fairness: the more jobs a commune has waiting, the lower the priority of its next
// ones ([priorities]), so that ten thousand mails of one town stand behind the
// first mail of every other, and are sent when nobody else waits.
//
// Every worker can run twice: it finds its work done, or does it again with the
// same end.
package jobs
