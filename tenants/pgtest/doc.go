// Package pgtest gives tests a real Postgres with a platform and two communes in it.
//
// One server is shared by every test program of the machine (tenants/parts); a
// template database is migrated once for each state of the migrations, and each
// test that asks for one gets a copy of its own in some tens of milliseconds. A
// missing Postgres fails the test: nothing skips.
package pgtest
