package v1_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/api/v1"
	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
)

// marker stands for what a citizen typed: no problem may hold it.
const marker = "zz_dupont_marker"

// set changes the body at a path.
func set(value any, path ...string) func(map[string]any) {
	return func(b map[string]any) {
		for _, p := range path[:len(path)-1] {
			b = b[p].(map[string]any)
		}
		if value == nil {
			delete(b, path[len(path)-1])
			return
		}
		b[path[len(path)-1]] = value
	}
}

func TestBadBodies(t *testing.T) {
	t.Parallel()
	w := open(t)
	deep := strings.Repeat("[", 200) + `"` + marker + `"` + strings.Repeat("]", 200)
	cases := []struct {
		name, body string
		status     int
		code       string
		at         []string
	}{
		{"malformed", `{"procedure":"` + marker, 400, "json_invalid", nil},
		{"no JSON", marker, 400, "json_invalid", nil},
		{"two values", report() + `{"` + marker + `":1}`, 400, "json_invalid", nil},
		{"a list", `["` + marker + `"]`, 422, "request_invalid", []string{"body"}},
		{"null", `null`, 422, "request_invalid", []string{"body"}},
		{"too deep", report(set(marker, "answers", "lieu")) + deep, 400, "json_too_deep", nil},
		{"deep answers", strings.Replace(report(set("DEEP", "answers", "lieu")), `"DEEP"`, deep, 1), 400, "json_too_deep", nil},
		{"too large", report(set(strings.Repeat(marker, 20_000), "answers", "lieu")), 413, "body_too_large", nil},
		{"unknown field", report(set("x", marker)), 422, "request_invalid", []string{"body"}},
		{"unknown field of the applicant", report(set("x", "applicant", marker)), 422, "request_invalid", []string{"body.applicant"}},
		{"unknown answer", report(set("x", "answers", marker)), 422, "answers_invalid", []string{"body.answers"}},
		{"unknown hostile answer", report(set("x", "answers", "<script>"+marker)), 422, "answers_invalid", []string{"body.answers"}},
		{"no procedure", report(set(nil, "procedure")), 422, "request_invalid", []string{"body.procedure"}},
		{"no applicant", report(set(nil, "applicant")), 422, "request_invalid", []string{"body.applicant"}},
		{"no answers", report(set(nil, "answers")), 422, "request_invalid", []string{"body.answers"}},
		{"a procedure that is a number", report(set(12, "procedure")), 422, "request_invalid", []string{"body.procedure"}},
		{"an applicant that is a text", report(set(marker, "applicant")), 422, "request_invalid", []string{"body.applicant"}},
		{"answers that are a text", report(set(marker, "answers")), 422, "answers_invalid", []string{"body.answers"}},
		{"answers that are a list", report(set([]string{marker}, "answers")), 422, "answers_invalid", []string{"body.answers"}},
		{"an answer of the wrong type", report(set(map[string]any{marker: 1}, "answers", "lieu")), 422, "answers_invalid", []string{"body.answers.lieu"}},
		{"an answer that is no choice", report(set(marker, "answers", "categorie")), 422, "answers_invalid", []string{"body.answers.categorie"}},
		{"a missing answer", report(set(nil, "answers", "lieu")), 422, "answers_invalid", []string{"body.answers.lieu"}},
		{"a wrong address", report(set(marker, "applicant", "email")), 422, "applicant_invalid", []string{"body.applicant.email"}},
		{"a wrong number", report(set(marker, "applicant", "phone")), 422, "applicant_invalid", []string{"body.applicant.phone"}},
		{"a name too long", report(set(strings.Repeat(marker, 20), "applicant", "family_name")), 422, "request_invalid", []string{"body.applicant.family_name"}},
		{"a day that is none", report(set(marker, "received_on")), 422, "request_invalid", []string{"body.received_on"}},
		{"a procedure that cannot be one", report(set(marker, "procedure")), 422, "request_invalid", []string{"body.procedure"}},
		{"an unknown procedure", report(set("zz-dupont", "procedure")), 404, "procedure_unknown", nil},
		{"NUL in the procedure", report(set(marker+"\x00", "procedure")), 422, "request_invalid", []string{"body.procedure"}},
		{"a key twice", strings.Replace(report(), `"lieu":`, `"lieu":"`+marker+`","lieu":`, 1), 422, "json_duplicate_key", nil},
	}
	for _, c := range cases {
		r := w.post("/api/v1/requests", c.body)
		p := r.problem(c.status, c.code)
		if got := locations(p); c.at != nil && !slices.Equal(got, c.at) {
			t.Errorf("%s: the problem is at %q; want %q", c.name, got, c.at)
		}
		if strings.Contains(string(r.body), "dupont") || strings.Contains(string(r.body), "script") {
			t.Errorf("%s: the problem repeats what was sent: %s", c.name, r.body)
		}
		for _, e := range p.Errors {
			if e.Message == "" || e.Code == "" || e.Message == "Cette réponse est à corriger." || e.Message == "Cette valeur n’est pas acceptée." {
				t.Errorf("%s: %+v says nothing useful", c.name, e)
			}
		}
	}
	var list struct{ Total int }
	w.get("/api/v1/requests", bearer(w.token(tenants.RoleAdmin))...).into(200, &list)
	if list.Total != 0 {
		t.Errorf("%d requests were kept of what was refused", list.Total)
	}
}

