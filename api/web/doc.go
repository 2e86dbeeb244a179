// Package web is what the HTML of every kind of user shares: layouts and
// components, rendering, assets, and the plumbing of HTTP (headers, cookies,
// forms, errors, logs).
//
// A page is a handler, a template and a struct that embeds Frame. Its template is
// parsed with MustParse at start, where it is also checked against the struct
// field by field; it is rendered to memory before a byte is sent, so that a fault
// never leaves half a page. Components are structs too: each carries its label,
// its hint and its error, and no page writes a raw input.
//
// Nothing needs JavaScript: a form is posted, validated, and shown again (422) or
// answered by a redirect (303). The content security policy allows neither inline
// scripts nor inline styles. Cross-site requests are refused twice: by the
// browser's own account of where a request comes from (http.CrossOriginProtection)
// and by a signed token in every form, which Form checks before it hands out a
// single value.
//
// Decisions: one style sheet a commune holds its theme and the rules together,
// since two communes never share a host and one request is saved; the blazon is
// drawn inside the page for the same reason; pages are compressed with br or gzip
// and tokens are masked anew each time, so that their length tells nothing
// (BREACH).
//
// The package refuses to know a tenant, an actor or a database: the site it draws
// is an explicit value. It never logs a path, a query, a name or an address: the
// pattern of the route alone.
package web
