// Package statistics counts a commune's requests by month, procedure and channel,
// and how soon they were answered.
//
// It counts each night into facts that hold no person and reads pages from those
// alone, so that a page costs the same for ten requests or a million, and so that
// figures stay when requests are purged. A silence (an implicit decision) is never
// counted as an answer in time. It refuses to show anything to somebody who is no
// agent of the commune.
//
// It also tells how people found each procedure ([Experiences]): what they said of it, and
// where forms were given up. Fewer than [FewestRatings] ratings are not shown.
package statistics
