// Package tenants owns what a tenant is: its place, its identity on the platform,
// its settings and services, and the only way to its data.
//
// A commune's data lies in a schema of its own, and is reached through [Tx]
// alone: [DB.Write] and [DB.Read] open one for a tenant and an actor, both given
// as values. The connection below a Tx signs in as the tenant's own LOGIN role,
// which is a member of nothing and has DML on its own schema alone, so that a
// fault of ours ends at the database's wall. SET ROLE on a shared connection was
// refused: one injected set_config crossed it.
//
// The registry is the platform's schema: tenants, hubs, their administrators, and
// a projection of requests without personal data. It refuses a second tenant for
// the same commune and never deletes one.
package tenants