func TestHostileTextsAreKeptAsText(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, text := range []string{
		`<script>alert(1)</script>`, `'; drop table request; --`, `{{.Settings}} %s %[1]d`, "\u202Eevil\u2066", "e\u0301\U0001F600", "a\r\nBcc: x@example.org",
		`\\..\\..\\etc\\passwd`, "\ufeffx", strings.Repeat("é", 100),
	} {
		f := w.file(report(set(text, "answers", "lieu"), set(text, "applicant", "family_name")))
		var d v1.RequestDetail
		w.get("/api/v1/requests/"+f.Number, "X-Tracking-Code", f.TrackingCode).into(200, &d)
		if d.Applicant.FamilyName == "" || d.State != "received" {
			t.Errorf("%q became %+v", text, d)
		}
		if strings.ContainsAny(d.Applicant.FamilyName, "\r\n\x00\u202e") {
			t.Errorf("%q is kept as %q", text, d.Applicant.FamilyName)
		}
	}
}

func TestOtherDoors(t *testing.T) {
	t.Parallel()
	w := open(t)
	token := bearer(w.token(tenants.RoleAdmin))
	w.post("/api/v1/requests", "a=b", "Content-Type", "application/x-www-form-urlencoded").problem(415, "media_type")
	w.post("/api/v1/requests", report(), "Content-Type", "text/plain").problem(415, "media_type")
	w.call(http.MethodPost, "/api/v1/requests", "").problem(415, "media_type")
	w.file(report(), "Content-Type", "application/json; charset=utf-8")
	w.get("/api/v1/nothing").problem(404, "not_found")
	w.post("/api/v2/requests", report()).problem(404, "not_found")
	w.get("/api/v1/procedures/"+marker).problem(404, "procedure_unknown")
	for _, path := range []string{"/api/v1/requests/26-%00", "/api/v1/requests/%ff%fe", "/api/v1/requests/..%2f..%2fetc", "/api/v1/requests/26-0000000000000000001", "/api/v1/procedures/%00", "/api/v1/procedures/%ff"} {
		for _, header := range [][]string{{"X-Tracking-Code", "x"}, token, {"X-Tracking-Code", "\xff\xfe"}} {
			if r := w.get(path, header...); r.status != 404 && r.status != 422 {
				t.Errorf("%s: %d %s", path, r.status, r.body)
			}
		}
	}
	for _, method := range []string{http.MethodDelete, http.MethodPut, http.MethodPatch, http.MethodOptions} {
		r := w.call(method, "/api/v1/requests", "")
		r.problem(405, "method_not_allowed")
		if got := r.header.Get("Allow"); got != "GET, POST" {
			t.Errorf("%s: Allow %q", method, got)
		}
	}
	w.post("/api/v1/requests", report(), "Idempotency-Key", "\xff\xfe").problem(422, "request_invalid")
	w.post("/api/v1/procedures", `{}`).problem(405, "method_not_allowed")
	f := w.file(report())
	for path, bodies := range map[string][]string{
		"messages":          {`{}`, `{"body":""}`, `{"body":"   "}`, `{"body":1}`, `{"body":"a","` + marker + `":1}`},
		"notes":             {`{}`, `{"body":"\u0000"}`, `{"body":"\n"}`},
		"document-requests": {`{}`, `{"items":[],"limit_on":"2027-01-01"}`, `{"items":[{"label":"a"}],"limit_on":"2027-01-01"}`, `{"items":[{"label":"a","legal_basis":"b"}],"limit_on":"2020-01-01"}`, `{"items":[{"label":"a","legal_basis":"b"}],"limit_on":"` + marker + `"}`},
		"decision":          {`{}`, `{"outcome":"` + marker + `"}`, `{"outcome":"answer"}`, `{"outcome":"answer","reasons":"x","version":-1}`},
	} {
		for _, body := range bodies {
			r := w.post("/api/v1/requests/"+f.Number+"/"+path, body, token...)
			if r.status != 422 || r.header.Get("Content-Type") != "application/problem+json" || strings.Contains(string(r.body), marker) {
				t.Errorf("%s %s: %d %s", path, body, r.status, r.body)
			}
		}
	}
}

func TestClosedProcedures(t *testing.T) {
	t.Parallel()
	w := open(t, webtest.Closed())
	var list struct{ Items []v1.ProcedureItem }
	w.get("/api/v1/procedures").into(200, &list)
	if list.Items == nil || len(list.Items) != 0 {
		t.Errorf("a closed commune offers %v", list.Items)
	}
	w.get("/api/v1/procedures/signalement-voirie").problem(404, "procedure_unknown")
	w.post("/api/v1/requests", report()).problem(409, "procedure_closed")
}
