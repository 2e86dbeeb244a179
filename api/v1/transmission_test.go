package v1_test

import (
	"net/http"
	"testing"

	"github.com/parvis-gru/parvis/api/v1"
	"github.com/parvis-gru/parvis/tenants"
)

func TestARequestIsTransmittedByTheAPI(t *testing.T) {
	t.Parallel()
	w := open(t)
	token := bearer(w.token(tenants.RoleInstructor))
	path := "/api/v1/requests/" + w.file(report()).Number + "/transmission"
	const reason = `"reason":"La rue est à Ramonville."`
	w.post(path, `{"to":{"code":"31446"},`+reason+`}`).problem(401, "token_needed")
	w.post(path, `{"to":{"code":"31446"},`+reason+`}`, bearer(w.token(tenants.RoleFront))...).problem(403, "not_allowed")
	w.post(path, `{"to":{"code":"31113"},`+reason+`}`, token...).problem(422, "transmission_self")
	w.post(path, `{"to":{"code":"99999"},`+reason+`}`, token...).problem(404, "recipient_unknown")
	w.post(path, `{"to":{"code":"31446"},"procedure":"rien-de-tel",`+reason+`}`, token...).problem(422, "recipient_procedure")
	w.post(path, `{"to":{"name":"Préfecture"},`+reason+`}`, token...).problem(422, "outside_address")
	var d v1.RequestDetail
	w.post(path, `{"to":{"code":"31446"},`+reason+`}`, token...).into(http.StatusCreated, &d)
	if d.State != "transmitting" || len(d.Transmissions) != 1 || d.Transmissions[0].Code != "31446" || d.Transmissions[0].State != "pending" {
		t.Fatalf("%s %+v", d.State, d.Transmissions)
	}
	w.post(path, `{"to":{"code":"31446"},`+reason+`}`, token...).problem(409, "transmission_going")
	w.post(path+"/recall", `{}`, token...).into(http.StatusCreated, &d)
	if d.State != "in_review" || d.Transmissions[0].State != "recalled" {
		t.Errorf("called back: %s %+v", d.State, d.Transmissions)
	}
	w.post(path+"/recall", `{}`, token...).problem(409, "action_not_possible")
	w.post(path, `{"to":{"name":"Département","email":"voirie@departement.example"},`+reason+`}`, token...).into(http.StatusCreated, &d)
	if d.State != "transmitted" || d.Transmissions[1].Way != "outside" || d.ClosedOn == "" {
		t.Errorf("outside: %s %+v", d.State, d.Transmissions)
	}
}
