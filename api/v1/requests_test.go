package v1_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/v1"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/calendar"
)

// keys are an object's own, sorted.
func keys(t *testing.T, object json.RawMessage) []string {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(object, &m); err != nil {
		t.Fatalf("%s: %v", object, err)
	}
	return slices.Sorted(maps.Keys(m))
}

// The paths and names of these answers are fixed: other programs use them.
func TestFixedPoints(t *testing.T) {
	t.Parallel()
	w := open(t)
	has := func(object json.RawMessage, want ...string) {
		t.Helper()
		for _, k := range want {
			if !slices.Contains(keys(t, object), k) {
				t.Errorf("%q is missing in %s", k, object)
			}
		}
	}
	var list struct{ Items []json.RawMessage }
	w.get("/api/v1/procedures").into(200, &list)
	if len(list.Items) != 12 {
		t.Errorf("%d procedures; want twelve", len(list.Items))
	}
	effects := map[string]bool{}
	for _, item := range list.Items {
		has(item, "slug", "title", "silence")
		var p struct {
			Silence struct {
				Effect string
				Months *int
			}
		}
		if err := json.Unmarshal(item, &p); err != nil || p.Silence.Months == nil {
			t.Errorf("%s: %v", item, err)
		}
		effects[p.Silence.Effect] = true
	}
	if got := slices.Sorted(maps.Keys(effects)); !slices.Equal(got, []string{"acceptance", "none", "rejection"}) {
		t.Errorf("the effects of silence are %q", got)
	}

	answer := w.post("/api/v1/requests", report(), "Idempotency-Key", "k1")
	var filed json.RawMessage
	answer.into(http.StatusCreated, &filed)
	has(filed, "number", "tracking_code", "state", "received_at", "received_on", "silence")
	var f v1.Filed
	answer.into(http.StatusCreated, &f)
	if !regexp.MustCompile(`^26-\d{6}$`).MatchString(f.Number) || f.State != "received" || f.ReceivedOn != "2026-11-23" {
		t.Errorf("filed: %+v", f)
	}
	if answer.header.Get("Location") != "/api/v1/requests/"+f.Number {
		t.Errorf("Location: %q", answer.header.Get("Location"))
	}
	var loan struct{ Silence map[string]any }
	w.post("/api/v1/requests", chairs()).into(http.StatusCreated, &loan)
	if loan.Silence["effect"] != "rejection" && loan.Silence["effect"] != "acceptance" || loan.Silence["last_day"] == nil {
		t.Errorf("the silence of a loan is %v", loan.Silence)
	}
	// Where silence decides nothing the day is null, not left out.
	var copied struct{ Silence map[string]any }
	w.post("/api/v1/requests", report(func(b map[string]any) {
		b["procedure"], b["answers"] = "copie-acte-naissance", map[string]any{
			"type_acte": "extrait_sans_filiation", "exemplaires": 1, "nom_naissance": "Dupont", "prenoms": "Jeanne", "date_naissance": "1980-05-06", "remise": "courrier",
		}
	})).into(http.StatusCreated, &copied)
	if day, there := copied.Silence["last_day"]; !there || day != nil || copied.Silence["effect"] != "none" {
		t.Errorf("the silence of a copy is %v", copied.Silence)
	}

	token := bearer(w.token(tenants.RoleAdmin))
	var mine, theirs json.RawMessage
	w.get("/api/v1/requests/"+f.Number, "X-Tracking-Code", f.TrackingCode).into(200, &mine)
	w.get("/api/v1/requests/"+f.Number, token...).into(200, &theirs)
	for _, read := range []json.RawMessage{mine, theirs} {
		has(read, "number", "procedure", "state", "channel", "applicant", "answers", "received_at", "received_on", "silence", "messages", "document_requests", "decisions")
	}
}

func TestRepeatedSubmissionIsOneRequest(t *testing.T) {
	t.Parallel()
	w := open(t)
	key := []string{"Idempotency-Key", "the same"}
	first, again := w.file(report(), key...), w.file(report(), key...)
	if first.Number != again.Number || first.TrackingCode != again.TrackingCode || !first.ReceivedAt.Equal(again.ReceivedAt) {
		t.Errorf("the repetition gave %+v; want %+v", again, first)
	}
	other := report(func(b map[string]any) { b["answers"].(map[string]any)["lieu"] = "Ailleurs" })
	w.post("/api/v1/requests", other, key...).problem(409, "idempotency_mismatch")
	if third := w.file(other); third.Number == first.Number {
		t.Error("a submission without the key is the same request")
	}
	// A neighbour's key is its own.
	if there := w.neighbour().file(other, key...); there.TrackingCode == first.TrackingCode {
		t.Error("a key reached another commune")
	}
	w.post("/api/v1/requests", report(), "Idempotency-Key", strings.Repeat("k", 256)).problem(422, "request_invalid")
}

