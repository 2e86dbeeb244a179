// Package hub serves the pages of a body that looks after communes: which ones
// there are, what is open, due and late in them, and the opening of another.
//
// It reads the platform's projection, which holds no personal data, and never a
// request of a commune. In a commune it does two things, both at its opening: it
// fills in what the commune's receipts need, and invites the first agent. Once a
// commune has an agent, the hub can invite nobody to it.
package hub
