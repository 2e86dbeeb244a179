// Package migrations owns the SQL of the platform, of a cell and of a tenant, and
// runs it.
//
// Scripts expand, then contract: the program runs before and after each. A
// tenant's script names no schema (search_path leads to it), so that a schema can
// be renamed or moved, and grants to :role, which the runner replaces by the
// tenant's own role. The package refuses a script that was changed after it had
// been applied.
package migrations
