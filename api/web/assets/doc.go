// Package assets builds what the browser loads beside the pages: style sheets,
// fonts, the icon sprite, the small scripts and the service worker.
//
// Sources stand in src, results in dist; both are committed, so that the program
// builds with nothing but Go, and a test fails where they differ. Every result
// bears the hash of its content in its name, can be cached for ever, and lies
// ready compressed (.br, .gz). esbuild runs as a library: no Node is needed.
//
// The package is for developers (cmd/dev) and tests. It refuses to be imported by
// the program: package web embeds dist, and never links esbuild.
package assets
