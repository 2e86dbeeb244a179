// Package identity proves who signs in, and keeps Parvis's own sessions.
//
// # What it owns
//
// The conversation with Ory Kratos (the only package that imports ory/client-go):
// sign-in, second factor, registration, proof of an e-mail address, recovery,
// change of password, all through Kratos' API (native) flows, so that our server
// renders every form and Kratos stays headless and stock. A commune's sessions,
// in its own schema. Pairwise subjects: what a commune calls a person, which no
// other commune can link. The throttle that slows wrong passwords down. The
// reading of what Kratos asks us to mail.
//
// # What it refuses
//
// It knows nothing of roles, profiles or requests: staff and citizens do. It
// renders no mail and writes no cookie. A session is a row in the commune's schema, so
// that pages keep working while Kratos is away; signing in then answers
// fault.Unavailable "identity_away", and works again by itself.
//
// # Sessions
//
// A token is 256 random bits; its SHA-256 alone is stored. It opens nothing on
// another commune, since its hash lies in one schema. Agents: two hours without
// use, twelve hours in all (a working day), unless the commune says otherwise.
// Citizens: eight hours without use, thirty days in all (a shared or lost phone is
// the ordinary case; a draft survives its session by its own token). Kratos' own
// token is kept beside it, sealed with AES-256-GCM under a key of the tenant,
// because changing a password or a second factor and signing out are asked in its
// name. Nobody gets a session before their e-mail address is proved, nor, where a
// second factor is set up, before it was given.
//
// A session that another commune gave the same person is out of reach by design (no
// table links them). Changing a password ends the person's sessions at Kratos, and
// each of ours asks Kratos every RecheckEvery whether its own is still there: so a
// session elsewhere ends within five minutes of use, or at its first page after more
// than five minutes. While Kratos is away nobody is signed out. Kratos' session must
// live as long as our longest one (session.lifespan 720h), or ours ends with it.
//
// # FranceConnect and ProConnect
//
// package oidc judges what they answer; here lie the commune's own clients (their
// secrets sealed under the commune's key, never shown again), the [Journey] that a
// browser keeps sealed on its way there and back, and the sessions that follow. Such a
// session has no password behind it: it keeps the ID token, to sign out there with. A
// citizen is found by the pairwise subject alone, never by an address; who has an
// account already ties the two from inside it, with its password. An agent is tied
// once, to the address to which an administrator invited them, and comes from an
// establishment of the commune or of its hub. The password's door closes only behind
// somebody who came through the other one.
//
// # Wrong passwords
//
// Unknown, known and invited accounts walk the same way: one lookup, one flow, one
// password comparison (an unknown one against a decoy identity whose password
// nobody knows), and every refusal leaves on the next beat of a fixed clock, so
// that neither the answer nor its time tells whether an account exists.
// Registration and recovery answer the same for both too; the mail tells the
// owner. Each process throttles on its own memory, which is bounded; accounts and
// addresses stand in it as keyed hashes.
package identity
