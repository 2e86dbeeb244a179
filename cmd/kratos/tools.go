//go:build tools

// Package tools pins the Ory Kratos that Parvis is tested with: this nested
// module's go.mod and go.sum name every version, and tenants/parts builds the
// program from here where none is on PATH:
//
//	CGO_ENABLED=0 go build -trimpath -o kratos github.com/ory/kratos
//
// Kratos stays stock, so that any later release can take its place.
package tools

import (
	_ "github.com/ory/kratos/cmd" // pinned, never linked into Parvis
)
