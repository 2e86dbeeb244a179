// Package oidc speaks OpenID Connect with the State's two identity providers:
// FranceConnect, for citizens, and ProConnect, for agents.
//
// # What it owns
//
// The addresses of both (a fixed choice, never free text: nobody can have our server
// fetch an address of theirs), the way out to them and back, everything that must be
// true of an answer before anybody is believed, the way out of their session, and a
// trial that says what is wrong with a commune's client. coreos/go-oidc checks
// signatures, issuer, audience and expiry; golang.org/x/oauth2 exchanges the code.
//
// # What it refuses
//
// It knows no tenant, no database and no cookie: package identity keeps a [Ticket]
// sealed between the two pages, and decides whose session follows.
//
// An ID token is signed with ES256 or RS256 (never none, never a shared secret), was
// made for this client and this very visit (nonce), and reaches the level asked for.
// The user information is a signed token as well, of the same person. Providers are
// asked over one client each that follows no redirect, leaves the issuer's host never,
// and reads little and not for long.
//
// # What is asked for
//
// The least: a name to fill in and to show as verified, and an address to answer to;
// of agents the SIRET and the means of authentication too. Birth date and birthplace
// are left where they are: no page of ours needs them, and so somebody born abroad,
// whose birthplace is missing, signs in like everybody.
package oidc
