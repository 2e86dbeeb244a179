package v1_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/v1"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
)

const simulatePath = "/api/v1/deadlines/simulate"

// The worked cases of the law, as a program asks for them.
func TestSimulateTheLawsCases(t *testing.T) {
	t.Parallel()
	w := open(t)
	agent := w.token(tenants.RoleFront)
	for _, c := range []struct{ name, body, want string }{
		{"C1", `{"rule":{"effect":"rejection","months":2},"territory":"reunion","received_at":"2026-11-30T21:30:00Z"}`, "received_on 2026-12-01 last_day 2027-02-01"},
		{"C2", `{"rule":{"effect":"rejection","months":2},"territory":"polynesie-francaise","received_at":"2026-12-01T08:00:00Z"}`, "received_on 2026-11-30 last_day 2027-01-30"},
		{"C3", `{"rule":{"effect":"acceptance","months":2},"territory":"guadeloupe","received_at":"2027-05-27T00:00:00Z"}`, "received_on 2027-05-26 receipt_due_on 2027-06-10"},
		{"A1", `{"rule":{"effect":"acceptance","months":2},"territory":"metropole","received_at":"2026-10-30T18:40:00+01:00"}`, "registration_notice_due_on 2026-11-02 receipt_due_on 2026-11-16"},
		{"A3", `{"rule":{"effect":"acceptance","months":2},"territory":"alsace-moselle","temple":true,"received_at":"2027-03-25T10:00:00+01:00"}`, "registration_notice_due_on 2027-03-30 receipt_due_on 2027-04-12"},
		{"A4", `{"rule":{"effect":"acceptance","months":2},"territory":"guadeloupe","kind":"demande","channel":"portal","received_at":"2027-05-26T10:00:00-04:00"}`, "registration_notice_due_on 2027-05-28 receipt_due_on 2027-06-10"},
		{"B2", `{"procedure":"copie-acte-naissance","channel":"post","received_at":"2026-12-01T10:00:00+01:00"}`, "no_receipt CRPA R.112-4 2° receipt_due_on – last_day –"},
		{"D1", `{"procedure":"terrasse","received_at":"2026-12-01T10:00:00+01:00"}`, "last_day 2027-02-01 effective_from 2027-02-02 appeal_last_day 2027-04-02"},
		{"D2", `{"procedure":"terrasse","received_at":"2026-12-01T10:00:00+01:00","receipt":"incomplete"}`, "last_day 2027-02-01 appeal_last_day –"},
		{"D3", `{"procedure":"terrasse","received_at":"2026-12-01T10:00:00+01:00","receipt":"missing","refusal":{"notified_on":"2027-01-15"}}`, "appeal_last_day 2027-03-16"},
		{"E1", `{"rule":{"effect":"acceptance","months":2},"received_at":"2026-12-01T10:00:00+01:00","competent_received_at":"2026-12-10T10:00:00+01:00"}`, "last_day 2027-02-10 receipt_due_on 2026-12-24 withdrawal_last_day 2027-06-10"},
		{"F1", `{"procedure":"buvette-temporaire","received_at":"2026-12-01T10:00:00+01:00","notices":[{"notified_on":"2026-12-08","limit_on":"2026-12-23","completed_on":"2026-12-18"}]}`, "last_day 2027-02-18"},
		{"F3", `{"procedure":"buvette-temporaire","received_at":"2026-12-01T10:00:00+01:00","notices":[{"notified_on":"2026-12-08"}]}`, "last_day – effective_from –"},
		{"F4", `{"rule":{"effect":"rejection","months":2},"received_at":"2026-12-01T10:00:00+01:00","notices":[{"notified_on":"2026-12-08","limit_on":"2026-12-23","completed_on":"2026-12-18"}]}`, "last_day 2027-02-11"},
		{"vide-grenier", `{"procedure":"vide-grenier","channel":"counter","received_at":"2027-05-02T10:00:00+02:00","event_on":"2027-05-16"}`, "file_by 2027-05-01 last_day – no_receipt CRPA L.112-3"},
		{"CADA", `{"procedure":"documents-administratifs","received_at":"2027-01-10T10:00:00+01:00"}`, "last_day 2027-02-10 appeal_last_day 2027-04-10"},
		{"RGPD", `{"rule":{"effect":"none","code":"privacy"},"received_at":"2027-03-05T10:00:00+01:00","extended_on":"2027-03-20"}`, "answer_due_on 2027-06-07"},
		// Reasons of a silent refusal let the time for appeal run anew; a compulsory appeal comes before the court's.
		{"L.232-4", `{"procedure":"terrasse","received_at":"2026-12-01T10:00:00+01:00","reasons":{"asked_on":"2027-02-10","given_on":"2027-03-05"}}`, "last_day 2027-02-01 reasons_due_on 2027-03-10 appeal_last_day 2027-05-07"},
		{"CADA, seized", `{"procedure":"documents-administratifs","received_at":"2027-01-10T10:00:00+01:00","prior_appeal":{"seized_on":"2027-03-01","registered_on":"2027-03-03"}}`, "last_day 2027-02-10 appeal_last_day 2027-07-05"},
		{"L.600-12-2", `{"rule":{"effect":"rejection","months":2},"route":"planning","review":true,"received_at":"2027-01-20T10:00:00+01:00","contested":{"on":"2027-01-05"}}`, "last_day 2027-03-20 appeal_last_day 2027-03-08"},
	} {
		for _, header := range [][]string{nil, bearer(agent)} {
			var got map[string]any
			w.post(simulatePath, c.body, header...).into(http.StatusOK, &got)
			words := strings.Fields(strings.NewReplacer("CRPA R.112-4 2°", "CRPA_R.112-4_2°", "CRPA L.112-3", "CRPA_L.112-3").Replace(c.want))
			for i := 0; i+1 < len(words); i += 2 {
				want, value := strings.ReplaceAll(words[i+1], "_", " "), ""
				if text, ok := got[words[i]].(string); ok {
					value = text
				}
				if value != strings.TrimPrefix(want, "–") {
					t.Errorf("%s: %s is %q, want %q", c.name, words[i], value, want)
				}
			}
			for _, key := range []string{"received_on", "registration_notice_due_on", "receipt_due_on", "last_day", "effective_from"} {
				if _, there := got[key]; !there {
					t.Errorf("%s: %s is left out, not null", c.name, key)
				}
			}
			reasons, _ := got["reasons"].([]any)
			for _, key := range []string{"received_on", "registration_notice_due_on", "receipt_due_on", "last_day", "effective_from", "appeal_last_day", "withdrawal_last_day", "answer_due_on", "file_by", "reasons_due_on"} {
				if date := got[key]; date != nil && !slices.ContainsFunc(reasons, func(r any) bool {
					step, _ := r.(map[string]any)
					return step["kind"] == key && step["date"] == date && step["article"] != "" && step["text"] != ""
				}) {
					t.Errorf("%s: no reason for %s %v", c.name, key, date)
				}
			}
		}
	}
}

