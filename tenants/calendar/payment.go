package calendar

// paymentDays is how long an administration has to pay an invoice (CCP R.2192-10).
const paymentDays = 30

// PaymentDue gives the last day to pay an invoice that was deposited on a day, where the
// service was rendered before it; it is not put off (law.md, J1).
func PaymentDue(deposited Date) Date { return deposited.AddDays(paymentDays) }
