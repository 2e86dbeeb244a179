// Package citizens owns the accounts of a commune's citizens: what a signed-in
// person lets the commune keep to fill forms in.
//
// A citizen is known by a pairwise subject (tenants/identity) and has an account
// only after the e-mail address was proved, or where FranceConnect vouches for them. What is kept here is a convenience: a
// request keeps its own copy of what was declared, so that changing a profile never
// changes a request. No table links a citizen across communes.
package citizens
