// Package notify owns what Parvis sends: the French texts of its e-mails and text
// messages, the rows that hold them until they are sent, and the sending itself
// over SMTP and Kannel.
//
// It has three doors. [Render] is pure: typed data in, subject, text and HTML out,
// the text complete by itself. [Enqueue] writes a row and asks for a job, in the
// transaction of the change that causes the message. [Sender.Deliver] is what the
// job does: it claims the row in one short transaction, speaks to the server
// outside any, and writes the result in another.
//
// Links. The domain knows paths and no hosts, so a rendered text holds its links
// under an address that leads nowhere (a name in .invalid, RFC 2606); [Absolute]
// puts the commune's own address in its place when the message is sent, and none
// when a page of the commune shows a stored receipt.
//
// Once. A row is sent by one worker at a time and keeps its Message-ID for ever, so
// that a message doubled by a crash between the server's answer and our own row is
// recognised by the reader's mail program. What a server refuses for good (5xx for
// the recipient or the text) is not tried again: the row says bounced and the
// request's history says so; a server that is away, busy, or does not let us in is
// tried again until the attempts are used up.
//
// It refuses to put personal data in a subject, in a log, in a metric or in the
// address that an SMS gateway reports to, and sends no picture, no tracker and no
// link in a text message (they teach people to trust such links).
package notify
