// Package door is how people come in, the same for citizens, agents and a hub's
// administrators: password, second factor, forgotten password, and the page where
// somebody signed in changes their password and sets up a second factor.
//
// An area makes a [Kit] with a [Config] (its addresses, its words, its layouts) and a
// [House], which says whose account opens it and keeps its sessions; Routes then
// answers every page of the door. Another proof of who somebody is (FranceConnect,
// ProConnect) enters by [Kit.Enter], as a password does.
//
// What it refuses: it knows no role and makes no account. The answer to somebody who
// has an account, but not here, is the one that a wrong password gets.
//
// Decisions: what waits for a next step (a second factor, a new secret) waits in a
// cookie of ten minutes, sealed with the site's own key, so that no table is written
// by who has proved nothing; a page whose form expired comes back with what was
// typed, passwords apart.
package door
