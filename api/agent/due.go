package agent

import (
	"slices"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// dueSentence says what the law expects, and when.
func dueSentence(d requests.Detail, today calendar.Date) string {
	if !d.State.Open() {
		return ""
	}
	switch {
	case d.Waiting && d.SilenceLastDay.IsZero() && d.Silence.Effect.Decides():
		return "Le délai légal ne court pas\u00a0: des pièces sont attendues."
	case answerBinds(d):
		return answerSentence(d, today)
	case !d.SilenceLastDay.IsZero() && d.SilenceLastDay.Before(today):
		return "Le délai légal est écoulé depuis le " + d.SilenceLastDay.French() + "."
	case !d.SilenceLastDay.IsZero():
		return "À notifier au plus tard le " + d.SilenceLastDay.French() + "\u00a0; ensuite, " + silenceWords(d.Silence.Effect, d.Procedure.Silence) + "."
	case !d.DueOn.IsZero():
		return "Engagement du service\u00a0: répondre avant le " + d.DueOn.French() + "."
	}
	return ""
}

// answerBinds tells whether the day that counts is that by which a text wants an answer.
func answerBinds(d requests.Detail) bool {
	due := d.Deadline.AnswerDue
	return !due.IsZero() && due == d.DueOn && due != d.SilenceLastDay
}

// answerSentence says until when a text wants an answer although silence decides nothing.
func answerSentence(d requests.Detail, today calendar.Date) string {
	law := " (" + d.Procedure.Silence.Source + ")."
	if d.Deadline.AnswerDue.Before(today) {
		return "La réponse était due au plus tard le " + d.Deadline.AnswerDue.French() + law
	}
	return "Réponse due au plus tard le " + d.Deadline.AnswerDue.French() + law
}

// answerSteps are those of the day by which a text wants an answer.
func answerSteps(d requests.Detail) []calendar.Step {
	return slices.DeleteFunc(slices.Clone(d.Dates.Steps), func(s calendar.Step) bool {
		return s.Kind != calendar.StepAnswerDue && s.Kind != calendar.StepExtended
	})
}
