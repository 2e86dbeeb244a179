// Package api leads a request from its host to a commune's or a hub's pages.
//
// It owns nothing but the way: the host names the tenant (tenants.Registry), the
// path names the area (citizen, agent, hub, v1), and the tenant is handed on as an
// explicit value. A host that leads nowhere gets a plain page and no tenant's data.
package api
