// Package communes knows the communes of France and the intercommunal bodies
// (EPCI à fiscalité propre) that they belong to: code, name, SIREN, postal codes,
// population, department and region.
//
// It owns a picture of the official geographic code (code officiel géographique,
// INSEE), of the list of EPCI (DGCL) and of the postal codes (La Poste), as they
// stand in the npm package named by [Source]; `go run ./cmd/dev communes` makes
// communes.tsv.gz and source_gen.go from it. The text is unpacked once, on first
// use, and each answer is cut from it on demand, so that the whole of France costs
// some 3 MB of memory and nothing at start.
//
// Only communes that exist today are here: no commune déléguée, no commune
// associée, no municipal arrondissement. It refuses to guess: a code that is
// unknown is an error, and a commune without a SIREN in the source (the Pacific and
// the northern overseas collectivities) has an empty one.
//
// Which host name a tenant gets is the registry's decision (two communes may bear
// one name); [Slug] only proposes the label.
package communes