func TestChannels(t *testing.T) {
	t.Parallel()
	w := open(t)
	by := func(channel string) string { return report(func(b map[string]any) { b["channel"] = channel }) }
	token := bearer(w.token(tenants.RoleFront))
	for _, channel := range []string{"counter", "phone", "post", "email"} {
		w.post("/api/v1/requests", by(channel)).problem(403, "not_allowed")
		w.file(by(channel), token...)
	}
	w.file(by("web"))
	w.file(report(func(b map[string]any) { delete(b, "channel") }))
	p := w.post("/api/v1/requests", by("pigeon")).problem(422, "request_invalid")
	if got := locations(p); !slices.Equal(got, []string{"body.channel"}) {
		t.Errorf("locations: %q", got)
	}
	back := func(b map[string]any) { b["channel"] = "post"; b["received_on"] = "2026-11-16" }
	if f := w.file(report(back), token...); f.ReceivedOn != "2026-11-16" {
		t.Errorf("a letter of the 16th was received on %s", f.ReceivedOn)
	}
	w.post("/api/v1/requests", report(func(b map[string]any) { b["received_on"] = "2026-11-16" })).problem(422, "received_on_invalid")
}

func TestWhoMayRead(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.file(report())
	path := "/api/v1/requests/" + f.Number
	there := w.neighbour()
	abroad := there.file(report())
	token := w.token(tenants.RoleAdmin)

	w.get(path, "X-Tracking-Code", f.TrackingCode).into(200, &struct{}{})
	w.get(path, "X-Tracking-Code", strings.ToLower(f.TrackingCode)).into(200, &struct{}{})
	w.get(path, "X-Tracking-Code", abroad.TrackingCode).problem(404, "request_or_code_unknown")
	w.get(path).problem(404, "request_or_code_unknown")
	w.get(path, "X-Tracking-Code", strings.Repeat("A", 4000)).problem(404, "request_or_code_unknown")
	w.get("/api/v1/requests/26-999999", "X-Tracking-Code", f.TrackingCode).problem(404, "request_or_code_unknown")
	w.get("/api/v1/requests/26-999999", bearer(token)...).problem(404, "request_unknown")

	// Another commune's number, code and token open nothing.
	there.get(path, "X-Tracking-Code", f.TrackingCode).problem(404, "request_or_code_unknown")
	there.get(path, bearer(token)...).problem(401, "token_unknown")
	there.get("/api/v1/requests", bearer(token)...).problem(401, "token_unknown")
	there.post(path+"/messages", `{"body":"Bonjour"}`, "X-Tracking-Code", f.TrackingCode).problem(404, "request_or_code_unknown")
	there.post(path+"/notes", `{"body":"Bonjour"}`, bearer(token)...).problem(401, "token_unknown")

	for _, wrong := range []string{"Bearer pvs_wrong", "Bearer ", "Basic YTpi", "Bearer " + strings.Repeat("x", 5000), "pvs_x"} {
		w.get(path, "Authorization", wrong).problem(401, "token_unknown")
		w.post("/api/v1/requests", report(), "Authorization", wrong).problem(401, "token_unknown")
	}
	w.get("/api/v1/requests").problem(401, "token_needed")
	w.post(path+"/notes", `{"body":"Bonjour"}`, "X-Tracking-Code", f.TrackingCode).problem(401, "token_needed")
}

func TestGuessesOfCodesAreSlowedDown(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.file(report())
	for range 200 {
		if r := w.get("/api/v1/requests/"+f.Number, "X-Tracking-Code", "AAAA-BBBB"); r.status == 429 {
			r.problem(429, "too_many")
			// An agent goes on working meanwhile.
			w.get("/api/v1/requests/"+f.Number, bearer(w.token(tenants.RoleAdmin))...).into(200, &struct{}{})
			return
		}
	}
	t.Error("two hundred guesses, and no rest")
}

