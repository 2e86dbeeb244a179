package v1_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/staff"
)

// Who may not sign prepares: the decision waits, and leaves from the hand of who may.
func TestADecisionIsPreparedForWhoSignsIt(t *testing.T) {
	t.Parallel()
	w := open(t)
	instructor := bearer(w.token(tenants.RoleInstructor))
	var deputy string
	w.Write(t, w.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) error {
		invited, err := staff.Invite(ctx, tx, staff.NewAgent{GivenName: "Paul", FamilyName: "Adjoint", Title: "Premier adjoint", Email: "paul@castanet.example", Subject: "paul", Role: tenants.RoleInstructor})
		if err != nil {
			return err
		}
		if _, err = staff.Delegate(ctx, tx, staff.Delegation{AgentID: invited.ID, Reference: "arrêté n°\u00a02026-114", DatedOn: calendar.NewDate(2026, 3, 3)}); err != nil {
			return err
		}
		deputy, _, err = staff.IssueToken(ctx, tx, invited.ID, "test")
		return err
	})
	var f struct{ Number string }
	w.post("/api/v1/requests", chairs()).into(http.StatusCreated, &f)
	path := "/api/v1/requests/" + f.Number
	var d struct {
		State     string
		Decisions []struct{ Outcome string }
		Prepared  *struct {
			Outcome, Signatory string
			PreparedBy         string `json:"prepared_by"`
			MaySign            bool   `json:"may_sign"`
		} `json:"prepared_decision"`
	}
	w.post(path+"/decision/signature", `{}`, bearer(deputy)...).problem(http.StatusConflict, "nothing_to_sign")
	w.post(path+"/decision", `{"outcome":"refuse"}`, instructor...).problem(http.StatusUnprocessableEntity, "reasons_required")
	var who struct {
		Signatories []struct {
			ID, Name     string
			Own, Default bool
		}
	}
	w.get(path+"/signatories", instructor...).into(http.StatusOK, &who)
	if len(who.Signatories) != 2 || !who.Signatories[0].Default || who.Signatories[1].Name != "Paul Adjoint" || who.Signatories[1].Own {
		t.Fatalf("who may sign: %+v", who)
	}
	w.get(path+"/signatories").problem(http.StatusUnauthorized, "token_needed")
	w.post(path+"/decision", `{"outcome":"accept","signatory":"nobody"}`, instructor...).problem(http.StatusUnprocessableEntity, "signatory_not_entitled")
	w.post(path+"/decision", `{"outcome":"accept","signatory":"`+who.Signatories[1].ID+`"}`, instructor...).into(http.StatusAccepted, &d)
	if d.Prepared == nil || d.Prepared.Outcome != "accept" || d.Prepared.PreparedBy != "Nour Alami" || d.Prepared.MaySign || len(d.Decisions) != 0 {
		t.Fatalf("prepared: %+v", d)
	}
	w.post(path+"/decision/signature", `{}`, instructor...).problem(http.StatusForbidden, "signature_needed")
	w.post(path+"/decision/signature", `{"version":1}`, bearer(deputy)...).problem(http.StatusConflict, "request_changed")
	d.Prepared = nil
	w.get(path, bearer(deputy)...).into(http.StatusOK, &d)
	if d.Prepared == nil {
		t.Fatal("whoever signs does not see it")
	}
	d.Prepared = nil
	w.post(path+"/decision/signature", `{}`, bearer(deputy)...).into(http.StatusCreated, &d)
	if d.Prepared != nil || len(d.Decisions) != 1 || d.Decisions[0].Outcome != "accept" {
		t.Errorf("signed: %+v", d)
	}
	// What is no decision leaves at once.
	w.post("/api/v1/requests", report()).into(http.StatusCreated, &f)
	w.post("/api/v1/requests/"+f.Number+"/decision", `{"outcome":"answer","reasons":"L’ampoule est changée."}`, instructor...).into(http.StatusCreated, &d)
}
