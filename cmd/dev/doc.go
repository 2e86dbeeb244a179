// Command dev is the developer's program: it checks, tests and regenerates the
// project. `go run ./cmd/dev` lists its commands; `go run ./cmd/dev check` is what CI
// runs, and installs whatever it needs.
//
// One file holds one command, and the table in main.go names them all. It owns no
// code of the product: what it generates is written into the package that reads it.
package main
