package calendar

// Days within which the two electronic receipts leave (CRPA R.112-11-2).
const (
	registrationWorkingDays = 1
	receiptWorkingDays      = 10
)

// RegistrationDue gives the last day for the registration notice (accusé
// d’enregistrement électronique, AEE) where it did not leave at once: one
// working day after reception (R.112-11-2).
func RegistrationDue(received Date, t Territory) Date {
	return t.AddWorkingDays(received, registrationWorkingDays)
}

// ReceiptDue gives the last day for the receipt (accusé de réception
// électronique, ARE): ten working days after reception, or after the competent
// administration received what was transmitted to it (R.112-11-2). The law sets
// no time for a paper receipt; the same ten days are recommended.
func ReceiptDue(received Date, t Territory) Date {
	return t.AddWorkingDays(received, receiptWorkingDays)
}

// AlertDays gives the days on which agents are warned of a last day: 20, 10 and
// 5 working days before it. They may lie before the reception.
func AlertDays(last Date, t Territory) (j20, j10, j5 Date) {
	return t.AddWorkingDays(last, -20), t.AddWorkingDays(last, -10), t.AddWorkingDays(last, -5)
}
