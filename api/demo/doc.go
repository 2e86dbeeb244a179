// Package demo serves the platform's own host in the demonstration: where each
// commune is, who can sign in, and what was mailed and texted.
//
// It shows passwords and letters to anybody, so nothing but `parvis demo` may wire
// it; a production server has no path that leads here.
package demo
