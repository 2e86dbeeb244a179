// Package opening lets a town hall open its portal by itself, in a minute.
//
// Somebody asks for a commune ([Desk.Ask]) and proves that they speak for it: by a code
// mailed to the town hall's official address ([Desk.SendCode], [Desk.Confirm]), or by
// the word of the commune's hub or of the operator ([Desk.Approve]). Then the commune is
// opened from a spare schema, filled with what is known of it ([Prefill]), its trial
// begins, and the applicant is invited as its first administrator ([Desk.Complete]).
//
// Each step is one transaction, and what a crash cut short is taken up by a job
// ([Desk.Resume]): there is never a commune without somebody who can sign in to it, nor
// an invitation to one that is not there. A commune is opened once: the registry holds
// its INSEE code unique, one opening of a commune goes on at a time, and whoever comes
// second is told ([Overtaken]).
//
// What it refuses: it fetches nothing. The official addresses come from a file that the
// operator downloads from the State and loads ([Desk.LoadDirectory]). It tells nobody an
// official address, nor who asked for a commune: a request is found again only by a
// secret in the applicant's own browser. Codes are eight figures, good for a quarter of
// an hour and five tries, kept as keyed hashes and compared in constant time.
package opening
