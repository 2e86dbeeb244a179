// Package domains owns the communes' own host names, and the certificates of every
// host of the platform.
//
// A commune asks for a name, puts records into its DNS, and is told in codes (the
// pages have the words) what is right and what is not. A name is served once the DNS
// proves that it is the commune's: a CNAME to the commune's own host here is a proof
// in itself, for nobody else would point there; addresses are shared by all communes,
// so a name that has them needs a TXT record besides, with a token that is derived
// from the commune's key. So no commune can claim another's name that still points
// here. Several may ask for a name, one alone has it: asking blocks nobody.
//
// Names are looked at again by a job: those that wait, every few minutes at first;
// those that are served, daily. One that leads elsewhere stops being the main address
// at once, and is given up after [patience].
//
// Certificates come by ACME (certmagic). Its storage is the platform's database, locks
// included, so that every instance serves what one has obtained and answers the
// challenges of each; what is kept there is sealed with the deployment's key. Each
// instance that serves looks for names whose certificate is missing or due ([Certificates.Keep]).
//
// The package refuses, at the handshake, a name that the registry does not know.
package domains
