//go:build tools

// Package tools pins the Pebble that Parvis's certificates are tested with, Let's
// Encrypt's own small ACME server, and the DNS server that comes with it: this
// nested module's go.mod and go.sum name every version, and tenants/parts builds
// both programs from here. Production never runs them.
package tools

import (
	_ "github.com/letsencrypt/pebble/v2/cmd/pebble"              // pinned, never linked into Parvis
	_ "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv" // pinned, never linked into Parvis
)