func TestAgentsWork(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.file(chairs())
	path, code := "/api/v1/requests/"+f.Number, []string{"X-Tracking-Code", f.TrackingCode}
	token := bearer(w.token(tenants.RoleInstructor))

	var written v1.Written
	w.post(path+"/messages", `{"body":"Bonjour, à quelle heure ?"}`, token...).into(201, &written)
	if written.ID == "" || written.Body != "Bonjour, à quelle heure ?" {
		t.Errorf("the message is %+v", written)
	}
	w.post(path+"/messages", `{"body":"À neuf heures."}`, code...).into(201, &written)
	w.post(path+"/notes", `{"body":"Vu avec le garage."}`, token...).into(201, &written)

	var d v1.RequestDetail
	ask := `{"items":[{"label":"Attestation d’assurance","legal_basis":"Règlement de prêt, article 4"}],"limit_on":"2027-01-15"}`
	w.post(path+"/document-requests", ask, token...).into(201, &d)
	if d.State != "waiting_documents" || len(d.DocumentRequests) != 1 || !d.DocumentRequests[0].Items[0].Indispensable || !d.Waiting {
		t.Errorf("after asking: %s, %+v, %+v", d.State, d.DocumentRequests, d.Waiting)
	}
	var seen v1.RequestDetail
	w.get(path, code...).into(200, &seen)
	if len(seen.Notes) != 0 || len(seen.Messages) != 2 || !seen.Messages[1].Incoming {
		t.Errorf("who asked sees %d notes and %+v", len(seen.Notes), seen.Messages)
	}
	w.get(path, token...).into(200, &d)
	if len(d.Notes) != 1 || d.Notes[0].Body != "Vu avec le garage." {
		t.Errorf("agents see %+v", d.Notes)
	}

	// A version that is not the present one changes nothing.
	decide := `{"outcome":"accept","version":1}`
	w.post(path+"/decision", decide, token...).problem(409, "request_changed")
	w.post(path+"/decision", `{"outcome":"refuse"}`, token...).problem(422, "reasons_required")
	w.post(path+"/decision", `{"outcome":"register"}`, token...).problem(422, "outcome_invalid")
	w.post(path+"/decision", `{"outcome":"accept"}`, code...).problem(401, "token_needed")
	w.post(path+"/decision", `{"outcome":"accept"}`, token...).into(201, &d)
	if d.State != "accepted" || len(d.Decisions) != 1 || d.Decisions[0].Letter == "" || d.Decisions[0].Implicit {
		t.Errorf("after deciding: %s, %+v", d.State, d.Decisions)
	}
	w.post(path+"/decision", `{"outcome":"accept"}`, token...).problem(409, "action_not_possible")
}

func TestFrontDeskDecidesNothing(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := w.file(chairs())
	w.post("/api/v1/requests/"+f.Number+"/decision", `{"outcome":"accept"}`, bearer(w.token(tenants.RoleFront))...).problem(403, "not_allowed")
}

func TestListOfAgents(t *testing.T) {
	t.Parallel()
	w := open(t)
	numbers := map[string]bool{}
	for range 5 {
		numbers[w.file(report()).Number] = true
	}
	loan := w.file(chairs())
	w.neighbour().file(report())
	token := bearer(w.token(tenants.RoleAdmin))
	type page struct {
		Items []v1.RequestRow
		Next  string
		Total int
	}
	list := func(query string) page {
		t.Helper()
		var p page
		w.get("/api/v1/requests?"+query, token...).into(200, &p)
		return p
	}
	if p := list(""); len(p.Items) != 6 || p.Total != 6 || p.Next != "" || p.Items[0].Number != loan.Number {
		t.Errorf("the list has %d of %d, next %q, first %+v; want the one that is due first", len(p.Items), p.Total, p.Next, p.Items[0])
	}
	p0 := list("limit=1").Items[0]
	if p := list("procedure=pret-materiel"); len(p.Items) != 1 || p.Items[0].Number != loan.Number {
		t.Errorf("by procedure: %+v", p)
	}
	if p := list("state=received"); len(p.Items) != 6 {
		t.Errorf("by state: %+v", p)
	}
	if p := list("state=accepted"); len(p.Items) != 0 || p.Items == nil {
		t.Errorf("by another state: %+v", p)
	}
	if p := list("due_before=2026-11-21"); len(p.Items) != 0 {
		t.Errorf("due before today: %+v", p)
	}
	if p := list("due_before=" + p0.DueOn); len(p.Items) != 0 {
		t.Errorf("due before the first due day: %+v", p)
	}
	if p := list("due_before=2028-01-01&procedure=pret-materiel"); len(p.Items) != 1 {
		t.Errorf("due before 2028: %+v", p)
	}
	if p := list("q=" + loan.Number); len(p.Items) != 1 {
		t.Errorf("by number: %+v", p)
	}
	if p := list("q=Lefevre"); len(p.Items) != 6 {
		t.Errorf("by name: %+v", p)
	}
	cursor, pages := "", 0
	for {
		p := list("procedure=signalement-voirie&limit=2&cursor=" + cursor)
		pages++
		for _, row := range p.Items {
			if !numbers[row.Number] {
				t.Errorf("%s comes twice, or from elsewhere", row.Number)
			}
			delete(numbers, row.Number)
		}
		if cursor = p.Next; cursor == "" || pages > 5 {
			break
		}
	}
	if len(numbers) > 0 || pages != 3 {
		t.Errorf("%d pages, without %v", pages, numbers)
	}
	for query, code := range map[string]string{
		"cursor=abc": "cursor_invalid", "state=lost": "filter_invalid", "limit=0": "request_invalid", "limit=101": "request_invalid",
		"limit=x": "request_invalid", "due_before=tomorrow": "request_invalid", "secret_word=1": "request_invalid", "q=%00": "", "state=%00": "filter_invalid",
		"q=%ff%fe": "", "procedure=%ff": "", "q=" + strings.Repeat("é", 201): "request_invalid",
	} {
		r := w.get("/api/v1/requests?"+query, token...)
		switch {
		case code != "":
			p := r.problem(422, code)
			if len(p.Errors) == 0 || !strings.HasPrefix(p.Errors[0].Location, "query") || strings.Contains(string(r.body), "secret_word") {
				t.Errorf("%s: %s", query, r.body)
			}
		case r.status != 200 && r.status != 422:
			t.Errorf("%s: %d %s", query, r.status, r.body)
		}
	}
}

