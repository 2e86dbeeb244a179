// Package open serves the platform's own pages: a secretary types the name of a commune,
// picks it among its namesakes, proves that they speak for the town hall, and has a
// portal. What is decided stands in tenants/opening; these are its pages.
//
// They need no account. A cookie holds a secret that finds the request again in the same
// browser; no address of a page holds who asks, and no page tells whether somebody else
// has asked. The platform's conditions and legal pages are here too, with the operator's
// name where the configuration gives it.
package open
