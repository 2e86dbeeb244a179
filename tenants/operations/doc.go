// Package operations owns what is done to a whole commune: opened, suspended and resumed,
// exported, imported, moved to another cell, erased.
//
// Each is a row of platform.operation with its steps. Whoever asks writes the row; it is
// carried out at once ([Service.Run], by the command line) or by the workers
// ([Service.Tick]). A step may be taken twice, so one that a crash cut short is taken
// again at the next start; what cannot succeed is undone. While an operation is carried
// out its program holds a row of platform.operation_hold locked, which ends with the
// program: nobody else takes it up meanwhile, and somebody does afterwards.
//
// # Who may
//
// A hub's managers for its communes, a commune's administrators for their own, the
// operator for all. But an archive holds the citizens' files: a hub may ask for one and
// see that it was made, and only the commune or the operator can have it. Where a commune
// lies is its hub's managers' and the operator's matter.
//
// # Erasing
//
// Only what was exported may be erased: an archive made in the last thirty days
// ([exportLife]), after which nothing was changed. One person asks, another one confirms;
// the commune is suspended at once, and erased after a delay in which either can call it
// off. What is left is a certificate, signed with the deployment's key ([Verify]). Public
// archives may not be destroyed without the visa of the director of the departmental
// archives (code du patrimoine, L.212-2 and L.212-3): the export carries them, and whoever
// confirms says that they have it.
//
// # Suspended
//
// A suspended commune takes in no new request. Its portal says so, with the town hall's
// address; its agents go on signing in, finishing and exporting, its legal dates run, and
// silences take effect: the law does not stop. Drafts do not age meanwhile.
package operations