func TestTheDecisionByEmailIsAskedFor(t *testing.T) {
	t.Parallel()
	w := open(t)
	token := bearer(w.token(tenants.RoleAdmin))
	agrees := func(b map[string]any) { b["applicant"].(map[string]any)["decision_by_email"] = true }
	refuse := `{"outcome":"refuse","reasons":"Déjà prêtées.","delivery":"email"}`
	on := func(f v1.Filed) string { return "/api/v1/requests/" + f.Number }

	silent, agreed := w.file(chairs()), w.file(report(agrees))
	w.post(on(silent)+"/decision", refuse, token...).problem(422, "delivery_invalid")
	var d v1.RequestDetail
	w.get(on(agreed), token...).into(200, &d)
	if !d.Applicant.DecisionEmail {
		t.Error("the agreement is not read back")
	}
	d = v1.RequestDetail{}
	w.get(on(silent), token...).into(200, &d)
	if d.Applicant.DecisionEmail {
		t.Error("agreed without a word")
	}
	w.post(on(silent)+"/decision", `{"outcome":"accept"}`, token...).into(http.StatusCreated, &d)
	if len(d.Decisions) != 1 || d.Decisions[0].NotifiedOn != "" || strings.Contains(d.Decisions[0].Letter, "[") {
		t.Errorf("decided as %+v", d.Decisions)
	}
	bare := report(agrees, func(b map[string]any) { delete(b["applicant"].(map[string]any), "email") })
	if got := locations(w.post("/api/v1/requests", bare).problem(422, "applicant_invalid")); !slices.Equal(got, []string{"body.applicant.email"}) {
		t.Errorf("an agreement without an address: %q", got)
	}
}

// What was posted is notified on the day on which a program says that it came.
func TestTheArrivalOfWhatWasPostedIsNoted(t *testing.T) {
	t.Parallel()
	w := open(t)
	token := bearer(w.token(tenants.RoleInstructor))
	today := calendar.On(w.Clock.Now(), w.Tenant.Zone()).String()
	on := func(f v1.Filed) string { return "/api/v1/requests/" + f.Number }
	day := func(d string) string { return `{"on":"` + d + `"}` }
	refused, asked := w.file(chairs()), w.file(chairs())
	w.post(on(refused)+"/decision/notification", day(today), token...).problem(404, "decision_unknown")
	var d v1.RequestDetail
	w.post(on(refused)+"/decision", `{"outcome":"refuse","reasons":"Déjà prêtées.","delivery":"post"}`, token...).into(201, &d)
	w.post(on(refused)+"/decision/notification", day("2099-01-01"), token...).problem(422, "notified_on_invalid")
	w.post(on(refused)+"/decision/notification", day("yesterday"), token...).problem(422, "request_invalid")
	w.post(on(refused)+"/decision/notification", day(today), bearer("nobody")...).problem(401, "token_unknown")
	w.post(on(refused)+"/decision/notification", day(today), token...).into(201, &d)
	if d.Decisions[0].NotifiedOn != today || d.Decisions[0].AppealLastDay == "" {
		t.Errorf("notified as %+v", d.Decisions)
	}
	ask := `{"items":[{"label":"Attestation d’assurance","legal_basis":"Règlement de prêt, article 4"}],"limit_on":"2027-01-15","delivery":"post"}`
	w.post(on(asked)+"/document-requests", ask, token...).into(201, &d)
	w.post(on(asked)+"/document-requests/notification", day(today), token...).into(201, &d)
	if d.DocumentRequests[0].ArrivedOn != today {
		t.Errorf("the notice came as %+v", d.DocumentRequests)
	}
}
