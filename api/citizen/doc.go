// Package citizen serves the pages of a commune's inhabitants: its procedures, the
// forms in steps, the follow-up of requests with a number and a code or with an
// account, and the pages that the law wants of a public site.
//
// One page is one handler file, one template and one test. Everything works without
// a script: a form is sent, checked, shown again with what was typed (422) or led on
// (303).
//
// Who fills in a form owns a draft on the server, kept by its token (a cookie a
// procedure, and the code to go on elsewhere). Who follows a request proves it by
// number and code, which a signed cookie then keeps for some hours, and the code is
// compared again on each visit; or by an account. A code never stands in an address.
//
// It decides no right: the domain does. An agent who is signed in is a guest here.
package citizen
