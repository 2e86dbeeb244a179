// Package subscription owns what a commune may choose to pay, and the trial before it.
//
// The plans stand in plans.json, one for each band of population; another package will
// bill them. A trial lasts [TrialDays]; the commune's administrators are told from its
// day [WarnFrom] on, by a banner and by mail. Nothing is ever deleted for want of a
// subscription: [GraceDays] after the trial the portal takes no new request, and says
// how to make it otherwise. What citizens filed goes on, for its legal time runs, and
// agents go on recording what reaches the town hall by letter, telephone or counter,
// which the law gives no leave to turn away (CRPA L.112-3).
package subscription
