// Package webtest is a browser without script and a deployment for the tests of the
// areas of package api: two communes on a real Postgres, their catalogue open, a
// real store of files, a real Kratos where a test asks for one, and pages fetched
// through the same outermost handler as in production.
//
// Forms are filled in by the names that the page really shows, and sent as a browser
// sends them: a field that is missing, disabled or hidden behind a condition fails the
// test. Nothing here is linked into the program.
package webtest