func TestSimulateRefusesWithTheArticle(t *testing.T) {
	t.Parallel()
	w := open(t)
	const rule = `"rule":{"effect":"rejection","months":2},"received_at":"2026-12-01T10:00:00+01:00"`
	for _, c := range []struct{ name, body, at, article string }{
		{"an unknown territory", `{` + rule + `,"territory":"atlantide"}`, "body.territory", "CRPA, livre V"},
		{"papers before the request", `{` + rule + `,"notices":[{"notified_on":"2026-12-08","limit_on":"2026-12-23","completed_on":"2026-11-18"}]}`, "body.notices.0.completed_on", "CRPA L.114-3"},
		{"a limit in the past", `{` + rule + `,"notices":[{"notified_on":"2026-12-08","limit_on":"2026-12-01"}]}`, "body.notices.0.limit_on", "CRPA L.114-5"},
		{"a notice that comes too late", `{` + rule + `,"notices":[{"notified_on":"2027-02-02","limit_on":"2027-02-20"}]}`, "body.notices.0.notified_on", "CRPA L.114-5"},
		{"a transmission before the reception", `{` + rule + `,"competent_received_at":"2026-11-30T10:00:00+01:00"}`, "body.competent_received_at", "CRPA L.114-3"},
		{"a day far away", `{"rule":{"effect":"rejection","months":2},"received_at":"2126-12-01T10:00:00+01:00"}`, "body.received_at", "CRPA L.114-3"},
		{"a limit far away", `{` + rule + `,"notices":[{"notified_on":"2026-12-08","limit_on":"2126-12-23"}]}`, "body.notices.0.limit_on", "CRPA L.114-3"},
		{"no rule", `{"received_at":"2026-12-01T10:00:00+01:00"}`, "body.rule", "CRPA L.231-1, L.231-4"},
		{"a rule beside a procedure", `{"procedure":"terrasse",` + rule + `}`, "body.rule", "CRPA L.231-1, L.231-4"},
		{"a rule without months", `{"rule":{"effect":"rejection"},"received_at":"2026-12-01T10:00:00+01:00"}`, "body.rule.months", "CRPA L.231-1, L.231-4"},
		{"a suspension too long", `{` + rule + `,"suspensions":[{"from_on":"2026-12-10","until_on":"2027-03-11"}]}`, "body.suspensions.0.until_on", "CRPA L.115-3, R.115-5"},
		{"reasons outside the time for appeal", `{` + rule + `,"reasons":{"asked_on":"2027-01-10"}}`, "body.reasons.asked_on", "CRPA L.232-4"},
		{"reasons of an acceptance", `{"rule":{"effect":"acceptance","months":2},"received_at":"2026-12-01T10:00:00+01:00","reasons":{"asked_on":"2027-02-10"}}`, "body.reasons.asked_on", "CRPA L.232-4"},
		{"reasons given before they are asked for", `{` + rule + `,"reasons":{"asked_on":"2027-02-10","given_on":"2027-02-09"}}`, "body.reasons.given_on", "CRPA L.232-4"},
		{"a prior appeal where none is compulsory", `{` + rule + `,"prior_appeal":{"seized_on":"2027-02-10"}}`, "body.prior_appeal.seized_on", "CRPA L.412-1"},
		{"a prior appeal recorded before it is made", `{` + rule + `,"route":"cada","prior_appeal":{"seized_on":"2027-02-10","registered_on":"2027-02-09"}}`, "body.prior_appeal.registered_on", "CRPA R.343-1"},
		{"a contested decision of no planning", `{` + rule + `,"review":true,"contested":{"on":"2026-11-10"}}`, "body.contested.on", "C. urb. L.600-12-2"},
		{"a contested decision of later", `{` + rule + `,"review":true,"route":"planning","contested":{"on":"2026-12-02"}}`, "body.contested.on", "CRPA L.411-2"},
		{"an extension of what is no personal data", `{` + rule + `,"extended_on":"2026-12-10"}`, "body.extended_on", "RGPD art. 12.3"},
		{"a declaration that decides", `{` + rule + `,"kind":"declaration"}`, "body.rule.effect", "CRPA L.231-1"},
	} {
		var p v1.Problem
		w.post(simulatePath, c.body).into(http.StatusUnprocessableEntity, &p)
		if len(p.Errors) != 1 || p.Errors[0].Location != c.at || p.Errors[0].Article != c.article || !strings.HasSuffix(p.Errors[0].Message, ".") {
			t.Errorf("%s: %+v", c.name, p)
		}
	}
}

