// Package agent serves the pages of a town hall's agents, under /agents on the
// commune's own host: the list of requests by legal due date, one request with all
// that can be done to it, the entry of what comes by counter, telephone or post, the
// statistics, the catalogue, the settings and the team.
//
// It decides nothing itself: who may do what stands in tenants/requests and its
// neighbours, and a page only leaves out what would be refused. Every form carries the
// version that its agent saw. Where somebody else was faster, the page comes back with
// 409, says who changed what, and keeps what was typed.
//
// It works without script and answers no citizen: a citizen's session opens nothing
// here.
package agent
