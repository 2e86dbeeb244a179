package web

import "github.com/parvis-gru/parvis/tenants/calendar"

// Reason is one step: what was counted, by which text, to which day, in a French sentence.
type Reason struct {
	Kind    string `json:"kind" doc:"What the step is about; a date of the answer has a step of its name"`
	Article string `json:"article"`
	Text    string `json:"text"`
	Date    string `json:"date,omitempty" format:"date"`
	From    string `json:"from,omitempty" format:"date" doc:"What was counted from"`
	Amount  int    `json:"amount,omitempty" doc:"How many units; negative: counted back"`
	Unit    string `json:"unit,omitempty" enum:"days,working_days,clear_days,months,clear_months"`
}

// LegalDates are the dates that the law draws from facts, as JSON says them.
type LegalDates struct {
	ReceivedOn        string   `json:"received_on" format:"date" doc:"The civil day of the territory"`
	CompetentOn       string   `json:"competent_received_on,omitempty" format:"date"`
	Regime            string   `json:"regime" enum:"electronic,paper"`
	Effect            string   `json:"effect" enum:"acceptance,rejection,declaration,none" doc:"What silence will mean as the facts stand"`
	RegistrationDue   *string  `json:"registration_notice_due_on" format:"date" doc:"AEE, where the receipt is not instant; null: none is due"`
	ReceiptDue        *string  `json:"receipt_due_on" format:"date" doc:"AR or ARE; on paper it is advice; null: none is due"`
	NoReceipt         string   `json:"no_receipt,omitempty" doc:"The article by which no receipt is due"`
	FileFrom          string   `json:"file_from,omitempty" format:"date"`
	FileBy            string   `json:"file_by,omitempty" format:"date" doc:"The last day to file a declaration before its event"`
	FiledLate         bool     `json:"filed_late,omitempty"`
	LastDay           *string  `json:"last_day" format:"date" doc:"The last day to notify a decision; null where silence decides nothing, or while an acceptance waits for documents"`
	EffectiveFrom     *string  `json:"effective_from" format:"date" doc:"The silent decision exists from this day, 00:00; null as last_day is"`
	Suspended         bool     `json:"suspended,omitempty" doc:"Documents are awaited"`
	ReasonsDue        string   `json:"reasons_due_on,omitempty" format:"date" doc:"The reasons of a silent refusal that were asked for are due (CRPA L.232-4)"`
	AnswerDue         string   `json:"answer_due_on,omitempty" format:"date" doc:"An answer is due although silence decides nothing"`
	AppealFrom        string   `json:"appeal_from,omitempty" format:"date"`
	AppealLastDay     string   `json:"appeal_last_day,omitempty" format:"date" doc:"None where no day binds the applicant"`
	GraciousBy        string   `json:"gracious_appeal_by,omitempty" format:"date"`
	WithdrawalLastDay string   `json:"withdrawal_last_day,omitempty" format:"date" doc:"The last day to withdraw an illegal silent acceptance"`
	Reasons           []Reason `json:"reasons" doc:"How each date was reached, in order"`
	Warnings          []string `json:"warnings" doc:"In French, to be shown beside the dates"`
}

// LegalDatesOf writes an answer of the calendar as JSON says it.
func LegalDatesOf(d calendar.Dates) LegalDates {
	out := LegalDates{
		ReceivedOn: d.ReceivedOn.String(), CompetentOn: d.CompetentOn.String(), Regime: string(d.Regime), Effect: string(d.Effect),
		RegistrationDue: DayOrNull(d.RegistrationDue), ReceiptDue: DayOrNull(d.ReceiptDue), NoReceipt: d.Exemption,
		FileFrom: d.FileFrom.String(), FileBy: d.FileBy.String(), FiledLate: d.FiledLate,
		LastDay: DayOrNull(d.LastDay), EffectiveFrom: DayOrNull(d.AcquiredOn), Suspended: d.Suspended, ReasonsDue: d.ReasonsDue.String(), AnswerDue: d.AnswerDue.String(),
		AppealFrom: d.Appeal.From.String(), AppealLastDay: d.Appeal.LastDay.String(), GraciousBy: d.GraciousBy.String(), WithdrawalLastDay: d.WithdrawalLastDay.String(),
		Reasons: make([]Reason, len(d.Steps)), Warnings: append([]string{}, d.Warnings...),
	}
	for i, s := range d.Steps {
		out.Reasons[i] = Reason{Kind: string(s.Kind), Article: s.Article, Text: s.Text, Date: s.Date.String(), From: s.From.String(), Amount: s.Amount, Unit: string(s.Unit)}
	}
	return out
}

// DayOrNull is a day as JSON says it; none is null.
func DayOrNull(d calendar.Date) *string {
	if d.IsZero() {
		return nil
	}
	text := d.String()
	return &text
}
