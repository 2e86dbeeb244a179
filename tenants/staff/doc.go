// Package staff owns the agents of a commune: who they are, what role they have,
// in which services, and the tokens with which their programs use the API.
//
// An agent is known by a pairwise subject (tenants/identity); staff never sees a
// password. Whoever is named here may sign in to the agents' pages; nobody else.
// Administrators alone invite, change and deactivate, and what they do stands in the
// audit trail. A commune always keeps one active administrator. Agents are never
// deleted, only deactivated: their names stand in decisions.
//
// A token has the rights of its agent at the moment of its use, and dies with
// their deactivation. Its text is shown once; SHA-256 alone is kept, since it is 256
// random bits.
package staff
