// Package parts finds, installs, builds, starts and stops the real parts that
// Parvis stands on: Postgres, Ory Kratos, an SMTP server and the Kannel SMS
// gateway. `parvis demo` and the tests use it, as root and as an ordinary user,
// on a bare Debian with Go.
//
// It owns processes, their folders and their generated configuration. It
// knows nothing of communes, of schemas or of what is mailed, and production never
// needs it: there an operator runs these parts, and Parvis is told where they are.
//
// What it holds to:
//
//   - Every server listens on 127.0.0.1 alone.
//   - A part ends with the process that started it, even when that process is
//     killed: Linux's parent-death signal, asked for on a locked thread. The one
//     exception is [SharedPostgres], which several test programs share and which a
//     watcher stops when nobody uses it any more.
//   - Data is never wiped: where binaries and data do not fit, it is an error
//     that says what to do. Only the shared test server starts from nothing.
//   - Secrets are random, kept in files of mode 0600 beside the data.
//   - Nothing is skipped: a part that cannot be had is an error that says what
//     to run.
//
// Decisions. An own launcher of Postgres rather than embedded-postgres, which
// does not run as root and wipes data of another version. Kannel speaks to an SMSC
// of ours over its HTTP protocol rather than to fakesmsc, whose port binds
// every address.
package parts