func TestSimulateIsOpenForWhatIsPublished(t *testing.T) {
	t.Parallel()
	w := open(t)
	agent := bearer(w.token(tenants.RoleFront))
	w.Write(t, w.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		return catalogue.SetOpen(ctx, tx.As(tenants.Actor{Kind: tenants.ActorAgent, ID: tenants.NewID(), Role: tenants.RoleAdmin}), "terrasse", false)
	})
	for _, c := range []struct {
		slug          string
		guest, agents int
	}{{"terrasse", http.StatusNotFound, http.StatusOK}, {"permis-construire", http.StatusNotFound, http.StatusOK}, {"cantine", http.StatusOK, http.StatusOK}, {"inconnue", http.StatusNotFound, http.StatusNotFound}} {
		body := `{"procedure":"` + c.slug + `","received_at":"2026-12-01T10:00:00+01:00"}`
		if got := w.post(simulatePath, body); got.status != c.guest {
			t.Errorf("%s: anybody gets %d", c.slug, got.status)
		}
		if got := w.post(simulatePath, body, agent...); got.status != c.agents {
			t.Errorf("%s: an agent gets %d", c.slug, got.status)
		}
	}
	body := `{"procedure":"cantine","received_at":"2026-12-01T10:00:00+01:00"}`
	for range 200 {
		if got := w.post(simulatePath, body); got.status == http.StatusTooManyRequests {
			if again := w.post(simulatePath, body, agent...); again.status != http.StatusOK {
				t.Errorf("an agent is slowed down too: %d", again.status)
			}
			return
		}
	}
	t.Error("a stranger's program computes as fast as it likes")
}
