// Package transmission brings a request from the commune that received it to the
// administration of the deployment that is competent for it (CRPA L.114-2): a commune, or
// an EPCI with services of its own.
//
// # Two walls stay up
//
// No connection knows both sides. What goes is read in the source's schema by the source's
// role, held by this program, and written into the target's schema by the target's role. The
// two sides keep what words say of each other (a name, an address, a number) and no key of
// the other's tables; no account follows the person, who gets the number and the code there
// with the receipt.
//
// # Steps
//
// A job of the source carries a transmission ([Service.Deliver]), and each step may be taken
// twice: read what goes; look whether the recipient can take it; copy the documents, each
// compared with its hash; claim, from where it can no longer be called back; write it there,
// under the transmission as its key, so that it arrives once; close it here. Whatever is cut
// short is taken up again by the next run. Where it certainly did not arrive and cannot, the
// request is the source's again; where it can later, it waits and says for what.
//
// # What it refuses
//
// A recipient that is not here, is the source itself, is suspended or closed the procedure;
// to read for one side what only the other may know.
package transmission
